#!/usr/bin/env bash
# F7, N10: a host inside that sends in the name of thousands that are not there gets no mapping for any of them, and no flow; the
# honest hosts keep all. A network that is routed to the inside later belongs there at once. IPv4 and IPv6.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without python3
case_nat
flood_lab
flood_answer "$LAB_SERVER" "$S4" 7000 && flood_answer "$LAB_SERVER" "$S6" 7000 || exit 1

foreign_mappings() {
    mappings_json | jq -r .inside | grep -cv '^10\.0\.0\.'
}

check 'spray of foreign IPv4 sources' flood_py "$LAB_CLIENT" flood "$S4" 7000 4000 4000 45.0.0.0/16
check 'and of IPv6' flood_py "$LAB_CLIENT" flood "$S6" 7000 4000 4000 2001:db8:77::/112
check 'no mapping is foreign' [ "$(foreign_mappings)" = 0 ]
check 'they are counted' [ "$(stat_of reasons.spoofed)" -gt 4000 ]
check 'an event tells of it' event_is '.event == "spoofed"'
check 'an honest host' flood_ask "$LAB_CLIENT" 10.0.0.7 "$S4" 7000 20
check 'and IPv6' flood_ask "$LAB_CLIENT" "$C6" "$S6" 7000 20

port=5000
# A port of its own each time: a flow that began before the change goes on.
spoofed() { # ADDRESS TO: it is dropped for that
    local before
    port=$((port + 1))
    before=$(stat_of reasons.spoofed)
    check_not "$1 is foreign" in_client "$QW_TOOLS/udp_ask" "$1:$port" "$2" question 500
    [ "$(stat_of reasons.spoofed)" -gt "$before" ]
}

in_router ip route add 172.16.5.0/24 via "$C4" dev lan0
in_client ip addr add 172.16.5.9/32 dev c0
check 'a network that is routed inside belongs there' wait_for 5 ask 172.16.5.9:5000 "$S4:7000" 1000
in_router ip route del 172.16.5.0/24
check 'and no longer when it is not' wait_for 5 spoofed 172.16.5.9 "$S4:7000"
check 'quicward ends cleanly' stop_quicward

start_nat '' 'inside_prefixes = "10.0.0.0/29";' || exit 1
check 'a host of the list' ask "$C4:5000" "$S4:7000"
check 'one that is not' spoofed 10.0.0.9 "$S4:7000"
check 'quicward ends cleanly' stop_quicward
case_end
