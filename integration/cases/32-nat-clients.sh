#!/usr/bin/env bash
# alone
# N1, C1, W2, W7: real clients get through the NAT at their first attempt: gtlsclient, chromium, kdig over QUIC and plain, and
# bun where it is installed. Initials sent back to back leave by one port: the link outside sees as many flows as the client
# began. C3: so with Retry.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without gtlsclient gtlsserver caddy chromium kdig knotd tcpdump
case_nat
certificate_make && serve_gtls 4433 && serve_gtls 4434 -V && serve_caddy 4435 && serve_knot || exit 1
capture_start client && capture_start outside || exit 1

# one_port_each PORT: as many flows towards it left the router as left the client.
one_port_each() {
    local before after
    before=$(captured_flows client "ip and src host $C4 and dst port $1")
    after=$(captured_flows outside "ip and src host $X4 and dst port $1")
    echo "$before flows, $after outside"
    [ "$before" -gt 0 ] && [ "$before" = "$after" ]
}

# Chromium's ClientHello takes two Initials; on a busy machine the server may answer the first before the second is sent.
back_to_back() {
    local tries
    for ((tries = 0; tries < 15; tries++)); do
        shows '[2-9]' captured_openings outside 'ip and port 4433' && return
        client_chromium 4 4433 >/dev/null
        sleep 0.2
    done
    return 1
}

for family in 4 6; do
    check "IPv$family gtlsclient -> gtlsserver" shows 'status: 200' client_gtls $family 4433
    check "IPv$family its flow is confirmed" confirmed $family 4433
    check "IPv$family with Retry" shows 'status: 200' client_gtls $family 4434
    check "IPv$family its flow is confirmed" confirmed $family 4434
    check "IPv$family gtlsclient -> caddy" shows 'status: 200' client_gtls $family 4435
    check "IPv$family its flow is confirmed" confirmed $family 4435
    check "IPv$family chromium" shows hello-quic client_chromium $family 4433
    check "IPv$family its flow is confirmed" confirmed $family 4433
    check "IPv$family DNS over QUIC" shows hello-dns client_doq $family
    check "IPv$family its flow is confirmed" confirmed $family 853
    check "IPv$family DNS" shows hello-dns client_dns $family
done
if [ -x "$QW_BUN" ]; then
    check 'bun' shows hello-quic client_bun 4 4435
    check 'its flow is confirmed' confirmed 4 4435
fi
check 'two Initials left before the answer' back_to_back
capture_stop client
capture_stop outside
for port in 4433 4434 4435 53; do
    check "one external port for each flow to port $port" one_port_each $port
done
check 'nothing left untranslated' [ "$(captured_count outside 'src net 10.0.0.0/8')" = 0 ]
check 'IPv4 flows show where they are mapped' flow_is ".server == \"$S4:4433\" and (.external | startswith(\"$X4:\"))"
check 'quicward ends cleanly' stop_quicward
case_end
