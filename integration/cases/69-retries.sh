#!/usr/bin/env bash
# C3, C6: a ClientHello in two datagrams gets two Retries, and goes on as one confirmed connection: quic-go as client and server with
# connection IDs of several lengths, in firewall and nat mode. Versions that only their long headers show are confirmed too.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without_quicgo

# serve_cids FAMILY PORT CID [retry]
serve_cids() {
    lab_spawn "$LAB_SERVER" "cids-$1-$2" "$QUICGO" server "$(endpoint "$1" "$2")" "$LAB_DIR/tls/cert.pem" "$LAB_DIR/tls/key.pem" \
        echo "cid=$3" "${@:4}"
    serve_wait "$2"
}

# echoes FAMILY PORT CID [OPTION...]
echoes() {
    shows '^echo hello-quic$' client_quicgo "$(endpoint "$1" "$2")" cids.server.test echo "cid=$3" "${@:4}"
}

# retried FAMILY PORT TIMES: the server has sent so many Retries, or more.
retried() {
    [ "$(grep -c retry "$LAB_DIR/cids-$1-$2.log")" -ge "$3" ]
}

named() { # FAMILY PORT
    flow_is ".server == \"$(endpoint "$1" "$2")\" and .state == \"confirmed\" and .sni == \"cids.server.test\" and .alpn_more"
}

# all FAMILY MODE CID...: clients with CIDs of those lengths.
all() {
    local family=$1 mode=$2 short=4${1}01 long=4${1}02 plain=4${1}03 cid retries=0
    shift 2
    certificate_make && serve_cids "$family" "$short" 4 retry && serve_cids "$family" "$long" 18 retry &&
        serve_cids "$family" "$plain" 7 || exit 1
    for cid in "$@"; do
        retries=$((retries + 1))
        check "$mode, IPv$family: a client CID of $cid bytes, a server CID of 4" echoes "$family" "$short" "$cid" big
        check 'its flow is confirmed' confirmed "$family" "$short"
        check "$mode, IPv$family: a client CID of $cid bytes, a server CID of 18" echoes "$family" "$long" "$cid" big
        check 'its flow is confirmed' confirmed "$family" "$long"
    done
    # A client on a busy machine may have its first Retry before it sends the second half: not each gets two.
    check 'there were more Retries than clients' retried "$family" "$short" $((retries + 1))
    check 'there were more Retries than clients' retried "$family" "$long" $((retries + 1))
    check 'the name was read' named "$family" "$short"
    check 'one Retry' echoes "$family" "$short" 0
    check 'its flow is confirmed' confirmed "$family" "$short"
    check 'draft 29, with Retries' echoes "$family" "$short" 0 big draft29
    check 'is confirmed by its connection IDs' confirmed "$family" "$short" 0xff00001d
    check 'the draft of version 2' echoes "$family" "$plain" 8 v2
    check 'is confirmed by its connection IDs' confirmed "$family" "$plain" 0x709a50c4
}

case_lab
all 4 firewall 0 4 11 18
all 6 firewall 0 18
check 'quicward ends cleanly' stop_quicward
lab_down
# shellcheck disable=SC2034 # read by confirmed
case_nat
all 4 nat 0 18
check 'quicward ends cleanly' stop_quicward
case_end
