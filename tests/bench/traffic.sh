# shellcheck shell=bash disable=SC2154,SC2034 # the names that run.sh and its parts share
# What is sent through the router, and how much of it arrives. Sourced by run.sh; each leaves its figures in
# variables, because a command substitution would lose the pids of what runs.

# Packets in the best full second at the sink, into `best`. The first second is left to caches and flows.
best_second() {
    local sink
    start "$server" sink.log "$build"/tests/bench/bench_sink s0 "$seconds"
    sink=$started
    sleep 0.3
    ip netns exec "$client" "$build"/tests/bench/bench_generate c0 "$(mac "$client" c0)" "$(mac "$router" lan0)" \
        "$flows" "$ip_len" "$seconds" || die 'the generator failed'
    wait "$sink"
    best=$(sed 1d "$folder/sink.log" | sort -n | tail -n 1)
    [ "${best:-0}" -gt 0 ] || die "nothing arrived: $(cat "$folder"/*.log)"
}

# Replayed handshakes, AT_ONCE of them at a time. Leaves `finished`, those of the best full second, and `p50` and
# `p99`, nanoseconds between a client's Initial and the answer. No connection is used twice within a run.
next_connection=0
handshakes() { # AT_ONCE
    local respond answered lost
    start "$server" respond.log "$build"/tests/bench/bench_respond "$seconds"
    respond=$started
    wait_for respond.log ready
    ip netns exec "$client" "$build"/tests/bench/bench_connect $next_connection "$1" "$seconds" \
        >"$folder/connect.log" 2>&1 || die "the clients failed: $(cat "$folder/connect.log")"
    wait "$respond"
    read -r answered lost p50 p99 <"$folder/connect.log"
    [ $((lost * 100)) -le "$answered" ] || die "$lost of $answered connections were lost"
    next_connection=$((next_connection + answered + lost + 1024))
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
