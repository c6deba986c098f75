#!/usr/bin/env bash
# C5, C7, C8: a client that sends 0-RTT is confirmed; a flow that begins in the middle of a connection (migration, rebinding) is
# two-way UDP and passes; key updates change nothing.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without gtlsclient gtlsserver
case_lab
certificate_make && serve_gtls 4433 && serve_gtls 4434 && serve_gtls 4435 && serve_gtls 4436 || exit 1

for family in 4 6; do
    check "IPv$family migration" shows 'frm rx.*PATH_RESPONSE' \
        client_gtls $family 4433 --change-local-addr=100ms --delay-stream=300ms
    check "IPv$family the first path is confirmed" confirmed $family 4433
    check "IPv$family the second is two-way" flow_state $family 4433 two-way

    check "IPv$family rebinding" shows 'status: 200' \
        client_gtls $family 4434 --change-local-addr=100ms --nat-rebinding --delay-stream=300ms
    check "IPv$family the first path is confirmed" confirmed $family 4434
    check "IPv$family the second is two-way" flow_state $family 4434 two-way

    check "IPv$family key update" shows 'pkt rx.*k=1' client_gtls $family 4435 --key-update=100ms --delay-stream=300ms
    check "IPv$family its flow is confirmed" confirmed $family 4435

    tickets=(--session-file="$LAB_DIR/session$family" --tp-file="$LAB_DIR/parameters$family")
    check "IPv$family a session to resume" shows 'status: 200' client_gtls $family 4436 "${tickets[@]}"
    check "IPv$family its flow is confirmed" confirmed $family 4436
    check "IPv$family 0-RTT" shows 'pkt tx.*type=0RTT' client_gtls $family 4436 "${tickets[@]}"
    check "IPv$family its flow is confirmed" confirmed $family 4436
done
check 'quicward ends cleanly' stop_quicward
case_end
