#!/usr/bin/env bash
# alone
# X4: a thousand hand-overs to the fast path, in many flows at once, at tc and at XDP: no datagram comes after a later one of its flow.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without ethtool jq
lab_trap
lab_up || exit 1

went_fast() { # FLOWS PACKETS
    local put carried
    read -r put carried < <(sed -n 's/.*offload: \([0-9]*\) flows put, \([0-9]*\) packets.*/\1 \2/p' "$LAB_DIR/quicward.log")
    echo "$put flows put, $carried packets carried"
    [ "$put" -ge "$1" ] && [ "$carried" -ge "$2" ]
}

for place in tc xdp; do
    fast_links $place || exit 1
    start_quicward "offload = \"$place\";" || exit 1
    fast_or_skip
    for family in 4 6; do
        # A quarter of the way of these is fast: 60 datagrams a flow within a third of a second.
        check "$place: IPv$family: 500 hand-overs, and every datagram in order" numbered_in_order $family 250 20 4000 60
    done
    check "$place: quicward ends cleanly" stop_quicward
    check "$place: the flows went fast" went_fast 450 15000
done
case_end
