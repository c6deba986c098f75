#!/usr/bin/env bash
# C1: bun's HTTP/3 client (lsquic) gets through at its first attempt and is confirmed, IPv4 and IPv6.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without gtlsserver
[ -x "$QW_BUN" ] || skip "no $QW_BUN (integration/install.sh bun)"
case_lab
certificate_make && serve_gtls 4433 || exit 1

for family in 4 6; do
    check "IPv$family bun -> gtlsserver" shows '200 hello-quic' client_bun $family 4433
    check "IPv$family its flow is confirmed, v1" confirmed $family 4433
done
check 'quicward ends cleanly' stop_quicward
case_end
