# shellcheck shell=bash disable=SC2154 # the names that run.sh and its parts share
# Replayed handshakes through every program: how many a second, and how long a server's answer takes. Sourced by
# run.sh.

# Connections a second with many at once; the best turn counts.
connect() {
    local what round
    local -A rate=()
    for ((round = 0; round < rounds; round++)); do
        for what in "${handshaking[@]}"; do
            "with_$what" handshakes 256
            rate[$what]=$((finished > ${rate[$what]:-0} ? finished : ${rate[$what]:-0}))
        done
    done
    for what in "${handshaking[@]}"; do
        at_least "connect: ${named[$what]}" "${rate[$what]} new connections/s" "${rate[$what]}" "${rate[accept]}"
    done
}

# Runs a command on one core with all that it starts: for what happens one after the other anyway, and else takes
# longer or shorter by where the kernel happens to put the processes.
on_one_core() { # COMMAND...
    local allowed
    allowed=$(taskset -cp $$ | sed 's/.*: //')
    taskset -cp "${allowed##*[,-]}" $$ >"$folder/taskset.log" || die 'no core to stay on'
    "$@"
    taskset -cp "$allowed" $$ >"$folder/taskset.log"
}

# Nanoseconds to a server's answer, one connection at a time; the middle turn counts. What a decision by name adds to
# accept-only is taken within a turn, where one follows the other.
answer() { # WHERE PROGRAM...
    local where=$1 what round
    local -A half=() late=()
    local added=()
    shift
    for ((round = 0; round < answer_rounds; round++)); do
        for what in "$@"; do
            "with_$what" handshakes 1
            half[$what]+=" $p50" late[$what]+=" $p99"
        done
        added+=($((${late[names]##* } - ${late[accept]##* })))
    done
    for what in "$@"; do
        answer_row "$what"
    done
    added_row "$(middle "${added[@]}")"
}

answer_row() { # PROGRAM
    # shellcheck disable=SC2086 # lists
    at_least "answer on $where: ${named[$1]}" "$(awk -v m="$(middle ${half[$1]})" -v l="$(middle ${late[$1]})" \
        'BEGIN { printf "p50 %.1f us, p99 %.1f us", m / 1e3, l / 1e3 }')" "$(middle ${half[$1]})" "$(middle ${half[accept]})"
}

added_row() { # NANOSECONDS
    # shellcheck disable=SC2086 # lists
    row "answer on $where: p99 that a decision by name adds" \
        "$(awk -v a="$(middle ${late[accept]})" -v n="$(middle ${late[names]})" \
            'BEGIN { printf "p99 %.1f us, accept-only %.1f us", n / 1e3, a / 1e3 }')" \
        "$(awk -v n="$1" 'BEGIN { printf "%+.1f us in a turn", n / 1e3 }')" "< $added_us us" \
        "$([ "$1" -lt $((added_us * 1000)) ] && echo met || echo 'not met')"
}

middle() { # NUMBER...
    printf '%s\n' "$@" | sort -n | sed -n "$((($# + 1) / 2))p"
}

# Replayed handshakes, AT_ONCE of them at a time. Leaves `finished`, those of the best full second, `p50` and
# `p99`, nanoseconds between a client's Initial and the answer, and `lost`, connections without one. No connection is used twice within a run.
next_connection=0
handshakes() { # AT_ONCE
    local respond answered
    start "$server" respond.log "$build"/tests/bench/bench_respond "$seconds"
    respond=$started
    wait_for respond.log ready
    ip netns exec "$client" "$build"/tests/bench/bench_connect "$next_connection" "$1" "$seconds" \
        >"$folder/connect.log" 2>&1 || die "the clients failed: $(cat "$folder/connect.log")"
    wait "$respond"
    read -r next_connection answered lost p50 p99 <"$folder/connect.log"
    [ $((lost * 100)) -le "$answered" ] || die "$lost of $answered connections were lost"
    finished=$(sed 1,2d "$folder/respond.log" | sort -n | tail -n 1)
    [ "${finished:-0}" -gt 0 ] || die "no handshake was finished: $(cat "$folder"/*.log)"
}

wait_for() { # LOG WORD
    local tries
    for ((tries = 0; tries < 100; tries++)); do
        grep -qs "$2" "$folder/$1" && return
        sleep 0.1
    done
    die "no '$2' in $1: $(cat "$folder/$1")"
}
