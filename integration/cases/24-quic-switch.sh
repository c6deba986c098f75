#!/usr/bin/env bash
# F2: quic = "block": QUIC clients fail at once, chromium has the page by TCP, DNS and other UDP pass. quic = "bypass": all get
# through whatever the rules say of QUIC, nothing waits, and no name is read. IPv4 and IPv6.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without gtlsclient gtlsserver caddy chromium kdig knotd tcpdump
case_lab 'quic = "block";'
certificate_make && serve_gtls 4433 && serve_caddy 4435 && serve_knot && serve_echo 7000 || exit 1
QUIC='udp and (dst port 4433 or dst port 4435 or dst port 853)'

asks() { # FAMILY
    in_client "$QW_TOOLS/udp_ask" "$(inside "$1" 0)" "$(endpoint "$1" 7000)" question 20000
}

# Message IDs are random: half of them would set the bit that QUIC's long headers have.
dns_passes() { # FAMILY
    local i
    for i in 1 2 3 4 5 6 7 8; do
        client_dns "$1" | grep -q hello-dns || return "$i"
    done
}

# A browser that knows from a visit by TCP that the server speaks QUIC.
browser() { # FAMILY
    client_browser "$1" 4435 "$LAB_DIR/home$1" >"$LAB_DIR/first.log" 2>&1
    client_browser "$1" 4435 "$LAB_DIR/home$1"
}

quic_seen() { # FAMILY
    captured client "$(protocol "$1") and udp dst port 4435" | grep .
}

capture_start client && capture_start server || exit 1
for family in 4 6; do
    check_not "block: IPv$family gtlsclient" shows 'status: 200' client_gtls $family 4433 --handshake-timeout=1s
    began=$(date +%s%N)
    check_not "block: IPv$family kdig over QUIC" shows hello-dns client_doq $family
    took=$((($(date +%s%N) - began) / 1000000))
    check "block: IPv$family kdig gives up before its 20 s ($took ms)" [ $took -lt 15000 ]
    check "block: IPv$family chromium has the page" shows hello-quic browser $family
    check "block: IPv$family DNS" dns_passes $family
    check "block: IPv$family other UDP" asks $family
done
capture_stop client
capture_stop server
for family in 4 6; do
    check "block: IPv$family chromium did try QUIC" quic_seen $family
done
check 'block: not one datagram of QUIC went on' [ "$(captured_count server "$QUIC")" = 0 ]
check 'block: they are counted' [ "$(stat_of 'reasons["quic-blocked"]')" = "$(captured_count client "$QUIC")" ]

quicward_conf 'quic = "bypass"; rules = ( { name = "all"; quic = true; action = "drop"; },
    { name = "ads"; sni = ".blocked.test"; action = "drop"; } );' >"$LAB_DIR/quicward.conf"
check 'reload' quicward_ask reload
for family in 4 6; do
    check "bypass: IPv$family gtlsclient" shows 'status: 200' client_gtls $family 4433
    QW_DOMAIN=blocked.test check "bypass: IPv$family gtlsclient to a blocked name" shows 'status: 200' client_gtls $family 4433
    check "bypass: IPv$family chromium" shows hello-quic client_chromium $family 4435
    check "bypass: IPv$family kdig over QUIC" shows hello-dns client_doq $family
    check "bypass: IPv$family DNS" dns_passes $family
done
check 'bypass: no name was read' no_flow_is '.sni != null or .alpn != null'
check 'bypass: nothing waited' [ "$(stat_of hellos.held)" = 0 ]
check 'bypass: flows are two-way, no more' no_flow_is '.state != "two-way"'
check 'quicward ends cleanly' stop_quicward
case_end
