#!/usr/bin/env bash
# alone
# X4: a thousand hand-overs to the fast path, in many flows at once, at tc and at XDP: no datagram comes after a later one of its flow.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without ethtool jq
lab_trap
lab_up || exit 1

# A quarter of the way of these is fast: 60 datagrams a flow within a third of a second.
in_order() { # FAMILY
    local echo_pid status=0
    lab_spawn "$LAB_SERVER" "echo$1" "$QW_TOOLS/order_echo" "$(endpoint "$1" 9000)" 1500
    echo_pid=$LAB_PID
    wait_for 5 listening "$LAB_SERVER" 9000 || return 1
    in_client "$QW_TOOLS/handover_send" "$(endpoint "$1" 9000)" 250 20 4000 60 || status=1
    wait "$echo_pid" || status=1
    cat "$LAB_DIR/echo$1.log"
    return $status
}

went_fast() { # FLOWS PACKETS
    local put carried
    read -r put carried < <(sed -n 's/.*offload: \([0-9]*\) flows put, \([0-9]*\) packets.*/\1 \2/p' "$LAB_DIR/quicward.log")
    echo "$put flows put, $carried packets carried"
    [ "$put" -ge "$1" ] && [ "$carried" -ge "$2" ]
}

for place in tc xdp; do
    fast_links $place || exit 1
    start_quicward "offload = \"$place\";" || exit 1
    grep 'offload: .*pass the queue' "$LAB_DIR/quicward.log" && skip 'no program can be attached here'
    for family in 4 6; do
        check "$place: IPv$family: 500 hand-overs, and every datagram in order" in_order $family
    done
    check "$place: quicward ends cleanly" stop_quicward
    check "$place: the flows went fast" went_fast 450 15000
done
case_end
