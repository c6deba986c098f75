#!/usr/bin/env bash
# F6: with two workers at full load no datagram of a flow overtakes another, in either direction, and both queues work.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without taskset
case_lab
addresses4=() addresses6=()
for n in 11 12 13 14 15 16 17 18; do
    ip -n "$LAB_CLIENT" addr add 192.0.2.$n/24 dev c0
    ip -n "$LAB_CLIENT" addr add 2001:db8:1::$n/64 dev c0 nodad
    addresses4+=("192.0.2.$n")
    addresses6+=("[2001:db8:1::$n]")
done

# One core each: what moves between cores may overtake itself before quicward ever sees it.
full_load() { # FAMILY PORT ADDRESS...
    local echo_pid status=0
    lab_spawn "$LAB_SERVER" "order_echo-$1" taskset -c 0 "$QW_TOOLS/order_echo" "$(endpoint "$1" "$2")" 2000
    echo_pid=$LAB_PID
    wait_for 5 listening "$LAB_SERVER" "$2" || return 1
    in_client taskset -c "$(($(nproc) - 1))" "$QW_TOOLS/order_send" "$(endpoint "$1" "$2")" 3000 16 "${@:3}" || status=1
    wait "$echo_pid" || status=1
    cat "$LAB_DIR/order_echo-$1.log"
    return $status
}

check 'IPv4: 128 flows from 8 hosts stay in order' full_load 4 9000 "${addresses4[@]}"
check 'IPv6: 128 flows from 8 hosts stay in order' full_load 6 9001 "${addresses6[@]}"
sed 's/^/  /' "$LAB_DIR"/order_echo-*.log
stats_json | jq -c '.stats.queues' | sed 's/^/  /'
both_queues() {
    stats_json | jq -e '(.stats.queues | length) == 2 and all(.stats.queues[]; .packets > 1000)'
}
# With a fast path those flows that it has not yet taken may all be one queue's.
[ -n "${QW_OFFLOAD:-}" ] || check 'both queues carried packets' both_queues
check 'quicward ends cleanly' stop_quicward
case_end
