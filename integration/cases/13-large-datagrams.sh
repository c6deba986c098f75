#!/usr/bin/env bash
# N8, W6, M6: datagrams of 4000 bytes, fragments on the wire, pass both ways and come back unchanged.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without tcpdump
case_lab
serve_echo 7000 || exit 1

fragments() { # FAMILY
    local filter='ip[6:2] & 0x3fff != 0'
    [ "$1" = 4 ] || filter='ip6[6] == 44'
    in_server timeout 60 tcpdump -Z root --immediate-mode -n -c 6 -i s0 "$filter" 2>"$LAB_DIR/tcpdump.log"
}

large() { # FAMILY
    local watcher
    : >"$LAB_DIR/tcpdump.log"
    fragments "$1" &
    watcher=$!
    wait_for 3 grep -q listening "$LAB_DIR/tcpdump.log"
    in_client "$QW_TOOLS/udp_ask" "$(inside "$1" 0)" "$(endpoint "$1" 7000)" large 20000 4000 && wait $watcher
}

for family in 4 6; do
    check "IPv$family 4000 bytes go there and back in fragments" large $family
    check "IPv$family their flow is two-way" flow_state $family 7000 two-way
done
check 'no fragment was dropped' [ "$(stat_of reasons.fragment)" = 0 ]
check 'quicward ends cleanly' stop_quicward
case_end
