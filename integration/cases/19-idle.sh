#!/usr/bin/env bash
# T1, T5, T2: after 110 s of silence the server's next packet still arrives: on confirmed connections, also one whose
# exchange took 50 ms, and on plain two-way UDP. IPv4 and IPv6.
# long: 125 s
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without gtlsclient gtlsserver
IDLE_S=110
case_lab
certificate_make && serve_gtls 4433 && short=$LAB_PID && serve_gtls 4434 && long=$LAB_PID || exit 1
serve_echo 7000 || exit 1
echo4=${LAB_PIDS[-2]} echo6=${LAB_PIDS[-1]}

# idle_for MILLISECONDS: every flow is at least as old.
idle_for() {
    flows_json | jq -se "length > 0 and all(.[]; .idle_ms >= $1)"
}

# late_packet FAMILY PORT STATE: from the server's endpoint to the client's, as if the server spoke again.
late_packet() {
    local port to listener
    port=$(port_of_client "$1" "$2" "$3")
    [ -n "$port" ] || return 1
    to=$(inside "$1" "$port")
    in_client "$QW_TOOLS/udp_hear" "$to" 20000 &
    listener=$!
    wait_for 2 listening "$LAB_CLIENT" "$port"
    in_server "$QW_TOOLS/udp_send" "$(endpoint "$1" "$2")" "$to" late
    wait $listener
}

for family in 4 6; do
    check "IPv$family a connection of a few milliseconds" shows 'status: 200' client_gtls $family 4433
    check "IPv$family confirmed" confirmed $family 4433
    check "IPv$family a connection of three seconds" shows 'status: 200' client_gtls $family 4434 --delay-stream=3s
    check "IPv$family confirmed" confirmed $family 4434
    check "IPv$family a plain exchange" in_client "$QW_TOOLS/udp_ask" "$(inside $family 5000)" "$(endpoint $family 7000)" hello 20000
done
for pid in "$short" "$long" "$echo4" "$echo6"; do
    lab_stop "$pid"
done

check "$IDLE_S s pass in silence" wait_for $((IDLE_S + 10)) idle_for $((IDLE_S * 1000))
for family in 4 6; do
    check "IPv$family the short connection's server still gets through" late_packet $family 4433 confirmed
    check "IPv$family the longer one's too" late_packet $family 4434 confirmed
    check "IPv$family plain UDP too" late_packet $family 7000 two-way
done
check 'nothing expired' [ "$(stat_of expired)" = 0 ]
check 'quicward ends cleanly' stop_quicward
case_end
