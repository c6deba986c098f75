#!/usr/bin/env bash
# S5: what goes past quicward, or is kept from others by it, is said once, with the command that mends it: forwarding that is off,
# firewalls that drop what is untracked, rules behind ours, DNAT of UDP, queues that others feed, private addresses; at the start, and
# when it comes later.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
lab_trap
nat_lab_up || exit 1

logged() { # PATTERN: once
    cat "$LAB_DIR/quicward.log"
    [ "$(grep -cE -- "$1" "$LAB_DIR/quicward.log")" = 1 ]
}

warned() {
    grep 'warning' "$LAB_DIR/quicward.log"
}

says() { # PATTERN
    wait_for 8 logged "$1"
}

restart() { # MODE [SNIPPET]
    stop_quicward
    if [ "$1" = nat ]; then start_nat '' "${2:-}"; else start_quicward "mode = \"$1\"; ${2:-}"; fi
}

check 'a router that is as it should be' restart nat
sleep 1.5
check_not 'nothing is said' warned
in_router sysctl -qw net.ipv4.ip_forward=0
check 'forwarding is switched off' says 'sysctl -w net.ipv4.ip_forward=1'
in_router sysctl -qw net.ipv4.ip_forward=1

for mode in firewall monitor nat; do
    in_router sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
    check "$mode: IPv4 is not forwarded" restart $mode
    check "$mode: says so" says 'sysctl -w net.ipv4.ip_forward=1'
    check "$mode: nor is IPv6" says 'sysctl -w net.ipv6.conf.all.forwarding=1'
    in_router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
done
in_router sysctl -qw net.ipv4.conf.wan0.forwarding=0
check 'one interface does not forward' restart firewall
check 'says so' says 'sysctl -w net.ipv4.conf.wan0.forwarding=1'
in_router sysctl -qw net.ipv4.conf.wan0.forwarding=1

# A firewall beside it.
in_router iptables -P FORWARD DROP
in_router iptables -A FORWARD -i lan0 -o wan0 -j ACCEPT
in_router iptables -A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
check 'FORWARD drops what is untracked' restart nat
check 'says so' says 'ctstate UNTRACKED -j ACCEPT'
command=$(grep -oE '"iptables -I FORWARD[^"]*"' "$LAB_DIR/quicward.log" | tr -d '"')
serve_echo 7000
check_not 'nothing passes' ask "$C4:5000" "$S4:7000" 500
check 'the command that it says' in_router sh -c "$command"
check 'mends it' ask "$C4:5001" "$S4:7000"
check 'with it' restart nat
sleep 1.5
check_not 'nothing is said' warned
check 'in mode firewall' restart firewall
sleep 1.5
check_not 'nothing is either, for nothing is untracked' warned
in_router iptables -P FORWARD ACCEPT
in_router iptables -F FORWARD

# Rules behind ours.
check 'starts' restart nat 'rules_backend = "iptables";'
in_router iptables -t mangle -A FORWARD -o wan0 -p tcp -j DSCP --set-dscp 46
sleep 2.5
check_not 'a rule for TCP behind ours' warned
in_router iptables -t mangle -A FORWARD -o wan0 -p udp -j DSCP --set-dscp 46
check 'one for UDP' says 'comes after quicward.s rules.*-I FORWARD -o wan0 -p udp -j DSCP'
marked() {
    ask "$C4:$1" "$S4:7000"
    in_router iptables-save -c -t mangle | grep -- '-p udp -j DSCP' | grep -qv '^\[0:'
}
check_not 'it sees nothing' marked 5010
moves=$(grep -oE '"iptables -t mangle -[DI] [^"]*"' "$LAB_DIR/quicward.log" | tr -d '"')
check 'both commands' in_router sh -ec "$moves"
check 'mend it' marked 5011
in_router iptables -t mangle -D FORWARD -o wan0 -p udp -j DSCP --set-dscp 46
in_router iptables -t mangle -D FORWARD -o wan0 -p tcp -j DSCP --set-dscp 46

# DNAT and REDIRECT of UDP, and somebody else's queue.
in_router iptables -t nat -A PREROUTING -i wan0 -p udp --dport 5353 -j DNAT --to-destination "$C4:53"
in_router iptables -t nat -A PREROUTING -i lan0 -p udp --dport 53 -j REDIRECT --to-ports 5300
in_router iptables -t nat -A PREROUTING -i lan0 -p tcp --dport 53 -j REDIRECT --to-ports 5300
check 'DNAT and REDIRECT' restart nat
check 'DNAT' says '5353 -j DNAT.*has no effect on UDP'
check 'REDIRECT' says 'udp --dport 53 -j REDIRECT.*has no effect on UDP'
check_not 'not of TCP' grep -q 'tcp --dport 53' "$LAB_DIR/quicward.log"
in_router iptables -t nat -F PREROUTING
in_router iptables -A FORWARD -p tcp --dport 80 -j NFQUEUE --queue-num 7401
check 'somebody feeds our queue' restart firewall
check 'says so' says 'sends packets to a queue of quicward.*queue.first'
in_router iptables -F FORWARD
check 'somebody has our queue' stop_quicward
lab_spawn "$LAB_ROUTER" other "$QUICWARD" run -c <(quicward_conf "mode = \"firewall\"; control = \"$LAB_DIR/other\"; manage_rules = false; instance = \"other\";")
other=$LAB_PID
wait_for 5 [ -S "$LAB_DIR/other" ]
check_not 'does not start' start_quicward
check 'says who has it, and what to do' grep -qE 'held by process [0-9]+ .*queue.first' "$LAB_DIR/quicward.log"
lab_stop "$other"

# Addresses.
ip -n "$LAB_ROUTER" addr add 192.168.100.2/24 dev wan0
check 'a private external address' start_nat 'external = ["192.168.100.2"];'
check 'says so' says '192.168.100.2 is private'
check 'one that is not the router'"'"'s' stop_quicward
check 'starts' start_nat 'external = ["198.51.100.99"];'
check 'says so, and how to have it' grep -q 'ip address add 198.51.100.99/32 dev wan0' "$LAB_DIR/quicward.log"
check 'ends' stop_quicward

# "auto" takes the address that the route takes: the first one is the modem's.
ip -n "$LAB_ROUTER" addr flush dev wan0 scope global
ip -n "$LAB_ROUTER" -4 addr add 192.168.100.2/24 dev wan0
ip -n "$LAB_ROUTER" -4 addr add "$X4/24" dev wan0
ip -n "$LAB_ROUTER" route replace default via "$T4"
check 'two addresses' start_nat 'external = "auto";'
check "the route's is taken" wait_for 5 grep -q "external address is now $X4" "$LAB_DIR/quicward.log"
check 'it works' ask "$C4:5020" "$S4:7000"
ip -n "$LAB_ROUTER" route replace default via "$T4" src 192.168.100.2
check 'the route changes' wait_for 5 grep -q 'external address is now 192.168.100.2' "$LAB_DIR/quicward.log"
check 'which is private' says '192.168.100.2 is private'
check 'ends cleanly' stop_quicward
case_end
