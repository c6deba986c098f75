#!/usr/bin/env bash
# N7, S5: beside somebody's FORWARD chain that drops, UDP and errors about it pass both ways and by hairpin with the lines of
# docs/nat.md, and without them not. What goes from one network inside to another is tracked, and stays with that chain.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
lab_trap
nat_lab_up || exit 1
# A second network inside; its host shares a namespace with the server.
ip link add g0 netns "$LAB_SERVER" type veth peer name guest0 netns "$LAB_ROUTER"
lab_link "$LAB_ROUTER" guest0 10.0.20.1/24 2001:db8:20::1/64
lab_link "$LAB_SERVER" g0 10.0.20.5/24 2001:db8:20::5/64
ip -n "$LAB_SERVER" route add 10.0.0.0/24 via 10.0.20.1
start_quicward "mode = \"nat\"; inside = [\"lan0\", \"guest0\"];
nat = { external = [\"$X4\"]; filtering = \"endpoint-independent\";
    forwards = ( { port = 8443; to = \"10.0.0.3:7000\"; } ); };" || exit 1
serve_echo 7000 || exit 1
lab_spawn "$LAB_CLIENT" echo-inside "$QW_TOOLS/udp_echo" 10.0.0.3:7000
lab_spawn "$LAB_SERVER" echo-guest "$QW_TOOLS/udp_echo" 10.0.20.5:7001
wait_for 5 listening "$LAB_CLIENT" 7000 && wait_for 5 listening "$LAB_SERVER" 7001 || exit 1

accept() { # MATCH...: UDP, and ICMP likewise
    in_router iptables -A FORWARD -p udp "$@" -j ACCEPT
    in_router iptables -A FORWARD -p icmp "$@" -j ACCEPT
}

from_guest() {
    in_server "$QW_TOOLS/udp_ask" 10.0.20.5:6000 10.0.0.3:7000 question 300
}

in_router iptables -P FORWARD DROP
check_not 'nothing leaves' ask 10.0.0.5:5000 "$S4:7000" 300
accept -i lan0 -o wan0 -m conntrack --ctstate UNTRACKED
accept -i wan0 -o lan0 -m conntrack --ctstate UNTRACKED
check 'outwards and back' ask 10.0.0.5:5000 "$S4:7000"
check 'inwards and back' in_server "$QW_TOOLS/udp_ask" "$S4:6000" "$X4:8443" question 20000
check 'an error comes in' status_is 3 ask "$C4:5000" "$S4:7777"
check_not 'no hairpin' ask 10.0.0.5:5000 "$X4:8443" 300
accept -i lan0 -m addrtype --src-type LOCAL -m conntrack --ctstate UNTRACKED
check 'a hairpin' ask 10.0.0.5:5000 "$X4:8443"
check 'an error about a hairpin' status_is 3 ask "$C4:5001" "$(external_of "$C4:5000")"
accept -i lan0 -o guest0 -m conntrack --ctstate NEW
check_not 'to the guests, who may not answer' ask 10.0.0.5:5000 10.0.20.5:7001 300
accept -m conntrack --ctstate ESTABLISHED,RELATED
check 'now they may' ask 10.0.0.5:5001 10.0.20.5:7001
check 'an error from there' status_is 3 ask 10.0.0.5:5002 10.0.20.5:7777
check_not 'guests ask nobody' from_guest
check_not 'what stays inside is no flow' flow_is '.client + .server | contains("10.0.20.")'
check 'quicward ends cleanly' stop_quicward
case_end
