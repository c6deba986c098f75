# shellcheck shell=bash disable=SC2154,SC2034 # the names that run.sh and its parts share
# What is sent through the router, and how much of it arrives. Sourced by run.sh; figures are left in
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
