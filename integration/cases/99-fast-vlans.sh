#!/usr/bin/env bash
# alone
# X3 X4: VLANs at XDP, inside, outside and on both sides, in modes nat and firewall: numbered datagrams come in order, and
# frames on the wire have their tags and right checksums.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without ethtool tcpdump jq
lab_trap
nat_lab_up || exit 1

LAN=lan0 WAN=wan0

# Tags stand in the frames that the router gets, as they do behind a network card that leaves them there.
bare_links() {
    fast_links xdp || return 1
    ip netns exec "$LAB_CLIENT" ethtool -K c0 txvlan off rxvlan off >/dev/null &&
        ip netns exec "$LAB_TRANSIT" ethtool -K t0 txvlan off rxvlan off >/dev/null &&
        in_router ethtool -K lan0 rxvlan off >/dev/null && in_router ethtool -K wan0 rxvlan off >/dev/null
}

# tagged NAMESPACE INTERFACE ID: its addresses move to a VLAN over it. Routes by it go.
tagged() {
    local addresses address
    addresses=$(ip -n "$1" -o addr show dev "$2" scope global | awk '{ print $4 }')
    ip -n "$1" addr flush dev "$2" scope global
    ip -n "$1" link add link "$2" name "$2.$3" type vlan id "$3" || return 1
    for address in $addresses; do
        ip -n "$1" addr add "$address" dev "$2.$3" nodad
    done
    ip -n "$1" link set "$2.$3" up
}

tag_inside() {
    tagged "$LAB_CLIENT" c0 10 && tagged "$LAB_ROUTER" lan0 10 || return 1
    ip -n "$LAB_CLIENT" route replace default via "$R4" src "$C4"
    ip -n "$LAB_CLIENT" -6 route replace default via 2001:db8:1::1
    LAN=lan0.10
}

tag_outside() {
    tagged "$LAB_TRANSIT" t0 20 && tagged "$LAB_ROUTER" wan0 20 || return 1
    ip -n "$LAB_ROUTER" route replace default via "$T4"
    ip -n "$LAB_ROUTER" -6 route replace default via 2001:db8:2::2
    ip -n "$LAB_TRANSIT" route replace 10.0.0.0/24 via "$X4"
    ip -n "$LAB_TRANSIT" -6 route replace 2001:db8:1::/64 via 2001:db8:2::1
    WAN=wan0.20
}

# The other way round: an inside without a tag again.
untag_inside() {
    ip -n "$LAB_CLIENT" link del c0.10
    ip -n "$LAB_ROUTER" link del lan0.10
    lab_link "$LAB_CLIENT" c0 "$C4/24" "$C6/64"
    lab_link "$LAB_ROUTER" lan0 "$R4/24" 2001:db8:1::1/64
    ip -n "$LAB_CLIENT" route replace default via "$R4" src "$C4"
    ip -n "$LAB_CLIENT" -6 route replace default via 2001:db8:1::1
    LAN=lan0
}

# What the far end of the link got: INTERFACE, and the number of its VLAN or "-".
all_right() {
    local all bad
    tcpdump -e -vv -n -r "$LAB_DIR/$1.pcap" 'udp port 9000 or (vlan and udp port 9000)' 2>/dev/null >"$LAB_DIR/$1.txt"
    all=$(grep -c 'udp sum ok' "$LAB_DIR/$1.txt")
    bad=$(grep -cE 'bad (udp )?cksum' "$LAB_DIR/$1.txt")
    echo "$1: $all datagrams, $bad with wrong checksums; tags: $(sed -nE 's/.*vlan ([0-9]+).*/\1/p' "$LAB_DIR/$1.txt" | sort | uniq -c | xargs)"
    [ "$all" -ge 7000 ] && [ "$bad" = 0 ] && [ "$(sed -nE 's/.*ethertype 802\.1Q.*vlan ([0-9]+).*/\1/p' "$LAB_DIR/$1.txt" | sort -u)" = "${2#-}" ] &&
        { [ "$2" = - ] || [ "$(grep -c '802\.1Q' "$LAB_DIR/$1.txt")" = "$(grep -c ethertype "$LAB_DIR/$1.txt")" ]; }
}

tag_of() { # INTERFACE
    if [[ $1 = *.* ]]; then echo "${1#*.}"; else echo -; fi
}

at_xdp() {
    quicward_ask offload --json | tee /dev/stderr |
        jq -se 'map(select(.interface)) | length == 2 and all(.place == "xdp")' >/dev/null
}

went_fast() {
    local put carried
    read -r put carried < <(sed -n 's/.*offload: \([0-9]*\) flows put, \([0-9]*\) packets.*/\1 \2/p' "$LAB_DIR/quicward.log")
    echo "$put flows put, $carried packets carried"
    [ "$put" -ge 36 ] && [ "$carried" -ge 8000 ]
}

passes() { # MODE: nat or firewall, by $LAN and $WAN
    local words="$1, $LAN to $WAN" family snippet="inside = [\"$LAN\"];
outside = [\"$WAN\"];
offload = \"xdp\";"
    wait_for 5 lab_reachable || { check "$words: the lab stands" false; return; }
    if [ "$1" = nat ]; then
        start_nat '' "$snippet" || exit 1
    else
        start_quicward "$snippet" || exit 1
    fi
    fast_or_skip
    check "$words: the program is at XDP" at_xdp
    wire_start "$LAB_CLIENT" c0
    wire_start "$LAB_TRANSIT" t0
    for family in 4 6; do
        check "$words: IPv$family: datagrams come in order" numbered_in_order $family 20 20 2000 200
    done
    wire_stop
    check "$words: tags and checksums outside" all_right t0 "$(tag_of "$WAN")"
    check "$words: tags and checksums inside" all_right c0 "$(tag_of "$LAN")"
    check "$words: quicward ends cleanly" stop_quicward
    check "$words: the flows went fast" went_fast
    in_router ip -d link show lan0 | grep -q 'prog/' && check "$words: no program stays" false
}

ip -n "$LAB_CLIENT" link add link c0 name c0.9 type vlan id 9 2>/dev/null || skip 'the kernel has no VLAN devices'
ip -n "$LAB_CLIENT" link del c0.9
bare_links && tag_inside || exit 1
passes nat
passes firewall
tag_outside || exit 1
passes nat
passes firewall
untag_inside
passes nat
passes firewall
case_end
