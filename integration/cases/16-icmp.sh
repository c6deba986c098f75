#!/usr/bin/env bash
# N7, F3: an ICMP error about a known flow reaches the program that sends; one about a packet that nobody sent is dropped
# and counted. IPv4 and IPv6.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without tcpdump
case_lab

# errors_seen FAMILY SENDER DESTINATION: an ICMP error quoting SENDER's packet to DESTINATION arrives at the client.
errors_seen() {
    local filter='icmp[0] == 3' watcher
    [ "$1" = 4 ] || filter='ip6 proto 58 and ip6[40] == 1'
    : >"$LAB_DIR/tcpdump.log"
    in_client timeout 1 tcpdump -Z root --immediate-mode -n -c 1 -i c0 "$filter" 2>"$LAB_DIR/tcpdump.log" &
    watcher=$!
    wait_for 3 grep -q listening "$LAB_DIR/tcpdump.log"
    in_server "$QW_TOOLS/icmp_send" "$(server_address "$1")" "$2" "$3"
    wait $watcher
}

for family in 4 6; do
    check "IPv$family a closed port refuses the sender" status_is 3 in_client "$QW_TOOLS/udp_ask" \
        "$(inside $family 5000)" "$(endpoint $family 7777)" anybody 2000
    check "IPv$family an error about its flow passes" errors_seen $family "$(inside $family 5000)" "$(endpoint $family 7777)"
    before=$(stat_of 'reasons["unsolicited-icmp"]')
    check "IPv$family an error about no flow does not" status_is 124 errors_seen $family "$(inside $family 5001)" "$(endpoint $family 7777)"
    after=$(stat_of 'reasons["unsolicited-icmp"]')
    check "IPv$family it is counted" [ "$((after - before))" = 1 ]
    check "IPv$family the flow still stands" flow_is ".server == \"$(endpoint $family 7777)\""
done
check 'quicward ends cleanly' stop_quicward
case_end
