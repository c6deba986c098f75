#!/usr/bin/env bash
# W5: flows show the SNI, the ALPN and the ECH offer that four real clients sent, IPv4 and IPv6; no name where none was asked for.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without gtlsclient gtlsserver chromium firefox-esr certutil kdig knotd
case_lab
certificate_make && serve_gtls 4433 && serve_knot || exit 1

# names_are FAMILY PORT SNI ALPN ECH: all three as JSON, of some flow that is confirmed.
names_are() {
    # shellcheck disable=SC2016 # jq's variables
    flow_is '.server == $s and .state == "confirmed" and [.sni, .alpn, .ech] == ($w | fromjson)' \
        --arg s "$(endpoint "$1" "$2")" --arg w "[$3, $4, $5]"
}

DOQ='["doq", "doq-i12", "doq-i11", "doq-i03"]'
for family in 4 6; do
    check "IPv$family gtlsclient" shows 'status: 200' client_gtls $family 4433
    check "IPv$family its names" names_are $family 4433 "\"v$family.server.test\"" '["h3"]' false
    check "IPv$family chromium" shows hello-quic client_chromium $family 4433
    check "IPv$family its names, and ECH as grease" names_are $family 4433 '"server.test"' '["h3"]' true
    QW_DOMAIN=blocked.test check "IPv$family firefox" client_firefox $family 4433
    check "IPv$family its names, and ECH as grease" names_are $family 4433 "\"v$family.blocked.test\"" '["h3"]' true
    check "IPv$family kdig without a name" shows hello-dns client_doq $family
    check "IPv$family has none" names_are $family 853 null "$DOQ" false
    QW_DOMAIN=server.test check "IPv$family kdig with a name" shows hello-dns client_doq $family
    check "IPv$family its names" names_are $family 853 "\"v$family.server.test\"" "$DOQ" false
done
check 'nobody needed a second attempt' attempt_count 10
check 'no ClientHello was given up' [ "$(stat_of hellos.unreadable)" = 0 ]
check 'quicward ends cleanly' stop_quicward
case_end
