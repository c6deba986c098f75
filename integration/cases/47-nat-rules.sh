#!/usr/bin/env bash
# F1, F2: rules in mode nat speak of inside endpoints. First datagrams that wait for their ClientHello are translated when they
# go on, all by one port; a name that a rule blocks gets no packet out; what a rule rejects is told to the sender with the packet
# as he sent it. A forward is open for what a rule for that direction accepts, where the default drops.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without gtlsclient gtlsserver chromium tcpdump
case_nat 'forwards = ( { port = 8443; to = "10.0.0.2:4434"; } );' "rules = (
    { name = \"ads\"; sni = \".blocked.test\"; action = \"drop\"; },
    { name = \"alone\"; from = \"10.0.0.9\"; to = \"203.0.113.2\"; action = \"reject\"; },
    { name = \"www\"; direction = \"in\"; to = \"10.0.0.2\"; to_port = 4434; sni = \"www.server.test\"; action = \"accept\"; },
    { name = \"rest\"; direction = \"in\"; to = \"10.0.0.2\"; action = \"drop\"; } );"
certificate_make && serve_gtls 4433 && serve_echo 7000 && capture_start client && capture_start outside || exit 1
lab_spawn "$LAB_CLIENT" inside gtlsserver -q -d "$LAB_DIR/www" "$C4" 4434 "$LAB_DIR/tls/key.pem" "$LAB_DIR/tls/cert.pem"
wait_for 5 listening "$LAB_CLIENT" 4434 || exit 1

from_outside() { # NAME
    printf '%s\n' "127.0.0.1 localhost" "$X4 $1" >"$LAB_DIR/hosts-outside"
    # shellcheck disable=SC2016 # expanded by the inner shell
    in_server sh -c 'mount --bind "$0" /etc/hosts && exec "$@"' "$LAB_DIR/hosts-outside" timeout 60 gtlsclient \
        --exit-on-all-streams-close --no-quic-dump --handshake-timeout="${PATIENCE}s" "$1" 8443 "https://$1:8443/index.html"
}

blocked_connects() {
    QW_DOMAIN=blocked.test client_gtls 4 4433 --handshake-timeout=1s | grep 'status: 200'
}

check 'gtlsclient' shows 'status: 200' client_gtls 4 4433
check 'its flow is confirmed' confirmed 4 4433
check 'chromium' shows hello-quic client_chromium 4 4433
check 'its flow is confirmed' confirmed 4 4433
check 'their first datagrams waited' [ "$(stat_of hellos.held)" -gt 0 ]
check 'each left by one port' [ "$(captured_flows outside "src host $X4 and dst port 4433")" = \
    "$(captured_flows client "src host $C4 and dst port 4433")" ]
before=$(captured_count outside "src host $X4")
check_not 'a blocked name' blocked_connects
check 'not one packet of it left' [ "$(captured_count outside "src host $X4")" = "$before" ]
check 'what is rejected is told as it was sent' shows "10.0.0.9.5000 > $S4.7000: " \
    sees "$LAB_CLIENT" c0 'icmp[0] == 3 and icmp[1] == 13' ask 10.0.0.9:5000 "$S4:7000" 300
check 'another host is answered' ask 10.0.0.10:5000 "$S4:7000"
capture_stop client
capture_stop outside
check 'nothing left with an inside address' [ "$(captured_count outside 'src net 10.0.0.0/8')" = 0 ]
check_not 'the forward: another name does not get in' shows 'status: 200' from_outside other.server.test
check 'the right one does' shows 'status: 200' from_outside www.server.test
check 'its flow shows the rule' flow_is ".server == \"$C4:4434\" and .rule == \"www\" and .external == \"$X4:8443\""
check 'quicward ends cleanly' stop_quicward
case_end
