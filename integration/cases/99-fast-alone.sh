#!/usr/bin/env bash
# alone
# X1 X3 X4 O3: a QUIC transfer that went fast goes on when the router drops all UDP that the kernel's program leaves to it, whole, at XDP and
# at tc, and behind a shaper; checksums are right on the wire, and what is counted is what the wire had. integration/fast_peers.sh
# does the same with more programs, and over a bridge.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
fast_peers_skip
lab_trap
nat_lab_up && certificate_make && serve_gtls 4433 || exit 1
fast_page "$LAB_DIR/www/large.txt"

transfers() { # WORDS FAMILY...
    local words=$1 family
    shift
    fast_or_skip
    check "$words: the program stands there" fast_stands
    wire_start "$LAB_CLIENT" c0
    wire_start "$LAB_TRANSIT" t0
    for family; do
        check "$words: IPv$family: a transfer is carried by the program alone" fast_peer gtlsclient "$family"
    done
    wire_stop
    check "$words: checksums on the wire" fast_wire_right
    check "$words: counted as on the wire" fast_counts "$1"
    check "$words: quicward ends cleanly" stop_quicward
}

for place in xdp tc clsact; do
    fast_place_can $place || continue
    fast_place $place || exit 1
    fast_start nat || exit 1
    transfers "$place, nat" 4 6
done
fast_place tc || exit 1
in_router tc qdisc replace dev wan0 root tbf rate 20mbit burst 64k latency 100ms || exit 1
in_router tc qdisc replace dev lan0 root tbf rate 20mbit burst 64k latency 100ms || exit 1
fast_start firewall || exit 1
transfers 'tc, firewall, behind a shaper' 6 4
case_end
