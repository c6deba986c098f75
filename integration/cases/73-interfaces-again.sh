#!/usr/bin/env bash
# N6: an inside interface that is deleted and made again has its hairpins back without a reload, as USB devices, bridges and tunnels
# come and go; what the rules set of the kernel is put back as it was before them. N1: packets between networks inside stay tracked,
# also where a network's address came after the rules.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without tcpdump
lab_trap
nat_lab_up || exit 1

local_of() { # INTERFACE
    in_router cat "/proc/sys/net/ipv4/conf/$1/accept_local"
}

accepts_local() { # INTERFACE
    [ "$(local_of "$1")" != 0 ]
}

lan_again() {
    ip -n "$LAB_ROUTER" link del "$1"
    ip link add c0 netns "$LAB_CLIENT" type veth peer name "$1" netns "$LAB_ROUTER" || return 1
    ip netns exec "$LAB_CLIENT" ethtool -K c0 tx-udp-segmentation off
    lab_link "$LAB_CLIENT" c0 "$C4/24" "$C6/64"
    ip -n "$LAB_CLIENT" addr add 10.0.0.9/24 dev c0
    lab_link "$LAB_ROUTER" "$1" "$R4/24" 2001:db8:1::1/64
    ip -n "$LAB_CLIENT" route add default via "$R4" src "$C4"
}

hairpin() { # PORT
    ask "10.0.0.9:$1" "$X4:8443" 500
}

remove_rules() {
    in_router sh -c "'$QUICWARD' rules -c '$LAB_DIR/quicward.conf' --remove | sh"
}

# Another network inside, that has no address when the rules are made.
ip link add g0 netns "$LAB_CLIENT" type veth peer name lan1 netns "$LAB_ROUTER"
ip -n "$LAB_ROUTER" link set lan1 up
INSIDE='inside = ["lan0", "lan1"];'
lab_spawn "$LAB_CLIENT" echo "$QW_TOOLS/udp_echo" "$C4:7443"
echo_pid=$LAB_PID
check 'starts' start_nat "forwards = ( { port = 8443; to = \"$C4:7443\"; } );" "$INSIDE"
check 'a hairpin' hairpin 5000
check 'the setting is on' [ "$(local_of lan0)" != 0 ]
lab_stop "$echo_pid"
check 'lan0 is made again' lan_again lan0
lab_spawn "$LAB_CLIENT" echo "$QW_TOOLS/udp_echo" "$C4:7443"
check 'a hairpin over the new one' wait_for 10 hairpin 5001
check 'the setting is on again' wait_for 3 accepts_local lan0
in_router sysctl -qw net.ipv4.conf.lan0.accept_local=0
ip -n "$LAB_ROUTER" addr add 10.0.7.1/24 dev lan0
check 'also when it was lost' wait_for 10 hairpin 5002

# The second network comes to life.
tracked() {
    in_router iptables -t raw -S quicward-main-stay | grep -q -- '-d 10.0.8.0/24 -j RETURN'
}
if in_router iptables -t raw -S quicward-main-stay >/dev/null 2>&1; then
    check_not 'its network is unknown' tracked
    ip -n "$LAB_ROUTER" addr add 10.0.8.1/24 dev lan1
    check 'its packets stay tracked once it has an address' wait_for 10 tracked
    ip -n "$LAB_ROUTER" addr del 10.0.8.1/24 dev lan1
    check 'no longer when it is gone' wait_for 10 not tracked
fi
ip -n "$LAB_ROUTER" addr add 10.0.8.1/24 dev lan1
in_router iptables -A FORWARD -p udp -m conntrack --ctstate UNTRACKED -j ACCEPT
in_router iptables -A FORWARD -i lan0 -o lan1 -p udp -m conntrack --ctstate NEW -j ACCEPT
seen() {
    in_router iptables-save -c -t filter | sed -n 's/^\[\([0-9]*\):.*NEW.*/\1/p'
}
between() {
    in_client "$QW_TOOLS/udp_send" "$C4:5100" 10.0.8.2:9 x
    [ "$(seen)" -gt 0 ]
}
check 'what goes from network to network is tracked' wait_for 10 between

check 'ends cleanly' stop_quicward
check 'rules removed' remove_rules
check 'the setting is as it was' [ "$(local_of lan0)" = 0 ]

# Set by somebody else before us.
in_router sysctl -qw net.ipv4.conf.lan1.accept_local=1
check 'starts' start_nat '' "$INSIDE"
check 'ours is on' [ "$(local_of lan0)" != 0 ]
check "somebody else's is untouched" [ "$(local_of lan1)" = 1 ]
check 'ends cleanly' stop_quicward
check 'starts twice' start_nat '' "$INSIDE"
check 'ends cleanly' stop_quicward
check 'rules removed' remove_rules
check 'ours is off' [ "$(local_of lan0)" = 0 ]
check "somebody else's is on" [ "$(local_of lan1)" = 1 ]
case_end
