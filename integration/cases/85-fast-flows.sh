#!/usr/bin/env bash
# alone
# X1: with offload on, the daemon's own flows leave the queue, in modes nat and firewall, at tc and at XDP, and transfers are whole.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without gtlsclient gtlsserver tcpdump jq
lab_trap
nat_lab_up || exit 1
certificate_make && serve_gtls 4433 || exit 1
head -c 2000000 /dev/urandom >"$LAB_DIR/www/large"

fetched_whole() { # FAMILY
    rm -rf "$LAB_DIR/down" && mkdir -p "$LAB_DIR/down"
    QW_PATH=large client_gtls "$1" 4433 --download="$LAB_DIR/down" -q
    cmp "$LAB_DIR/www/large" "$LAB_DIR/down/large"
}

# Some three thousand packets. On a busy machine the queues are seldom empty, and a flow is handed over late.
queued() {
    stats_json | jq '[.stats.queues[].packets] | add'
}

carried() {
    sed -n 's/.*flows put, \([0-9]*\) packets forwarded.*/\1/p' "$LAB_DIR/quicward.log"
}

transfers() { # PLACE MODE
    local family slow
    fast_or_skip
    for family in 4 6; do
        check "$2 by $1: IPv$family: two megabytes by QUIC are whole" fetched_whole $family
        check "$2 by $1: IPv$family: the flow is confirmed" confirmed $family 4433
    done
    slow=$(queued)
    check "$2 by $1: quicward ends cleanly" stop_quicward
    echo "  $slow packets by the queues, $(carried) by the program"
    check "$2 by $1: packets went by the program" test "$(carried)" -ge 500
}

for place in tc xdp; do
    fast_links $place || exit 1
    start_nat '' "offload = \"$place\";" || exit 1
    transfers $place nat
    start_quicward "offload = \"$place\";" || exit 1
    transfers $place firewall
done
case_end
