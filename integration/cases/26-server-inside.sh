#!/usr/bin/env bash
# F1, F2, F3: a server inside is reached from outside by the one name that a rule for that direction accepts: no other name, no
# QUIC without a name, no other UDP and no other host gets in. IPv4 and IPv6.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without gtlsclient gtlsserver tcpdump
case_lab "rules = ( { name = \"www\"; direction = \"in\"; to = [\"$C4\", \"$C6\"]; to_port = 4433; sni = \"www.test\"; action = \"accept\"; } );"
certificate_make || exit 1
serve_inside() { # PORT
    lab_spawn "$LAB_CLIENT" "inside-$1" gtlsserver -q -d "$LAB_DIR/www" '*' "$1" "$LAB_DIR/tls/key.pem" "$LAB_DIR/tls/cert.pem"
    wait_for 5 listening "$LAB_CLIENT" "$1"
}

# from_outside FAMILY PORT NAME
from_outside() {
    printf '%s\n' "127.0.0.1 localhost" "$(client_address "$1") $3" >"$LAB_DIR/hosts-outside"
    # shellcheck disable=SC2016 # expanded by the inner shell
    in_server sh -c 'mount --bind "$0" /etc/hosts && exec "$@"' "$LAB_DIR/hosts-outside" timeout 60 gtlsclient \
        --exit-on-all-streams-close --no-quic-dump --handshake-timeout="${PATIENCE}s" "$3" "$2" "https://$3:$2/index.html"
}

# hears FAMILY PORT: a datagram that is no QUIC gets in there.
hears() {
    local listener
    in_client "$QW_TOOLS/udp_hear" "$(inside "$1" "$2")" $((700 * PATIENCE)) &
    listener=$!
    wait_for 2 listening "$LAB_CLIENT" "$2"
    in_server "$QW_TOOLS/udp_send" "$(endpoint "$1" 7001)" "$(inside "$1" "$2")" unsolicited
    wait $listener
}

inside_flow() { # FAMILY
    flow_is ".server == \"$(inside "$1" 4433)\" and .state == \"confirmed\" and .sni == \"www.test\" and .rule == \"www\""
}

serve_inside 4433 && serve_inside 4434 && capture_start client || exit 1
for family in 4 6; do
    check_not "IPv$family another name" shows 'status: 200' from_outside $family 4433 other.test
    check_not "IPv$family a name below it" shows 'status: 200' from_outside $family 4433 a.www.test
    check_not "IPv$family the right name, another port" shows 'status: 200' from_outside $family 4434 www.test
    check_not "IPv$family UDP that is no QUIC" hears $family 5000
done
capture_stop client
check 'not one datagram of these got in' [ "$(captured_count client udp)" = 0 ]
for family in 4 6; do
    check "IPv$family the right name" shows 'status: 200' from_outside $family 4433 www.test
    check "IPv$family its flow shows name and rule" inside_flow $family
done
check 'the others are counted as unsolicited' [ "$(stat_of reasons.unsolicited)" -ge 8 ]
check 'quicward ends cleanly' stop_quicward
case_end
