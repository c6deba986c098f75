# shellcheck shell=bash disable=SC2154,SC2034 # the names that run.sh and its parts share
# The fast path: its program against a bare forwarder, the kernel's own NAT, and itself when it is not there. Cases take turns
# in rounds, ratios are taken within a round, and the middle one counts. Sourced by run.sh.
fast_rounds=3 fast_seconds=4
declare -A mpps=()

fast() {
    "$build"/tests/bench/bench_cost &&
        fast_flows 1000 0.95 && fast_flows 100000 0.9 && fast_flows 1000000 0.9 &&
        fast_kernel && fast_six && fast_unsolicited && fast_slow && fast_connect && fast_memory && fast_timers
}

# ---- what forwards, each in new namespaces: hooks of connection tracking stay in those that had it ----

anew() { # COMMAND...
    network_down
    background=()
    network_up
    network_six
    "$@"
}

network_six() {
    local side
    for side in "$client c0 fd00:1::2" "$router lan0 fd00:1::1" "$router wan0 fd00:2::1" "$server s0 fd00:2::2"; do
        # shellcheck disable=SC2086 # three words
        set -- $side
        ip -n "$1" addr add "$3/64" dev "$2" nodad || die 'no IPv6'
    done
    ip -n "$client" -6 route add default via fd00:1::1
    ip -n "$server" -6 route add default via fd00:2::1
    ip netns exec "$router" sysctl -qw net.ipv6.conf.all.forwarding=1
    ip netns exec "$client" ping -6 -q -c 2 -W 2 fd00:2::2 >/dev/null || die 'the namespaces do not reach each other by IPv6'
}

# Without verifying checksums, which hardware has done where there is any.
masqueraded() { # FAMILY FLOWS
    ip netns exec "$router" iptables -t nat -A POSTROUTING -o wan0 -j MASQUERADE || die 'no MASQUERADE'
    ip netns exec "$router" sysctl -qw net.netfilter.nf_conntrack_checksum=0
    flood "$@"
}

plainly() { # FAMILY FLOWS
    flood "$@"
}

barely() { # KIND FAMILY FLOWS
    start "$router" bare.log "$build"/tests/bench/bench_bare "$1" "$3" lan0 wan0 "$(mac "$server" s0)" "$(mac "$router" wan0)"
    forwarder=$started
    wait_ready bare.log
    shift
    flood "$@"
    kill "$forwarder"
    wait "$forwarder" 2>/dev/null
}

by_program() { # PLACE FAMILY FLOWS
    start "$router" forward.log "$build"/tests/bench/bench_forward "$@"
    forwarder=$started
    wait_ready forward.log
    shift
    flood "$@"
    kill "$forwarder"
    wait "$forwarder" || die "the fast path failed: $(cat "$folder/forward.log")"
}

# What nobody asked for.
refused() { # FAMILY FLOWS
    start "$router" forward.log "$build"/tests/bench/bench_forward xdp "$1" 1000 unsolicited
    dropped_by "$@"
}

refused_barely() { # FAMILY FLOWS
    start "$router" forward.log "$build"/tests/bench/bench_bare drop 1 lan0 wan0 "$(mac "$server" s0)" "$(mac "$router" wan0)"
    dropped_by "$@"
}

# dropped_by FAMILY FLOWS: what was just started.
dropped_by() {
    forwarder=$started
    wait_ready forward.log
    flood_dropped "$@"
    kill "$forwarder"
    wait "$forwarder" 2>/dev/null
}

# A million flows take a while.
wait_ready() { # LOG
    local tries
    for ((tries = 0; tries < 1200; tries++)); do
        grep -qs '^ready' "$folder/$1" && return
        kill -0 "$started" 2>/dev/null || break
        sleep 0.1
    done
    die "not ready: $(cat "$folder/$1")"
}

# Packets in the best full second at the sink, into `best`. The first second is left to caches and first packets.
flood() { # FAMILY FLOWS
    local sink
    start "$server" sink.log "$build"/tests/bench/bench_sink s0 "$fast_seconds"
    sink=$started
    sleep 0.3
    generate "$@" || die 'the generator failed'
    wait "$sink"
    best=$(sed 1d "$folder/sink.log" | sort -n | tail -n 1)
    [ "${best:-0}" -gt 0 ] || die "nothing arrived: $(cat "$folder"/*.log)"
}

generate() { # FAMILY FLOWS
    ip netns exec "$client" taskset -c "$(($(nproc) - 1))" "$build"/tests/bench/bench_flood "$1" c0 "$(mac "$client" c0)" \
        "$(mac "$router" lan0)" "$2" "$ip_len" "$fast_seconds"
}

# Packets that a program at lan0 dropped in the best full second, into `best`, by the driver's own counters.
flood_dropped() { # FAMILY FLOWS
    local generator before='' at now rate
    generate "$@" &
    generator=$!
    best=0
    while kill -0 "$generator" 2>/dev/null; do
        now=$(dropped_now)
        rate=$((before ? (now - before) * 1000000 / (${EPOCHREALTIME/./} - at) : 0))
        best=$((rate > best ? rate : best))
        before=$now at=${EPOCHREALTIME/./}
        sleep 1
    done
    wait "$generator" || die 'the generator failed'
    [ "$best" -gt 0 ] || die "nothing was dropped: $(cat "$folder"/*.log)"
}

dropped_now() {
    ip netns exec "$router" ethtool -S lan0 | awk '/xdp_drops/ { all += $2 } END { print all + 0 }'
}

# ---- rounds and rows ----

# turn NAME COMMAND...: one case of a round.
turn() {
    local name=$1
    shift
    anew "$@"
    mpps[$name]+=" $best"
}

# ratio_row WHAT NAME BASE WORDS [TARGET]: the middle of both, and of their ratios.
ratio_row() {
    local ratio
    # shellcheck disable=SC2086 # lists
    ratio=$(ratios "${mpps[$2]}" "${mpps[$3]}")
    row "fast: $1" "$(millions "${mpps[$2]}"), $4 $(millions "${mpps[$3]}")" "$ratio of $4" "${5:+>= $5}" \
        "${5:+$(awk -v r="$ratio" -v t="$5" 'BEGIN { print (r + 0 >= t + 0 ? "met" : "not met") }')}"
}

# The middle of A's numbers by B's of the same round.
ratios() { # A B
    paste -d ' ' <(tr ' ' '\n' <<<"${1# }") <(tr ' ' '\n' <<<"${2# }") | awk '{ printf "%.3f\n", $1 / $2 }' | sort -n |
        awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'
}

millions() { # NUMBERS
    # shellcheck disable=SC2086 # a list
    awk -v n="$(middle $1)" 'BEGIN { printf "%.2f Mpps", n / 1e6 }'
}

# ---- what is measured ----

fast_flows() { # FLOWS TARGET
    local round words
    words="$(sed ':again; s/\([0-9]\)\([0-9]\{3\}\)\($\|,\)/\1,\2\3/; t again' <<<"$1") flows"
    for ((round = 0; round < fast_rounds; round++)); do
        turn "bare-$1" barely nat 4 "$1"
        turn "xdp-$1" by_program xdp 4 "$1"
        turn "floor-$1" barely redirect 4 "$1"
    done
    ratio_row "XDP, nat, IPv4, $words" "xdp-$1" "bare-$1" 'a bare forwarder' "$2"
    ratio_row "the same" "xdp-$1" "floor-$1" 'a redirect without lookups'
}

fast_kernel() {
    local round
    for ((round = 0; round < fast_rounds; round++)); do
        turn masq masqueraded 4 1000
        turn xdp by_program xdp 4 1000
        turn tc by_program tc 4 1000
        turn plain4 plainly 4 1000
    done
    ratio_row 'XDP, nat, IPv4, 1,000 flows' xdp masq MASQUERADE 4
    ratio_row 'tc, nat, IPv4, 1,000 flows' tc masq MASQUERADE 1.4
    ratio_row 'tc, nat, IPv4, 1,000 flows' tc plain4 'plain forwarding'
}

fast_six() {
    local round
    for ((round = 0; round < fast_rounds; round++)); do
        turn plain6 plainly 6 1000
        turn xdp6 by_program xdp 6 1000
    done
    ratio_row 'XDP, firewall, IPv6, 1,000 flows' xdp6 plain6 'plain forwarding' 3
}

fast_unsolicited() {
    local round family
    for ((round = 0; round < fast_rounds; round++)); do
        for family in 4 6; do
            turn "dropped-$family" refused $family 1000
            turn "bare-dropped-$family" refused_barely $family 1000
        done
    done
    ratio_row 'XDP, unsolicited, nat, IPv4' dropped-4 bare-dropped-4 'a bare drop' 0.8
    ratio_row 'XDP, unsolicited, firewall, IPv6' dropped-6 bare-dropped-6 'a bare drop' 0.8
}

# One direction alone is never handed over, so every packet passes the program and the queue.
fast_slow() {
    local round place
    for ((round = 0; round < fast_rounds; round++)); do
        for place in off xdp tc; do
            offload=$place turn "slow-$place" with_offload firewall flood 4 1000
        done
    done
    ratio_row 'slow path with the program at XDP' slow-xdp slow-off 'without it' 0.95
    ratio_row 'slow path with the program at tc' slow-tc slow-off 'without it' 0.95
}

# Sockets of this machine leave checksums to hardware, so the program stands at tc, as with "auto".
fast_connect() {
    local round place
    local -A rate=()
    for ((round = 0; round < fast_rounds; round++)); do
        for place in off tc; do
            offload=$place anew with_offload nat handshakes 256
            mpps[connect-$place]+=" $finished"
        done
    done
    # shellcheck disable=SC2086 # lists
    row 'fast: new connections, nat' "$(middle ${mpps[connect-tc]})/s, without it $(middle ${mpps[connect-off]})/s" \
        "$(ratios "${mpps[connect-tc]}" "${mpps[connect-off]}") of without it" '>= 0.9' \
        "$(awk -v r="$(ratios "${mpps[connect-tc]}" "${mpps[connect-off]}")" 'BEGIN { print (r >= 0.9 ? "met" : "not met") }')"
}

# As with_quicward, with the fast path at the place that $offload says.
with_offload() { # MODE COMMAND...
    added="offload = \"$offload\";"
    with_quicward "$@"
    added=
    if [ "$offload" != off ] && grep -q 'pass the queue' "$folder/quicward.log"; then
        die "the program is not attached: $(cat "$folder/quicward.log")"
    fi
}

# Kernel memory a flow that is offloaded: of all maps, with as many flows as they have room for.
fast_memory() {
    local family flows=65536 bytes
    for family in 4 6; do
        anew start "$router" forward.log "$build"/tests/bench/bench_forward xdp $family $flows
        wait_ready forward.log
        bytes=$(($(sed -n 's/^ready //p' "$folder/forward.log") / flows))
        kill "$started"
        wait "$started"
        row "fast: kernel memory a flow, IPv$family" "$bytes bytes" - '<= 320' "$([ "$bytes" -le 320 ] && echo met || echo 'not met')"
    done
}

# What asking flows for their timers takes of a core while a million of them idle out, and how late the latest is.
fast_timers() {
    "$build"/tests/bench/bench_idle 1000000 300
}
