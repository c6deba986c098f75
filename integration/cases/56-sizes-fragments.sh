#!/usr/bin/env bash
# M1, M6: a sender that obeys the PTB of a size limit sends fragments; they are judged by their own length, whatever they are
# together. An ordinary UDP socket and a tunnel such as WireGuard's, over a link of 1,492 bytes. IPv4 and IPv6. Fragments that
# are longer than the limit are dropped like any packet.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without nft python3 ping
LIMIT=1492
case_lab "size_limits = ( { class = \"udp\"; limit = $LIMIT; } );"
serve_echo 7000 || exit 1

dropped() {
    stat_of 'reasons["too-big"]'
}

payload() { # FAMILY BYTES: that a packet of BYTES carries
    if [ "$1" = 4 ]; then echo $(($2 - 28)); else echo $(($2 - 48)); fi
}

# After the PTB the kernel fragments: in the first place the socket learns of it, and then all goes through.
asks_again() { # FAMILY BYTES
    wait_for 5 ask "$(inside "$1" 0)" "$(endpoint "$1" 7000)" 500 "$(payload "$1" "$2")"
}

many() { # FAMILY BYTES: ten in a row
    for _ in {1..10}; do
        ask "$(inside "$1" 0)" "$(endpoint "$1" 7000)" 1000 "$(payload "$1" "$2")" || return 1
    done
}

tunnel() { # NAMESPACE NAME AT PEER ADDRESS
    lab_spawn "$1" "$2" python3 "$QW_ROOT/integration/peers/tunnel.py" "$2" "$3" 51820 "$4"
    wait_for 5 ip -n "$1" link show "$2" || return 1
    ip -n "$1" addr add "$5" dev "$2"
    ip -n "$1" link set "$2" mtu 1420 up
}

tunnels() { # FAMILY
    tunnel "$LAB_CLIENT" "tun-c$1" "$(inside_address "$1")" "$(server_address "$1")" "10.9$1.0.1/24" &&
        tunnel "$LAB_SERVER" "tun-s$1" "$(server_address "$1")" "$(inside_address "$1")" "10.9$1.0.2/24"
}

inside_address() { # FAMILY
    inside "$1" 0 | sed 's/:0$//; s/[][]//g'
}

ping_whole() { # FAMILY: packets of 1,420 bytes, as large as the tunnel carries
    in_client ping -q -M "do" -s 1392 -c "$2" -i 0.2 -W 1 "10.9$1.0.2"
}

for family in 4 6; do
    check "IPv$family a datagram of 1500 comes back once the PTB is known" asks_again $family 1500
    before=$(dropped)
    check "IPv$family and ten more, in fragments" many $family 1500
    check "IPv$family none of which is dropped" [ "$(dropped)" = "$before" ]
    check "IPv$family a tunnel" tunnels $family
    ping_whole $family 3 >"$LAB_DIR/first.log" 2>&1
    before=$(dropped)
    check "IPv$family it carries what fills its packets" ping_whole $family 10
    check "IPv$family and nothing of it is dropped" [ "$(dropped)" = "$before" ]
done

# Fragments of 1,496 bytes that nobody makes shorter: IPv6, from a host that was told nothing.
large_fragments() {
    ip -n "$LAB_CLIENT" -6 route flush cache
    in_client ip6tables -I INPUT -p icmpv6 --icmpv6-type packet-too-big -j DROP || return 1
    ! ask "$(inside 6 0)" "$(endpoint 6 7000)" 1000 3000
}

before=$(dropped)
check 'IPv6 longer fragments do not come back' large_fragments
check 'and are counted' [ "$(dropped)" -gt "$before" ]
# What tells the length of fragments is a rule like the others.
measures() {
    in_router nft list table inet quicward_main_fragments >/dev/null 2>&1
}

put_back() {
    stat_of kernel_rules.put_back
}

put_back_since() { # BEFORE
    [ "$(put_back)" -gt "$1" ] && measures
}

before=$(put_back)
check 'somebody takes away the table that measures' in_router nft delete table inet quicward_main_fragments
check 'it is put back' wait_for 20 put_back_since "$before"
before=$(put_back)
check 'or changes it' in_router nft flush chain inet quicward_main_fragments measure
check 'it is put back again' wait_for 20 put_back_since "$before"
check 'as it was' shows 'length <= 1492' in_router nft list table inet quicward_main_fragments
check 'and fragments come back' many 4 1500

# The mark of fragments is none that gets past the guard: with the chains of iptables emptied and nobody to put them back nothing
# leaves, neither whole nor in fragments.
left() { # BYTES
    wait_for 5 capture_start server || return 1
    for family in 4 6; do
        ! ask "$(inside $family 0)" "$(endpoint $family 7000)" 500 "$1" >/dev/null 2>&1 || return 1
    done
    capture_stop server
    captured_count server 'udp or (ip[6:2] & 0x1fff != 0) or ip6[6] == 44'
}

kill -KILL "$QUICWARD_PID" && wait "$QUICWARD_PID" 2>/dev/null
for tool in iptables ip6tables; do in_router "$tool" -t mangle -F; done
check 'the table that measures stands' measures
check 'flushed without a daemon, whole packets do not leave' [ "$(left 100)" = 0 ]
check 'nor do fragments' [ "$(left 3000)" = 0 ]

check 'what rules --remove prints' rules_remove
check_not 'leaves nothing' rules_installed
check_not 'nor the table that measures' measures
case_end
