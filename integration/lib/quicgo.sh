# shellcheck shell=bash
# quic-go of Debian as client and server (peers/quicgo). A machine without a compiler of Go gets it from elsewhere, as QUICGO.
QUICGO=${QUICGO:-}

# skip_without_quicgo: builds it, where it is not given; QUICGO is the program.
skip_without_quicgo() {
    [ -z "$QUICGO" ] || return 0
    go_peer quicgo
    QUICGO=$GO_PEER
}

# serve_quicgo ADDRESS PORT [retry]
serve_quicgo() {
    lab_spawn "$LAB_SERVER" "quicgo-$2" "$QUICGO" server "$1:$2" "$LAB_DIR/tls/cert.pem" "$LAB_DIR/tls/key.pem" "${@:3}"
    serve_wait "$2"
}

# client_quicgo ADDRESS:PORT NAME [OPTION...]
client_quicgo() {
    in_client timeout $((QW_SLOWER > 1 ? 60 : 20)) "$QUICGO" client "$@"
}
