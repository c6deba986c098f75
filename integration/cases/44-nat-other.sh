#!/usr/bin/env bash
# N7, W7: with nat.masquerade the kernel translates what is no UDP to the same address: TCP and ping get through, and an ICMP
# error about TCP reaches the client. Nothing leaves with an inside address.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without iperf3 traceroute tcpdump
case_nat 'masquerade = true;'
serve_echo 7000 || exit 1
lab_spawn "$LAB_SERVER" iperf3 iperf3 -s -p 5201
iperf_listens() {
    in_server ss -Hltn 'sport = :5201' | grep -q .
}

tcp_received() { # OPTION...
    in_client timeout 60 iperf3 -c "$S4" -p 5201 -t 1 --json "$@" >"$LAB_DIR/iperf.json"
    jq -e '.end.sum_received.bytes >= 1000000' "$LAB_DIR/iperf.json"
}

wait_for 5 iperf_listens && capture_start outside || exit 1
check 'ping' in_client ping -q -n -c 3 -i 0.2 -W 2 "$S4"
check 'TCP up' tcp_received
check 'TCP down' tcp_received -R
check 'a closed TCP port refuses' shows 'refused' in_client bash -c "echo >/dev/tcp/$S4/81"
check 'traceroute with TCP shows every hop' shows "^ 2  $T4 " in_client traceroute -T -n -q 1 -w 1 -m 4 -p 5201 "$S4"
check 'traceroute with ping too' shows "^ 2  $T4 " in_client traceroute -I -n -q 1 -w 1 -m 4 "$S4"
check 'UDP beside it' ask "$C4:5000" "$S4:7000"
check 'the router itself' in_router ping -q -n -c 1 -W 2 "$S4"
capture_stop outside
check 'nothing left with an inside address' [ "$(captured_count outside 'src net 10.0.0.0/8')" = 0 ]
check 'only the UDP is a flow' flow_count 1
check 'the kernel tracks none of it' not in_router grep -q '^ipv4.* udp .*dport=7000' /proc/net/nf_conntrack
check 'quicward ends cleanly' stop_quicward
case_end
