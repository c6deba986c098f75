#!/usr/bin/env bash
# N15: two interfaces outside, each with its own external address, to providers that drop the addresses of the other (BCP 38). A host's
# address is that of the interface its packets are routed by, for UDP, TCP and ping; also when the route changes, when it comes back,
# and when an interface goes down. A QUIC connection follows the route there and back. With addresses in the file and with "auto".
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without tcpdump ping python3 gtlsclient gtlsserver tc
lab_trap
# shellcheck disable=SC2119
nat_lab_up || exit 1
# A second provider: another link between router and transit.
Y4=192.0.2.7
ip link add u0 netns "$LAB_TRANSIT" type veth peer name wan1 netns "$LAB_ROUTER" || exit 1
lab_link "$LAB_ROUTER" wan1 "$Y4/24" 2001:db8:5::1/64
lab_link "$LAB_TRANSIT" u0 192.0.2.1/24 2001:db8:5::2/64
ip netns exec "$LAB_TRANSIT" iptables -A FORWARD -i t0 ! -s 198.51.100.0/24 -j DROP
ip netns exec "$LAB_TRANSIT" iptables -A FORWARD -i u0 ! -s 192.0.2.0/24 -j DROP
ip netns exec "$LAB_TRANSIT" ip6tables -A FORWARD -i u0 -j DROP
certificate_make && serve_gtls 4434 && serve_echo 7000 || exit 1
# One long answer: the server of ngtcp2 follows a client whose address changes. It has some minutes to do. The client takes less at a
# time than the link holds: a server whose path challenges are lost gives the new path up.
truncate -s 60M "$LAB_DIR/www/long" && in_server tc qdisc add dev s0 root tbf rate 3mbit burst 32k latency 100ms || exit 1
WINDOW=(--max-data=24K --max-window=24K --max-stream-data-bidi-local=24K --max-stream-window=24K)
lab_spawn "$LAB_SERVER" tcp python3 -c "
import socket
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(('$S4', 7100)); s.listen()
while True:
    c, a = s.accept(); c.send(a[0].encode()); c.close()"

route() { # wan0|wan1
    local to=$T4
    [ "$1" = wan0 ] || to=192.0.2.1
    ip -n "$LAB_ROUTER" route replace default via "$to"
}

# all_asked PORT ADDRESS: every host is answered, and has that address.
all_asked() {
    local host
    for ((host = 2; host < 10; host++)); do
        ask "10.0.0.$host:$1" "$S4:7000" || return 1
    done
    mapping_count 0 "(.inside | endswith(\":$1\")) and (.external | startswith(\"$2:\") | not)" &&
        mapping_count 8 "(.inside | endswith(\":$1\"))"
}

tcp_is() { # ADDRESS: what the server sees of a connection of 10.0.0.4
    shows "^$1\$" in_client timeout 5 python3 -c "
import socket
s = socket.socket(); s.bind(('10.0.0.4', 0)); s.settimeout(4); s.connect(('$S4', 7100)); print(s.recv(99).decode())"
}

ping_is() { # ADDRESS
    sees "$LAB_SERVER" s0 "icmp and src host $1" in_client ping -c 1 -W 1 -I 10.0.0.4 "$S4"
}

moved() {
    local now
    now=$(flows_json | jq -r --arg f "$S4:4434" --arg x "$1:" \
        'select(.server == $f and .state == "confirmed" and (.external | startswith($x))) | .down.packets')
    [ -n "$now" ] && [ "$now" -gt "${BEFORE:-0}" ] && BEFORE=$now
}

connection_by() { # ADDRESS: the connection goes on with it
    BEFORE=0
    wait_for 5 moved "$1" && wait_for 5 moved "$1"
}

connection_id() {
    flows_json | jq -r --arg f "$S4:4434" 'select(.server == $f) | .id'
}

run_through() { # WORDS KEYS
    route wan0
    start_quicward "mode = \"nat\"; outside = [\"wan0\", \"wan1\"]; nat = { masquerade = true; $2 };" || return 1
    lab_spawn "$LAB_CLIENT" connection gtlsclient -q "${WINDOW[@]}" "$S4" 4434 https://server.test:4434/long
    CONNECTION=$LAB_PID
    check "$1: by the first interface" all_asked 5000 "$X4"
    check "$1: TCP too" wait_for 5 tcp_is "$X4"
    check "$1: and ping" ping_is "$X4"
    check "$1: the connection" connection_by "$X4"
    ID=$(connection_id)
    route wan1
    check "$1: by the second one" all_asked 5001 "$Y4"
    check "$1: TCP too" tcp_is "$Y4"
    check "$1: and ping" ping_is "$Y4"
    check "$1: flows that were go on by it" all_asked 5000 "$Y4"
    check "$1: the connection" connection_by "$Y4"
    route wan0
    check "$1: and back" all_asked 5000 "$X4"
    check "$1: the connection" connection_by "$X4"
    check "$1: which is one flow all the time" [ "$(connection_id)" = "$ID" ]
    kill "$CONNECTION"
    ip -n "$LAB_ROUTER" route add default via 192.0.2.1 metric 100
    ip -n "$LAB_ROUTER" link set wan0 down
    check "$1: the first interface is down" all_asked 5000 "$Y4"
    ip -n "$LAB_ROUTER" link set wan0 up
    route wan0
    check "$1: and up again" wait_for 5 all_asked 5002 "$X4"
    ip -n "$LAB_ROUTER" route add 203.0.113.3 via 192.0.2.1
    check "$1: a route to one destination" ask 10.0.0.2:5002 "$SB4:7000"
    check "$1: two mappings of one endpoint" mapping_count 2 '.inside == "10.0.0.2:5002"'
    ip -n "$LAB_ROUTER" route del 203.0.113.3 via 192.0.2.1
    ip -n "$LAB_ROUTER" route del default metric 100
    check "$1: quicward ends cleanly" stop_quicward
}

lab_spawn "$LAB_SERVER" echo-second "$QW_TOOLS/udp_echo" "$SB4:7000"
wait_for 5 listening "$LAB_SERVER" 7000 || exit 1
run_through addresses "external = ( { interface = \"wan0\"; address = \"$X4/32\"; }, { interface = \"wan1\"; address = [\"$Y4\"]; } );" || exit 1
run_through auto 'external = "auto";' || exit 1
case_end
