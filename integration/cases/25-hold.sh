#!/usr/bin/env bash
# F1: datagrams of a ClientHello that does not become whole go on after some 10 ms, or at once beyond hold.datagrams, in order, when
# the default accepts; with default_out = "drop" none ever does. 500 such attempts at once and again, more than hold.total, do
# not disturb real clients. IPv4 and IPv6.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without gtlsclient gtlsserver chromium tcpdump
BLOCK='rules = ( { name = "ads"; sni = ".blocked.test"; action = "drop"; } );'
ALLOW='default_out = "drop"; rules = ( { name = "ours"; sni = ".server.test"; action = "accept"; } );'
case_lab "$BLOCK hold = { total = 64; };"
certificate_make && serve_gtls 4433 || exit 1

# sends FAMILY PORT NAME PIECES [COUNT spread]: from the client's PORT to the server's port 4433.
sends() {
    in_client "$QW_TOOLS/hello_send" "$(inside "$1" "$2")" "$(endpoint "$1" 4433)" "$3" "${@:4}"
}

# went_on FAMILY PORT SIZE...: just these went on, in this order; within two seconds.
went_on() {
    wait_for 2 sizes_are "${@:1:2}" "${*:3}"
}

sizes_are() { # FAMILY PORT SIZES
    [ "$(captured_sizes server "$(protocol "$1") and src port $2")" = "$3" ]
}

waited_ms() { # FAMILY PORT: the first datagram, from one capture to the other
    local filter
    filter="$(protocol "$1") and src port $2"
    awk -v a="$(captured client "$filter" | awk 'NR == 1 { print $1 }')" \
        -v b="$(captured server "$filter" | awk 'NR == 1 { print $1 }')" 'BEGIN { printf "%d\n", (b - a) * 1000 }'
}

all_decided() {
    stats_json | jq -e '.stats | .packets == .accepted + .dropped and all(.queues[]; .waiting == 0)'
}

# 500 first halves from as many ports, again and again, each time from ports that are new, to a port that swallows them.
storm() { # FAMILY TO-PORT
    local port
    for ((port = 25000; port < 65000; port += 500)); do
        in_client "$QW_TOOLS/hello_send" "$(inside "$1" $port)" "$(endpoint "$1" "$2")" www.blocked.test 1 500 spread || return 1
        sleep 0.05
    done
}

# amid_storm FAMILY TO-PORT COMMAND...
amid_storm() {
    local storm status=0
    storm "$1" "$2" >/dev/null 2>&1 &
    storm=$!
    sleep 0.1
    "${@:3}" || status=$?
    kill $storm && wait $storm 2>/dev/null
    return $status
}

# In a storm a client gets through. On a slow machine its second half may come when the storm has pushed its first one out: then the
# next attempt does.
gets_through() { # FAMILY TO-PORT COMMAND...
    amid_storm "$@" || amid_storm "$@" || amid_storm "$@"
}

for tables in iptables ip6tables; do
    in_server $tables -A INPUT -p udp -m multiport --dports 4434,4435 -j DROP
done
# Real clients have ports of their own.
lab_sysctl "$LAB_CLIENT" net.ipv4.ip_local_port_range="10000 19999"
capture_start client && capture_start server || exit 1
for family in 4 6; do
    check "IPv$family four first halves" sends $family 20001 www.blocked.test 1111
    check "IPv$family all go on, in order" went_on $family 20001 1210 1211 1212 1213
    ms=$(waited_ms $family 20001)
    check "IPv$family not before 10 ms, long before hold.time ($ms ms)" [ "$ms" -ge 9 -a "$ms" -lt 150 ]
    check "IPv$family nine first halves" sends $family 20002 www.blocked.test 111111111
    check "IPv$family all go on, in order" went_on $family 20002 1210 1211 1212 1213 1214 1215 1216 1217 1218
    check "IPv$family both halves of a free name" sends $family 20003 www.server.test 12
    check "IPv$family go on" went_on $family 20003 1210 1221
    check "IPv$family in the order they came" sends $family 20004 www.server.test 21
    check "IPv$family go on" went_on $family 20004 1220 1211
    check "IPv$family both halves of the blocked name, either order" sends $family 20005 www.blocked.test 12121
    check "IPv$family" sends $family 20006 www.blocked.test 2112
done
before=$(stat_of hellos.limits)
for family in 4 6; do
    check "IPv$family gtlsclient amid 500 halves" gets_through $family 4434 shows 'status: 200' client_gtls $family 4433
    check "IPv$family its flow is confirmed" confirmed $family 4433
    check "IPv$family chromium amid 500 halves" gets_through $family 4434 shows hello-quic client_chromium $family 4433
    check "IPv$family its flow is confirmed" confirmed $family 4433
done
check 'that was more than hold.total' [ "$(($(stat_of hellos.limits) - before))" -ge 1800 ]
capture_stop server
for family in 4 6; do
    check "IPv$family nothing of the blocked name went on" sizes_are $family 20005 ''
    check "IPv$family nor in the other order" sizes_are $family 20006 ''
done

quicward_conf "$ALLOW hold = { total = 64; };" >"$LAB_DIR/quicward.conf"
check 'reload' quicward_ask reload
sleep 0.3 # what the last storm left goes on by the old rules
capture_start server
for family in 4 6; do
    check "IPv$family a first half" sends $family 20011 www.server.test 1
    check "IPv$family nine of them" sends $family 20012 www.server.test 111111111
    check "IPv$family both halves of the allowed name" sends $family 20013 www.server.test 12
    check "IPv$family go on" went_on $family 20013 1210 1221
    check "IPv$family gtlsclient amid 500 halves" gets_through $family 4435 shows 'status: 200' client_gtls $family 4433
    check "IPv$family its flow is confirmed" confirmed $family 4433
    check "IPv$family chromium amid 500 halves" gets_through $family 4435 shows hello-quic client_chromium $family 4433
    check "IPv$family its flow is confirmed" confirmed $family 4433
done
sleep 0.4 # twice hold.time
capture_stop server
for family in 4 6; do
    check "IPv$family no lone half went on where the default drops" sizes_are $family 20011 ''
    check "IPv$family nor did nine" sizes_are $family 20012 ''
done
check 'nor did any of the 500' [ "$(captured_count server 'udp and dst port 4435')" = 0 ]
check 'every packet had its verdict' wait_for 1 all_decided
check 'quicward ends cleanly' stop_quicward
case_end
