#!/usr/bin/env bash
# fast_peers.sh [PLACE...]: real programs whose flows the fast path carries alone, by hand, as root: xdp, tc (links at tc) and clsact
# (filters), in modes nat and firewall, IPv4 and IPv6; then behind a shaper and over a bridge. Some ten minutes. The router drops
# all UDP that the program leaves to it as soon as a flow is fast; payloads are compared, checksums looked at on the wire, and what
# `flows` counts is what tcpdump counts. Status 1 when anything was not as it should be.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
fast_peers_skip
skip_without_quicgo
lab_trap
fast_peers_up || exit 1
[ $# -gt 0 ] || set -- xdp tc clsact

peers() { # WORDS
    local family peer
    check "$1: the program stands there" fast_stands || return
    wire_start "$LAB_CLIENT" c0
    wire_start "$LAB_TRANSIT" t0
    for family in 4 6; do
        for peer in "${FAST_PEERS[@]}"; do
            if fast_peer_can "$peer"; then
                check "$1: IPv$family: $peer" fast_peer "$peer" $family
            elif [ $family = 4 ]; then
                echo "  $peer is not here"
            fi
        done
    done
    wire_stop
    check "$1: checksums on the wire" fast_wire_right
    for family in 4 6; do
        check "$1: IPv$family: counted as on the wire" fast_counts $family
    done
    check "$1: quicward ends cleanly" stop_quicward
    grep -o '[0-9]* flows put.*' "$LAB_DIR/quicward.log" | sed 's/^/    /'
}

at_tc() { # PLACE
    [ "$1" != xdp ] && fast_place_can "$1"
}

# A shaper before each interface by which packets leave: XDP would go around it, so the place is tc.
shaped() {
    local interface
    for interface in lan0 wan0; do
        in_router tc qdisc replace dev $interface root tbf rate 20mbit burst 64k latency 100ms || return 1
    done
}

was_shaped() { # INTERFACE
    in_router tc -s qdisc show dev "$1" | tee /dev/stderr | awk '/Sent/ { exit !($4 > 1000) }'
}

# The inside is a bridge with lan0 as its port.
bridged() {
    ip -n "$LAB_ROUTER" addr flush dev lan0 scope global
    ip -n "$LAB_ROUTER" link add br0 type bridge && ip -n "$LAB_ROUTER" link set lan0 master br0 || return 1
    lab_link "$LAB_ROUTER" br0 "$R4/24" 2001:db8:1::1/64
    # A bridge that shows iptables its frames would have them dropped before they reach br0, and the program.
    in_router sysctl -qw net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0 2>/dev/null
    wait_for 5 lab_reachable
}

for place in "$@"; do
    fast_place_can "$place" || { echo "  $place: its tool is not built with sanitizers"; continue; }
    fast_place "$place" || exit 1
    for mode in nat firewall; do
        fast_start $mode || exit 1
        peers "$place, $mode"
    done
done
for place in "$@"; do
    at_tc "$place" || continue
    fast_place "$place" && shaped || exit 1
    fast_start nat || exit 1
    peers "$place, nat, behind a shaper"
    check "$place, nat, behind a shaper: packets went through it outside" was_shaped wan0
    check "$place, nat, behind a shaper: and inside" was_shaped lan0
    in_router tc qdisc del dev lan0 root
    in_router tc qdisc del dev wan0 root
done
bridged || exit 1
# shellcheck disable=SC2034 # of fast_stands
FAST_LAN=br0
for place in "$@"; do
    at_tc "$place" || continue
    fast_place "$place" || exit 1
    for mode in nat firewall; do
        fast_start $mode 'inside = ["br0"];' || exit 1
        peers "$place, $mode, over a bridge"
    done
done
case_end
