#!/usr/bin/env bash
# X3 X4: the kernel's program puts, takes and exchanges tags of VLANs, translated and not, while the router forwards nothing itself:
# numbered datagrams come in order, and frames on the wire have their tags and right checksums. Needs no VLAN devices.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without ethtool tcpdump iptables ip6tables
[ -x "$QW_TOOLS/vlan_end" ] || skip 'built without clang'
lab_trap
lab_up || exit 1

E4=198.51.100.1 FLOWS=8 DATAGRAMS=100
LAN=lan0 WAN=wan0 LAN_TAG=- WAN_TAG=-
paths=()
for ((i = 0; i < FLOWS; i++)); do
    paths+=("$C4:$((20000 + i)),$E4:$((30000 + i)),$S4:9000" "[$C6]:$((20000 + i)),-,[$S6]:9000")
done
in_router iptables -P FORWARD DROP
in_router ip6tables -P FORWARD DROP
for side in "$LAB_CLIENT c0" "$LAB_SERVER s0"; do
    # shellcheck disable=SC2086 # two words
    set -- $side
    ip netns exec "$1" ethtool -K "$2" tx off txvlan off gro on >/dev/null || exit 1
done

mac() { # NAMESPACE INTERFACE
    ip -n "$1" -o link show "$2" | sed 's/.*ether \([0-9a-f:]*\).*/\1/'
}

# Frames of a link have tags from now on. The router's addresses move to an interface that stands for its VLAN.
tagged() { # FAR-NAMESPACE FAR-INTERFACE INTERFACE TAG IPV4 IPV6 FAR-IPV4 FAR-IPV6
    ip -n "$LAB_ROUTER" link add "vlan$4" type veth peer name "vlan$4x" || return 1
    ip -n "$LAB_ROUTER" link set "vlan$4" address "$(mac "$LAB_ROUTER" "$3")"
    ip -n "$LAB_ROUTER" addr flush dev "$3" scope global
    ip -n "$LAB_ROUTER" link set "vlan$4x" up
    lab_link "$LAB_ROUTER" "vlan$4" "$5" "$6"
    for addr in "$7" "$8"; do
        ip -n "$LAB_ROUTER" neigh replace "$addr" lladdr "$(mac "$1" "$2")" dev "vlan$4"
    done
    for addr in "${5%/*}" "${6%/*}"; do
        ip -n "$1" neigh replace "$addr" lladdr "$(mac "$LAB_ROUTER" "$3")" dev "$2"
    done
    ip netns exec "$1" "$QW_TOOLS/vlan_end" "$2" "$4"
}

tag_inside() {
    tagged "$LAB_CLIENT" c0 lan0 10 192.0.2.1/24 2001:db8:1::1/64 "$C4" "$C6" && LAN=vlan10=lan0.10 LAN_TAG=10
}

tag_outside() {
    tagged "$LAB_SERVER" s0 wan0 20 "$E4/24" 2001:db8:2::1/64 "$S4" "$S6" && WAN=vlan20=wan0.20 WAN_TAG=20
}

untag_inside() {
    ip -n "$LAB_ROUTER" link del vlan10
    ip netns exec "$LAB_CLIENT" tc qdisc del dev c0 clsact
    lab_link "$LAB_ROUTER" lan0 192.0.2.1/24 2001:db8:1::1/64
    LAN=lan0 LAN_TAG=-
    # The program asks for a neighbour only when it is known.
    wait_for 5 in_router ping -q -c1 -W1 "$C4" >/dev/null && wait_for 5 in_router ping -q -6 -c1 -W1 "$C6" >/dev/null
}

# What the far end of the link got, nearly all of both families; INTERFACE, and its tag or "-".
all_right() {
    local all bad tags
    tcpdump -e -vv -n -r "$LAB_DIR/$1.pcap" 'udp port 9000 or (vlan and udp port 9000)' 2>/dev/null >"$LAB_DIR/$1.txt"
    all=$(grep -c 'udp sum ok' "$LAB_DIR/$1.txt")
    bad=$(grep -cE 'bad (udp )?cksum' "$LAB_DIR/$1.txt")
    # A line a frame: the tag, or "-".
    tags=$(sed -nE 's/.*ethertype 802\.1Q.* vlan ([0-9]+), p 0,.*/\1/p; t; s/.*ethertype IPv.*/-/p' "$LAB_DIR/$1.txt" | sort | uniq -c | xargs)
    echo "$1: $all datagrams, $bad with wrong checksums; tags: $tags"
    [ "$all" -ge $((2 * FLOWS * DATAGRAMS * 9 / 10)) ] && [ "$bad" = 0 ] && [ "$tags" = "$all $2" ]
}

passes() {
    local words="${LAN#*=} to ${WAN#*=}" family fast
    lab_spawn "$LAB_ROUTER" fast "$QW_TOOLS/fast_forward" xdp "$LAN" "$WAN" "${paths[@]}"
    fast=$LAB_PID
    if ! wait_for 5 grep -q "^ready, $((2 * FLOWS)) flows" "$LAB_DIR/fast.log"; then
        grep -q 'built without\|not permitted' "$LAB_DIR/fast.log" && skip "$(cat "$LAB_DIR/fast.log")"
        check "$words: the program is attached" not cat "$LAB_DIR/fast.log"
        return
    fi
    wire_start "$LAB_CLIENT" c0
    wire_start "$LAB_SERVER" s0
    for family in 4 6; do
        check "$words: IPv$family: numbered datagrams come in order" numbered_in_order $family $FLOWS $FLOWS 2000 $DATAGRAMS
    done
    wire_stop
    check "$words: tags and checksums outside" all_right s0 $WAN_TAG
    check "$words: tags and checksums inside" all_right c0 $LAN_TAG
    kill "$fast" && wait "$fast"
    sed "s/^/  $words: /" "$LAB_DIR/fast.log" | grep -v ': 0 '
}

tag_inside || exit 1
passes
tag_outside || exit 1
passes
untag_inside
passes
case_end
