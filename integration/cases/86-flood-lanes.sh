#!/usr/bin/env bash
# S3, F6: more first packets than can be judged, from forged sources to a server inside: newcomers give way to known flows, that is
# counted and told, and no datagram of a flow overtakes another, of flows from before and of those that begin meanwhile. IPv4
# by a forward, IPv6 by a rule.
# alone
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without python3 jq
case_nat 'forwards = ( { port = 8443; to = "10.0.0.2:8443"; } );' "queue = { first = 7400; workers = 1; length = 2048; }; initials = { rate = 0; };
rules = ( { name = \"server\"; direction = \"in\"; to = \"$C6\"; to_port = 8443; action = \"accept\"; } );"
flood_lab
flood_answer "$LAB_SERVER" "$S4" 7000 && flood_answer "$LAB_SERVER" "$S6" 7000 || exit 1

newcomers_dropped() {
    [ "$(stat_of 'queues[0].newcomers_dropped')" -gt "$1" ]
}

# in_order FAMILY PORT ADDRESS...: numbered datagrams of flows that begin amid the flood, both ways.
in_order() {
    local echo_pid status=0
    lab_spawn "$LAB_SERVER" "order_echo-$1" "$QW_TOOLS/order_echo" "$(endpoint "$1" "$2")" 3000
    echo_pid=$LAB_PID
    wait_for 5 listening "$LAB_SERVER" "$2" || return 1
    in_client "$QW_TOOLS/order_send" "$(endpoint "$1" "$2")" 3000 16 "${@:3}" || status=1
    wait "$echo_pid" || status=1
    cat "$LAB_DIR/order_echo-$1.log"
    return $status
}

# flooded FAMILY TO FORGED CLIENT SERVER ADDRESS...
flooded() {
    local before family=$1 flood
    before=$(stat_of 'queues[0].newcomers_dropped')
    check "IPv$1: an established flow" ask "$4:5000" "$5:7000"
    lab_spawn "$LAB_TRANSIT" "flood-$1" "$QW_TOOLS/flood_send" "$2:8443" "$3" 50000 0 6 initial
    flood=$LAB_PID
    check "IPv$1: flows that begin amid the flood stay in order" in_order "$family" $((9000 + $1)) "${@:6}"
    check "IPv$1: the flood came" wait "$flood"
    check "IPv$1: newcomers gave way" newcomers_dropped "$before"
    check "IPv$1: the established flow goes on" ask "$4:5000" "$5:7000"
    check "IPv$1: newcomers are welcome again" ask "$4:5001" "$5:7000"
    cat "$LAB_DIR/flood-$1.log"
}

flooded 4 "$X4" 198.18.0.1 "$C4" "$S4" 10.0.0.3 10.0.0.4 10.0.0.5
flooded 6 "[$C6]" 2001:db8:4000:: "[$C6]" "[$S6]" "[$C6]"
check 'an event tells of it' event_is '.event == "newcomers-dropped" and .count > 0'
stats_json | jq -c '.stats.queues' | sed 's/^/  /'
check 'quicward ends cleanly' stop_quicward
case_end
