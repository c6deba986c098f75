#!/usr/bin/env bash
# slow: the rules of an operator behind quicward are what it is about
# N7: what the router itself says of packets that it has translated already reaches the host inside that sent them, at once: the
# operator's REJECT behind quicward, a gateway that is gone, a link that is too small, to itself by lo and, where the external
# address is only routed here, towards the outside. Errors about the router's own UDP stay with the router: its sockets, tracked or
# not, and tunnels of the kernel, whose ports belong to no socket.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without tcpdump
lab_trap
nat_lab_up || exit 1
serve_echo 7000 || exit 1

# refused FROM TO: refused, not merely unanswered.
refused() {
    status_is 3 in_client "$QW_TOOLS/udp_ask" "$1" "$2" question $((2000 * PATIENCE))
}

# unreachable NAMESPACE INTERFACE COMMAND...: "host unreachable" is on the interface; the kernel asks for a neighbour for three
# seconds before.
unreachable() {
    sees "$1" "$2" 'icmp[0] == 3 and icmp[1] == 1' "${@:3}"
}

whole() { # PATTERN COMMAND...: an error was printed that quotes PATTERN, and no checksum in it is wrong
    local pattern=$1 output
    shift
    output=$("$@" 2>&1)
    echo "$output"
    grep -q "$pattern" <<<"$output" && ! grep -qE 'wrong|bad cksum|bad udp' <<<"$output"
}

big() { # ADDRESS PORT; with DF: bash leaves path MTU discovery on
    # shellcheck disable=SC2016 # expanded by the inner shell
    in_client bash -c 'exec 3<>"/dev/udp/$0/$1" && printf "%1400s" >&3 && sleep 0.3' "$@"
}

dead_gateway() { # the next hop answers no ARP
    ip -n "$LAB_TRANSIT" link set t0 arp off
    ip -n "$LAB_ROUTER" neigh flush dev wan0
}

live_gateway() {
    ip -n "$LAB_TRANSIT" link set t0 arp on
    ip -n "$LAB_ROUTER" neigh flush dev wan0
    wait_for 5 in_router ping -q -c1 -W1 "$T4"
}

shapes() { # NAME
    local name=$1 first second
    check "$name: translates" ask "$C4:5000" "$S4:7000"
    in_router iptables -A FORWARD -i lan0 -o wan0 -p udp --dport 443 -j REJECT
    check "$name: the operator's REJECT on the way out" refused "$C4:5001" "$S4:443"
    check "$name: quotes what the client sent" whole "$C4.5001 > $S4.443: " \
        sees "$LAB_CLIENT" c0 'icmp[0] == 3 and dst host 10.0.0.2' ask "$C4:5001" "$S4:443"
    in_router iptables -D FORWARD -i lan0 -o wan0 -p udp --dport 443 -j REJECT

    first=$(external_of "$C4:5000")
    in_router iptables -A FORWARD -i wan0 -o lan0 -p udp --sport 7000 -j REJECT
    check "$name: REJECT on the way in" whole "$S4.7000 > ${first%:*}.${first##*:}: " \
        sees "$LAB_SERVER" s0 "icmp[0] == 3 and src host $X4" ask "$C4:5000" "$S4:7000" 300
    in_router iptables -D FORWARD -i wan0 -o lan0 -p udp --sport 7000 -j REJECT

    check "$name: another host" ask 10.0.0.9:5000 "$S4:7000"
    second=$(external_of 10.0.0.9:5000)
    in_router iptables -A FORWARD -i lan0 -o lan0 -p udp -j REJECT
    check "$name: REJECT of a hairpin" refused "$C4:5000" "$second"
    check "$name: quotes what the client sent" whole "$C4.5000 > ${second%:*}.${second##*:}: " \
        sees "$LAB_CLIENT" c0 'icmp[0] == 3 and dst host 10.0.0.2' ask "$C4:5000" "$second" 300
    in_router iptables -D FORWARD -i lan0 -o lan0 -p udp -j REJECT

    ip -n "$LAB_ROUTER" link set wan0 mtu 1300
    in_router iptables -t mangle -A POSTROUTING -o wan0 -p udp -m length --length 1200: -j ACCEPT
    check "$name: a link that is too small" whole "$C4\.[0-9]* > $S4.7000: " \
        sees "$LAB_CLIENT" c0 'icmp[0] == 3 and icmp[1] == 4' big "$S4" 7000
    in_router iptables -t mangle -D POSTROUTING -o wan0 -p udp -m length --length 1200: -j ACCEPT
    ip -n "$LAB_ROUTER" link set wan0 mtu 1500

    dead_gateway
    check "$name: a gateway that is gone" unreachable "$LAB_CLIENT" c0 ask "$C4:5002" "$S4:7000" 6000
    live_gateway
    check "$name: translates again" wait_for 3 ask "$C4:5000" "$S4:7000" 500
    check "$name: nothing was refused" [ "$(stat_of 'reasons["unsolicited-icmp"]')" = 0 ]
}

check 'starts' start_nat 'filtering = "endpoint-independent";'
shapes 'own address'

# The router's own sockets.
own_socket() {
    in_router "$QW_TOOLS/udp_ask" "$X4:$1" "$S4:7000" question 6000
}
dead_gateway
check "the router's own socket is told of the gateway" unreachable "$LAB_ROUTER" lo own_socket 6053
in_router iptables -t raw -A OUTPUT -p udp -j CT --notrack
check 'also untracked' unreachable "$LAB_ROUTER" lo own_socket 6054
in_router iptables -t raw -D OUTPUT -p udp -j CT --notrack
live_gateway
check "the server refuses the router's own socket" status_is 3 in_router "$QW_TOOLS/udp_ask" "$X4:6055" "$S4:7777" question 20000
in_router iptables -t raw -A OUTPUT -p udp -j CT --notrack
check 'also untracked' status_is 3 in_router "$QW_TOOLS/udp_ask" "$X4:6056" "$S4:7777" question 20000
in_router iptables -t raw -D OUTPUT -p udp -j CT --notrack

# A tunnel of the kernel sends from ports of the range that is kept for the router, without a socket there.
in_router iptables -A INPUT -i wan0 -s 203.0.113.10 -p icmp --icmp-type 3 -j ACCEPT
in_router iptables -A INPUT -i wan0 -p icmp --icmp-type 3 -j ACCEPT
inputs() { # [SOURCE]
    in_router iptables-save -c -t filter | grep -- "-A INPUT ${1:+-s $1/32 }-i ${2:-wan0} -p icmp" | sed 's/^\[\([0-9]*\):.*/\1/'
}
more_inputs() { # NUMBER [SOURCE [INTERFACE]]
    [ "$(inputs "${@:2}")" -gt "$1" ]
}
low=$(($(in_router sysctl -n net.ipv4.ip_local_port_range | cut -f 1) + 77))
check 'an error about a tunnel' in_server "$QW_TOOLS/icmp_send" 203.0.113.9 "$X4:$low" "$S4:4789"
check 'comes to the router' wait_for 2 more_inputs 0
check 'one about no port of the router' in_server "$QW_TOOLS/icmp_send" 203.0.113.10 "$X4:1029" "$S4:4789"
check 'and one about the tunnel behind it' in_server "$QW_TOOLS/icmp_send" 203.0.113.9 "$X4:$low" "$S4:4789"
check 'of which that one comes' wait_for 2 more_inputs 1
check 'and the other does not' [ "$(inputs 203.0.113.10)" = 0 ]
heard=$(inputs)
if ip -n "$LAB_ROUTER" link add vx0 type vxlan id 5 remote "$S4" dstport 4789 local "$X4" 2>/dev/null; then
    ip -n "$LAB_ROUTER" addr add 172.31.5.1/24 dev vx0
    ip -n "$LAB_ROUTER" link set vx0 up
    check 'a tunnel is refused by its other end' shows 4789 sees "$LAB_ROUTER" wan0 'icmp[0] == 3' \
        in_router ping -c 1 -W 1 172.31.5.2
    check 'which the router hears' wait_for 2 more_inputs "$heard"
    dead_gateway
    in_router iptables -A INPUT -i lo -p icmp --icmp-type 3 -j ACCEPT
    in_router iptables -t raw -A OUTPUT -p udp -j CT --notrack
    in_router ping -c 3 -W 1 172.31.5.2 >/dev/null
    check 'and of its gateway' wait_for 5 more_inputs 0 '' lo
    in_router iptables -t raw -D OUTPUT -p udp -j CT --notrack
    live_gateway
    ip -n "$LAB_ROUTER" link del vx0
fi
check 'ends cleanly' stop_quicward
check 'rules removed' in_router sh -c "'$QUICWARD' rules -c '$LAB_DIR/quicward.conf' --remove | sh"

# An address that is only routed here: the router sends such an error to its own gateway, were it not translated.
X4=198.51.100.99
ip -n "$LAB_TRANSIT" route add "$X4/32" via 198.51.100.7
check 'starts with a routed address' start_nat 'filtering = "endpoint-independent";'
check 'routed: translates' ask "$C4:5000" "$S4:7000"
in_router iptables -A FORWARD -i lan0 -o wan0 -p udp --dport 443 -j REJECT
check "routed: the operator's REJECT on the way out" refused "$C4:5001" "$S4:443"
check 'ends cleanly' stop_quicward
case_end
