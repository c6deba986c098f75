#!/usr/bin/env bash
# C1, W4: chromium, whose ClientHello comes in shuffled pieces over two Initials, gets through at its first attempt and is
# confirmed, IPv4 and IPv6, with two servers.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without chromium gtlsserver caddy
case_lab
certificate_make && serve_gtls 4433 && serve_caddy 4435 || exit 1

for family in 4 6; do
    for port in 4433 4435; do
        check "IPv$family chromium -> port $port" shows hello-quic client_chromium $family $port
        check "IPv$family its flow is confirmed, v1" confirmed $family $port
    done
done
check 'quicward ends cleanly' stop_quicward
case_end
