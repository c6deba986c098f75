#!/usr/bin/env bash
# S5, O5: monitor mode never drops: what nobody asked for arrives, and real connections are shown all the same.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without gtlsclient gtlsserver
case_lab 'mode = "monitor";'
certificate_make && serve_gtls 4433 || exit 1

arrives() { # FROM TO
    local listener
    in_client "$QW_TOOLS/udp_hear" "$2" 20000 &
    listener=$!
    wait_for 2 listening "$LAB_CLIENT" "${2##*:}"
    in_server "$QW_TOOLS/udp_send" "$1" "$2" unsolicited
    wait $listener
}

check 'IPv4 unsolicited datagrams arrive' arrives "$S4:7001" "$C4:5001"
check 'IPv6 unsolicited datagrams arrive' arrives "[$S6]:7001" "[$C6]:5001"
for family in 4 6; do
    check "IPv$family gtlsclient -> gtlsserver" shows 'status: 200' client_gtls $family 4433
    check "IPv$family its flow is confirmed" confirmed $family 4433
done
check 'nothing was dropped' [ "$(stat_of dropped)" = 0 ]
check 'quicward ends cleanly' stop_quicward
case_end
