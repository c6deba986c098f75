#!/usr/bin/env bash
# C3: a Retry and what follows is one attempt, confirmed. C4, W1: Version Negotiation passes both ways and confirms nothing.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without gtlsclient gtlsserver
case_lab
certificate_make && serve_gtls 4433 && serve_gtls 4434 -V || exit 1

for family in 4 6; do
    check "IPv$family Retry" shows 'type=Retry' client_gtls $family 4434
    check "IPv$family its flow is confirmed, v1" confirmed $family 4434
    check "IPv$family Version Negotiation arrives" shows 'version=0x00000000' client_gtls $family 4433 -v 0x1a2a3a4a
    check "IPv$family it confirms nothing" no_flow_state $family 4433 confirmed
    check "IPv$family its flow is shown" flow_state $family 4433 two-way
done
check 'quicward ends cleanly' stop_quicward
case_end
