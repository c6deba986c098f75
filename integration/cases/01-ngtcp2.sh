#!/usr/bin/env bash
# C1, C2, W2, W6, F3: ngtcp2's client gets through at its first attempt, IPv4 and IPv6, and its flow is shown as confirmed
# with the right client, server and version. C6: so does a version that quicward does not know.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without gtlsclient gtlsserver caddy
case_lab
certificate_make && serve_gtls 4433 && serve_gtls 443 && serve_caddy 4435 || exit 1

for family in 4 6; do
    check "IPv$family gtlsclient -> gtlsserver" shows 'status: 200' client_gtls $family 4433
    check "IPv$family its flow is confirmed, v1" confirmed $family 4433
    check "IPv$family gtlsclient -> caddy" shows 'status: 200' client_gtls $family 4435
    check "IPv$family its flow is confirmed, v1" confirmed $family 4435
    check "IPv$family empty client connection ID" shows 'status: 200' client_gtls $family 443 --scid=
    check "IPv$family its flow is confirmed, v1" confirmed $family 443
done

check 'a version unknown to quicward' shows 'status: 200' client_gtls 4 4433 -v v2draft
check 'its flow is confirmed, 0x709a50c4' confirmed 4 4433 0x709a50c4
check 'nobody needed a second attempt' attempt_count 7
check 'quicward ends cleanly' stop_quicward
case_end
