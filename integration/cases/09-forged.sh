#!/usr/bin/env bash
# C1, C8: a server answer to the wrong connection ID, and no answer at all, confirm nothing, whatever the client goes on to
# send; the right answer does.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
case_lab

serve_crafted() { # PORT right|wrong
    lab_spawn "$LAB_SERVER" "crafted4-$1" "$QW_TOOLS/quic_server" "$S4:$1" "$2"
    lab_spawn "$LAB_SERVER" "crafted6-$1" "$QW_TOOLS/quic_server" "[$S6]:$1" "$2"
    wait_for 5 serve_both_families "$1"
}

crafted() { # FAMILY PORT [initial]
    in_client "$QW_TOOLS/quic_client" "$(inside "$1" 0)" "$(endpoint "$1" "$2")" "${@:3}"
}

serve_crafted 443 right && serve_crafted 444 wrong && serve_crafted 445 right || exit 1
for family in 4 6; do
    check "IPv$family no answer" shows 'no answer' crafted $family 446
    check "IPv$family stays initial" flow_state $family 446 initial v1
    check "IPv$family the right answer, and no more" shows answered crafted $family 445 initial
    check "IPv$family is replied" flow_state $family 445 replied v1
    check "IPv$family an answer to the wrong connection ID arrives" shows answered crafted $family 444
    check "IPv$family is not replied" no_flow_state $family 444 replied
    check "IPv$family is not confirmed" no_flow_state $family 444 confirmed
    check "IPv$family the right answer" shows answered crafted $family 443
    check "IPv$family is confirmed" confirmed $family 443
done
check 'quicward ends cleanly' stop_quicward
case_end
