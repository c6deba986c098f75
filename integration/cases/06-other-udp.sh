#!/usr/bin/env bash
# W7: DNS, STUN and iperf3 pass, and none is taken for a confirmed QUIC flow.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without kdig knotd iperf3 turnserver turnutils_stunclient
case_lab
serve_knot || exit 1

serve_stun() {
    lab_spawn "$LAB_SERVER" turnserver turnserver -n --no-cli --stun-only -L "$S4" -L "$S6" -p 3478 \
        --pidfile "$LAB_DIR/turn.pid" -l stdout
    serve_wait 3478
}

serve_iperf() {
    lab_spawn "$LAB_SERVER" iperf3 iperf3 -s -p 5201
    wait_for 5 iperf_listens
}

iperf_listens() {
    in_server ss -Hltn 'sport = :5201' | grep -q .
}

# Some 700 packets, at a rate that an emulated machine keeps up with.
iperf_received() { # FAMILY [-R]
    in_client timeout 60 iperf3 -u -c "$(server_address "$1")" -p 5201 -b 4M -t 2 --json "${@:2}" >"$LAB_DIR/iperf.json"
    jq -e '.end.sum.packets > 300 and .end.sum.lost_percent < 50' "$LAB_DIR/iperf.json"
}

serve_stun && serve_iperf || exit 1
for family in 4 6; do
    check "IPv$family DNS" shows hello-dns client_dns $family
    check "IPv$family its flow is two-way" flow_state $family 53 two-way
    check "IPv$family STUN" shows 'reflexive addr' in_client timeout 10 turnutils_stunclient "$(server_address $family)"
    check "IPv$family its flow is two-way" flow_state $family 3478 two-way
    check "IPv$family iperf3 up" iperf_received $family
    check "IPv$family iperf3 down" iperf_received $family -R
    check "IPv$family its flow is two-way" flow_state $family 5201 two-way
done
check 'nothing is confirmed' no_flow_is '.state == "confirmed"'
check 'nothing has a version' no_flow_is '.version != null'
check 'quicward ends cleanly' stop_quicward
case_end
