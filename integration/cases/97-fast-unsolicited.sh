#!/usr/bin/env bash
# alone
# X8 N8 F3: a flood of what nobody asked for is dropped by the kernel's program and counted under its reason; numbered datagrams of
# established flows, new handshakes, forwards, the router's own sockets and the answers to resolvers on it are not touched by it, at tc and at
# XDP, in modes nat and firewall.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without gtlsclient gtlsserver ethtool jq
lab_trap
nat_lab_up || exit 1
flood_lab
certificate_make && serve_gtls 4433 || exit 1
lab_spawn "$LAB_CLIENT" served "$QW_TOOLS/udp_echo" "$C4:8443"
lab_spawn "$LAB_ROUTER" own "$QW_TOOLS/udp_echo" "$X4:5353"
lab_spawn "$LAB_SERVER" answers "$QW_TOOLS/udp_echo" "$S4:5300"
wait_for 5 listening "$LAB_CLIENT" 8443 && wait_for 5 listening "$LAB_ROUTER" 5353 &&
    wait_for 5 listening "$LAB_SERVER" 5300 || exit 1

# What nobody asked for; flows that pause before they go fast lose packets to the program as well.
dropped() {
    quicward_ask offload --json | jq 'select(.offload).offload.dropped["from outside, and nobody asked for it"]'
}

# Of all that the program drops at the inner interface nothing is unsolicited.
none_inside() {
    quicward_ask offload --json | jq -es '(map(select(.interface == "lan0"))[0].dropped.packets) as $inside |
        map(select(.offload))[0].offload.dropped["of a flow whose packets had to leave the queue first"] >= $inside'
}

queued() {
    stats_json | jq '[.stats.queues[].packets] | add'
}

# ask_router PORT [MILLISECONDS]: from the server, to the router's external address.
ask_router() {
    in_server "$QW_TOOLS/udp_ask" "$S4:7100" "$X4:$1" question "${2:-20000}"
}

# resolve FROM: a resolver on the router, with ports of its own choice that are mappings' otherwise.
resolve() {
    in_router "$QW_TOOLS/ask_often" "$1:0" "$S4:5300" 2000 1024 32767
}

# in_order: numbered datagrams, both ways, from flows that begin amid the flood and go fast.
in_order() {
    local echo_pid status=0
    lab_spawn "$LAB_SERVER" order_echo "$QW_TOOLS/order_echo" "$S4:9000" 4000
    echo_pid=$LAB_PID
    wait_for 5 listening "$LAB_SERVER" 9000 || return 1
    in_client "$QW_TOOLS/order_send" "$S4:9000" 4000 4 10.0.0.3 10.0.0.4 || status=1
    wait "$echo_pid" || status=1
    cat "$LAB_DIR/order_echo.log"
    return $status
}

# The flood goes on all the while. In mode nat:
amid_the_flood() { # PLACE
    check "$1: numbered datagrams stay in order" in_order
    check "$1: a new handshake" client_gtls 4 4433 -q
    check "$1: a forward is reached from outside" ask_router 8443
    check "$1: a forward is reached from inside" ask "10.0.0.5:6000" "$X4:8443"
    check "$1: a socket of the router is reached" ask_router 5353
    check "$1: a socket of the router is reached from inside" ask "10.0.0.5:6001" "$X4:5353"
    check "$1: a resolver gets its answers" resolve "$X4"
    check "$1: a resolver with sockets of IPv6 gets them" resolve '[::]'
}

# and in mode firewall.
amid_the_flood_of() { # PLACE FAMILY
    local what="$1, IPv$2"
    [ "$2" = 6 ] || check "$what: numbered datagrams stay in order" in_order
    check "$what: a new handshake" client_gtls "$2" 4433 -q
    check "$what: a socket of the router is reached" ask_router 5353
    check "$what: what is not forwarded to the inside is the kernel's" status_is 3 ask_router 5354
}

sent() { # what the flood says it sent
    grep -oE '[0-9]+' "$LAB_DIR/flood.log" | head -1
}

# The program is there before the first of them. What a busy machine loses at the link before is neither's.
went_nowhere() { # DROPPED-BEFORE QUEUED-BEFORE
    local count all slow
    count=$(($(dropped) - $1)) all=$(sent) slow=$(($(queued) - $2))
    echo "$all sent, $count dropped by the program, $slow packets by the queues meanwhile"
    [ "$count" -ge $((all / 2)) ] && [ "$count" -le "$all" ]
}

# UNSOLICITED-BEFORE DROPPED-BEFORE: the program's, and a few of before it knew a flow's end.
counted_as_unsolicited() {
    local count=$(($(stat_of reasons.unsolicited) - $1)) program=$(($(dropped) - $2))
    echo "$count unsolicited, $program of them by the program, of $(sent)"
    [ "$count" -ge "$program" ] && [ $((count - program)) -le $((count / 100)) ]
}

nothing_is_dropped_twice() { # packets = accepted + dropped, and the drops are those of the reasons
    stats_json | jq -e '.stats | .packets == .accepted + .dropped and .dropped == ([.reasons[]] | add)'
}

flooded() { # WHAT TO FROM CHECK...
    local before unsolicited slow flood what=$1 to=$2 from=$3
    shift 3
    before=$(dropped) unsolicited=$(stat_of reasons.unsolicited) slow=$(queued)
    lab_spawn "$LAB_TRANSIT" flood "$QW_TOOLS/flood_send" "$to:700" "$from" 50000 0 10 text unwanted
    flood=$LAB_PID
    "$@"
    check "$what: the flood came" wait "$flood"
    check "$what: none of it came to the queue" went_nowhere "$before" "$slow"
    check "$what: it is counted under its reason" wait_for 2 counted_as_unsolicited "$unsolicited" "$before"
    check "$what: sums are right" nothing_is_dropped_twice
    check "$what: nothing is unsolicited at the inner interface" none_inside
}

for place in tc xdp; do
    fast_links $place || exit 1
    start_nat 'forwards = ( { port = 8443; to = "10.0.0.2:8443"; } );' "offload = \"$place\";" || exit 1
    fast_or_skip
    check "$place: what nobody asked for is dropped at the outer interface" not ask_router 700 500
    check "$place: it is counted" [ "$(dropped)" -ge 1 ]
    flooded $place "$X4" 198.18.0.1 amid_the_flood $place
    check "$place: quicward ends cleanly" stop_quicward
    start_quicward "offload = \"$place\";" || exit 1
    flooded "$place, firewall, IPv4" "$C4" 198.18.0.1 amid_the_flood_of $place 4
    flooded "$place, firewall, IPv6" "[$C6]" 2001:db8:4000:: amid_the_flood_of $place 6
    check "$place, firewall: quicward ends cleanly" stop_quicward
done

# A switch turns it off.
start_nat '' 'offload = "tc"; offload_unsolicited = false;' || exit 1
check 'switched off: what nobody asked for' not ask_router 700 500
check 'switched off: the engine drops it' [ "$(stat_of reasons.unsolicited)" -ge 1 ]
check 'switched off: the program does not' [ "$(dropped)" = 0 ]
check 'quicward ends cleanly' stop_quicward
case_end
