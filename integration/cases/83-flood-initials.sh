#!/usr/bin/env bash
# S3: more forged Initials than may be decrypted: established connections lose nothing, real clients get through, from outside to
# the server that is flooded and from inside, and what is inside is still read. Then a server that answers ten times to clients
# that prove nothing: it is named, or held to three times what it got (F8), while real handshakes are left alone.
# alone
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without python3 gtlsclient gtlsserver
FORWARDS='forwards = ( { port = 8443; to = "10.0.0.2:4433"; }, { port = 9000; to = "10.0.0.2:9000"; } );'
case_nat "$FORWARDS" 'initials = { rate = 400; per_source = 200; };'
flood_lab
certificate_make && serve_gtls 4433 || exit 1
lab_spawn "$LAB_CLIENT" inside gtlsserver -q -d "$LAB_DIR/www" "$C4" 4433 "$LAB_DIR/tls/key.pem" "$LAB_DIR/tls/cert.pem"
wait_for 5 listening "$LAB_CLIENT" 4433 || exit 1
flood_answer "$LAB_CLIENT" "$C4" 9000 10 || exit 1
flood_answer "$LAB_SERVER" "$S4" 7000 || exit 1

connects() { # NAMESPACE NAME ADDRESS PORT
    printf '%s\n' "127.0.0.1 localhost" "$3 $2" >"$LAB_DIR/hosts-$2"
    # shellcheck disable=SC2016 # expanded by the inner shell
    ip netns exec "$1" sh -c 'mount --bind "$0" /etc/hosts && exec "$@"' "$LAB_DIR/hosts-$2" timeout 60 gtlsclient \
        --exit-on-all-streams-close --no-quic-dump "$2" "$4" "https://$2:$4/index.html"
}

check 'an established flow' ask "$C4:5000" "$S4:7000"
lab_spawn "$LAB_SERVER" flood python3 "$QW_ROOT/integration/lib/flood.py" flood "$X4" 8443 9000 1500 198.18.0.0/15 initial
flood=$LAB_PID
for _ in 1 2 3 4 5; do
    check 'a real client from outside' shows 'status: 200' connects "$LAB_SERVER" www.server.test "$X4" 8443
    check 'and from inside' shows 'status: 200' connects "$LAB_CLIENT" v4.server.test "$S4" 4433
    check 'the established flow goes on' ask "$C4:5000" "$S4:7000"
done
check 'what is inside is read' flow_is ".server == \"$S4:4433\" and .state == \"confirmed\" and .sni == \"v4.server.test\""
wait "$flood"
check 'most of the flood was not decrypted' [ "$(stat_of initials.over)" -gt 3000 ]
check 'an event tells of it' event_is '.event == "initials-over"'

at_least() { # COUNTER NUMBER
    [ "$(stat_of "$1")" -ge "$2" ]
}

before=$(stat_of guard.exceeded)
flood_py "$LAB_SERVER" flood "$X4" 9000 20 50 198.18.0.0/15
check 'a server that answers ten times is reported' wait_for 5 at_least guard.exceeded $((before + 20))
check 'it is named' event_is ".event == \"amplification\" and (.server | startswith(\"$C4:9000\"))"
check 'nothing was dropped for it' [ "$(stat_of reasons.unproven)" = 0 ]
check 'quicward ends cleanly' stop_quicward

start_nat "$FORWARDS" 'guard = "limit";' || exit 1
flood_py "$LAB_SERVER" flood "$X4" 9000 20 50 198.18.0.0/15
check 'held back: seven answers of ten' wait_for 5 at_least reasons.unproven 140
check 'no more' [ "$(stat_of reasons.unproven)" = 140 ]
for _ in 1 2 3; do
    check 'a real handshake' shows 'status: 200' connects "$LAB_SERVER" www.server.test "$X4" 8443
done
check 'is left alone' [ "$(stat_of reasons.unproven)" = 140 ]
flood_py "$LAB_SERVER" flood "$X4" 9000 20 50 192.0.2.0/24 token
check 'a forged token is worth nothing' wait_for 5 at_least reasons.unproven 280
check 'quicward ends cleanly' stop_quicward
case_end
