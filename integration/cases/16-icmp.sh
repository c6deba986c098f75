#!/usr/bin/env bash
# N7, F3: an ICMP error about a known flow reaches the program that sends; one about a packet that nobody sent is dropped
# and counted. IPv4 and IPv6.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without tcpdump
case_lab

# errors_seen FAMILY SENDER DESTINATION: an ICMP error quoting SENDER's packet to DESTINATION arrives at the client.
errors_seen() {
    local filter='icmp[0] == 3'
    [ "$1" = 4 ] || filter='ip6 proto 58 and ip6[40] == 1'
    sees "$LAB_CLIENT" c0 "$filter" in_server "$QW_TOOLS/icmp_send" "$(server_address "$1")" "$2" "$3"
}

counted_since() { # BEFORE
    [ "$(($(stat_of 'reasons["unsolicited-icmp"]') - $1))" = 1 ]
}

for family in 4 6; do
    check "IPv$family a closed port refuses the sender" status_is 3 in_client "$QW_TOOLS/udp_ask" \
        "$(inside $family 5000)" "$(endpoint $family 7777)" anybody 20000
    check "IPv$family an error about its flow passes" errors_seen $family "$(inside $family 5000)" "$(endpoint $family 7777)"
    before=$(stat_of 'reasons["unsolicited-icmp"]')
    check "IPv$family an error about no flow does not" status_is 1 errors_seen $family "$(inside $family 5001)" "$(endpoint $family 7777)"
    check "IPv$family it is counted" wait_for 2 counted_since "$before"
    check "IPv$family the flow still stands" flow_is ".server == \"$(endpoint $family 7777)\""
done
check 'quicward ends cleanly' stop_quicward
case_end
