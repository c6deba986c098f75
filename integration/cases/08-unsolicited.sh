#!/usr/bin/env bash
# F3: UDP from outside that no flow asked for does not arrive and is counted, IPv4 and IPv6; the answer to a flow from
# inside, from one port only, does. C8: short headers from nowhere open nothing.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
case_lab
serve_echo 7000 || exit 1

# hears FAMILY FROM-PORT TO-PORT: a datagram from the server's FROM-PORT reaches the client's TO-PORT.
hears() {
    local listener
    in_client "$QW_TOOLS/udp_hear" "$(inside "$1" "$3")" $((700 * PATIENCE)) &
    listener=$!
    wait_for 2 listening "$LAB_CLIENT" "$3"
    in_server "$QW_TOOLS/udp_send" "$(endpoint "$1" "$2")" "$(inside "$1" "$3")" unsolicited
    wait $listener
}

for family in 4 6; do
    check "IPv$family a flow from inside" in_client "$QW_TOOLS/udp_ask" "$(inside $family 5000)" \
        "$(endpoint $family 7000)" question 20000
    before=$(stat_of reasons.unsolicited)
    check "IPv$family nothing to a port that never asked" status_is 1 hears $family 7001 5001
    check "IPv$family nothing from a port that nobody asked" status_is 1 hears $family 7002 5000
    check "IPv$family nothing that looks like a short header" status_is 1 hears $family 443 5002
    after=$(stat_of reasons.unsolicited)
    check "IPv$family all three are counted" [ "$((after - before))" = 3 ]
    check "IPv$family they left no flow" no_flow_is ".server == \"$(endpoint $family 7001)\""
done
check 'quicward ends cleanly' stop_quicward
case_end
