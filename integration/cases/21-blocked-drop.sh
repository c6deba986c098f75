#!/usr/bin/env bash
# alone
# F1, F2: of a connection to a name that a rule drops, not one datagram goes on towards the server: gtlsclient, chromium (its
# ClientHello comes in two datagrams), kdig, IPv4 and IPv6. Meanwhile other names connect at their first attempt, with no
# datagram sent twice and none that waited for a limit.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without gtlsclient gtlsserver chromium kdig knotd tcpdump
case_lab 'hold = { exhausted = "drop"; }; rules = ( { name = "ads"; sni = ".blocked.test"; action = "drop"; } );'
# Blocked connections have the ports 4443 and 50853 for themselves, so that they can be told from others.
certificate_make && serve_gtls 4433 && serve_gtls 4443 && serve_knot || exit 1
capture_start client && capture_start server || exit 1

blocked=()
try_blocked() { # LOG COMMAND...
    local log=$1
    shift
    QW_DOMAIN=blocked.test "$@" >"$LAB_DIR/$log.log" 2>&1 </dev/null &
    blocked+=("$!")
}

for family in 4 6; do
    try_blocked blocked-gtls$family client_gtls $family 4443 --handshake-timeout=3s
    try_blocked blocked-chromium$family client_chromium $family 4443
    try_blocked blocked-kdig$family client_doq $family +timeout=5 -b "$(client_address $family)#50853"
done
for family in 4 6; do
    check "IPv$family gtlsclient to another name" shows 'status: 200' client_gtls $family 4433
    check "IPv$family its flow is confirmed" confirmed $family 4433
    check "IPv$family chromium to another name" shows hello-quic client_chromium $family 4433
    check "IPv$family its flow is confirmed" confirmed $family 4433
    check "IPv$family kdig without a name" shows hello-dns client_doq $family
    check "IPv$family its flow is confirmed" confirmed $family 853
done
wait "${blocked[@]}"
capture_stop client
capture_stop server

BLOCKED='udp and (dst port 4443 or (dst port 853 and src port 50853))'
ALLOWED='udp and (dst port 4433 or (dst port 853 and not src port 50853))'
OTHERS='udp and (port 4433 or (port 853 and not port 50853))'
check_not 'no client got through to the blocked name' grep -lE 'status: 200|hello-quic|hello-dns' "$LAB_DIR"/blocked-*.log
for family in 4 6; do
    protocol=$(protocol $family)
    sent=$(captured_count client "$protocol and $BLOCKED")
    check "IPv$family they did try: $sent datagrams" [ "$sent" -ge 6 ]
    check "IPv$family by all three" [ "$(captured_flows client "$protocol and $BLOCKED")" -ge 3 ]
    check "IPv$family not one went on" [ "$(captured_count server "$protocol and $BLOCKED")" = 0 ]
    check "IPv$family of others all went on" [ "$(captured_sizes server "$protocol and $ALLOWED")" = \
        "$(captured_sizes client "$protocol and $ALLOWED")" ]
    # One round trip: gtlsclient and kdig send one datagram before they are answered, chromium two.
    check "IPv$family nobody repeated anything" [ "$(captured_openings client "$protocol and $OTHERS")" = '1 1 2' ]
done
check 'no attempt met a limit' [ "$(stat_of hellos.limits)" = 0 ]
check "chromium's first datagrams were held" [ "$(stat_of hellos.held)" -ge 4 ]
check 'the drops are counted' [ "$(stat_of reasons.rule)" -ge 12 ]
check 'and the hits of the rule' [ "$(stat_of 'rules[0].hits')" -ge 6 ]
check 'quicward ends cleanly' stop_quicward
case_end
