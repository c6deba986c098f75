#!/usr/bin/env bash
# C1: DNS over QUIC (kdig, knotd) gets through at its first attempt and is confirmed, IPv4 and IPv6.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without kdig knotd
case_lab
serve_knot || { cat "$LAB_DIR/knotd.log"; exit 1; }

for family in 4 6; do
    check "IPv$family kdig +quic -> knotd" shows hello-dns client_doq $family
    check "IPv$family its flow is confirmed, v1" confirmed $family 853
done
check 'nobody needed a second attempt' attempt_count 2
check 'quicward ends cleanly' stop_quicward
case_end
