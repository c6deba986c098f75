# shellcheck shell=bash disable=SC2154 # the names that run.sh and its parts share
# System calls of quicward while the queue is busy, counted by strace, and how many packets they were for. Sourced by
# run.sh.

calls() {
    local mode
    for mode in firewall nat; do
        "with_$mode" count_calls
        calls_row "$mode"
    done
}

# While with_quicward runs $pid. Leaves `passed`, packets, and strace's table in calls.log.
count_calls() {
    local tracer before
    before=$(packets_handled)
    strace -f -c -o "$folder/calls.log" -p "$pid" 2>"$folder/strace.log" &
    tracer=$!
    sleep 0.5
    best_second
    kill -INT "$tracer" && wait "$tracer"
    passed=$(($(packets_handled) - before))
    [ "$passed" -gt 0 ] || die "nothing passed: $(cat "$folder"/*.log)"
}

packets_handled() {
    "$build"/quicward stats --json -s "$folder/control" | jq .stats.packets
}

# A futex is a lock or a thread that was waited for.
calls_row() { # MODE
    row "calls: ${named[$1]}" "$(awk -v packets="$passed" '
        $NF == "total" { all = $4 }
        $NF == "futex" { futex = $4 }
        $4 ~ /^[0-9]+$/ && $NF != "total" && $4 > most { most = $4; name = $NF }
        END { printf "%.3f a packet (%s %.3f), %d futexes", all / packets, name, most / packets, futex }' "$folder/calls.log")"
}
