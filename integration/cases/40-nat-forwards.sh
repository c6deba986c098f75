#!/usr/bin/env bash
# N11, N6: a static forward: a QUIC server inside is reached from outside on the forwarded port, and from another host inside on
# the same external endpoint (hairpinning, with the external source); its own packets leave by that endpoint; a forward for
# another port of the same host stands beside it. Two hosts inside speak to each other by their external endpoints.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without gtlsclient gtlsserver tcpdump
case_nat 'forwards = ( { port = 8443; to = "10.0.0.2:4433"; }, { port = 53; to = "10.0.0.3:7000"; } );'
certificate_make && serve_echo 7000 || exit 1
lab_spawn "$LAB_CLIENT" inside gtlsserver -q -d "$LAB_DIR/www" "$C4" 4433 "$LAB_DIR/tls/key.pem" "$LAB_DIR/tls/cert.pem"
lab_spawn "$LAB_CLIENT" echo-inside "$QW_TOOLS/udp_echo" 10.0.0.3:7000
wait_for 5 listening "$LAB_CLIENT" 4433 && wait_for 5 listening "$LAB_CLIENT" 7000 || exit 1

# connects NAMESPACE: gtlsclient to the forward.
connects() {
    printf '%s\n' "127.0.0.1 localhost" "$X4 www.server.test" >"$LAB_DIR/hosts-forward"
    # shellcheck disable=SC2016 # expanded by the inner shell
    ip netns exec "$1" sh -c 'mount --bind "$0" /etc/hosts && exec "$@"' "$LAB_DIR/hosts-forward" timeout 60 gtlsclient \
        --exit-on-all-streams-close --no-quic-dump www.server.test 8443 https://www.server.test:8443/index.html
}

check 'both forwards are shown' mapping_count 2 .forward
check 'the server inside is reached from outside' shows 'status: 200' connects "$LAB_SERVER"
check 'its flow is confirmed' flow_is ".server == \"$C4:4433\" and .external == \"$X4:8443\" and .state == \"confirmed\""
check 'and from inside' shows 'status: 200' connects "$LAB_CLIENT"
check 'a stranger reaches the other one' in_server "$QW_TOOLS/udp_ask" "$SB4:6000" "$X4:53" question 20000
check 'so does a host inside' ask 10.0.0.4:6000 "$X4:53"
check 'a forwarded endpoint leaves by its external one' shows "^$X4:53 " hears_at "$LAB_SERVER" "$S4:7001" \
    in_client "$QW_TOOLS/udp_send" 10.0.0.3:7000 "$S4:7001" hello
check 'another port of that host does not' not shows "^$X4:53 " hears_at "$LAB_SERVER" "$S4:7001" \
    in_client "$QW_TOOLS/udp_send" 10.0.0.3:7002 "$S4:7001" hello

check 'hosts inside with mappings of their own' ask 10.0.0.5:5000 "$S4:7000"
external5=$(external_of 10.0.0.5:5000)
external4=$(external_of 10.0.0.4:6000)
in_client "$QW_TOOLS/udp_send" 10.0.0.5:5000 "$external4" first
check 'one speaks to the other, from its external endpoint' shows "^${external4//./\\.} " \
    hears_at "$LAB_CLIENT" 10.0.0.5:5000 in_client "$QW_TOOLS/udp_send" 10.0.0.4:6000 "$external5" hello
check 'and is answered' shows "^${external5//./\\.} " \
    hears_at "$LAB_CLIENT" 10.0.0.4:6000 in_client "$QW_TOOLS/udp_send" 10.0.0.5:5000 "$external4" hello
check 'quicward ends cleanly' stop_quicward

lab_spawn "$LAB_ROUTER" of-the-router "$QW_TOOLS/udp_echo" "$X4:8443"
wait_for 5 listening "$LAB_ROUTER" 8443
start_nat 'forwards = ( { port = 8443; to = "10.0.0.2:4433"; }, { port = 53; to = "10.0.0.3:7000"; } );' || exit 1
check 'of a port that the router itself listens on the daemon warns' \
    [ "$(grep -o 'listens on .*: the forward' "$LAB_DIR/quicward.log")" = "listens on $X4:8443: the forward" ]
check 'quicward ends cleanly' stop_quicward
case_end
