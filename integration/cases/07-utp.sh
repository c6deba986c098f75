#!/usr/bin/env bash
# W7: uTP, whose first byte can look like a QUIC header, passes between real BitTorrent programs and is no confirmed flow.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
/usr/bin/python3 -c 'import libtorrent' 2>/dev/null || skip 'python3-libtorrent is not installed'
case_lab
peer=$QW_ROOT/integration/peers/utp.py
head -c 300000 /dev/urandom >"$LAB_DIR/content"
lab_spawn "$LAB_SERVER" seed /usr/bin/python3 "$peer" seed "$S4,[$S6]" 6881 "$LAB_DIR/content"
wait_for 10 listening "$LAB_SERVER" 6881 || exit 1

listen=([4]=$C4 [6]="[$C6]")
for family in 4 6; do
    mkdir -p "$LAB_DIR/down$family"
    check "IPv$family 300 kB by uTP" in_client timeout 40 /usr/bin/python3 "$peer" fetch "${listen[$family]}" 6881 \
        "$LAB_DIR/content" "$LAB_DIR/down$family" "$(server_address $family)"
    check "IPv$family whole" cmp "$LAB_DIR/content" "$LAB_DIR/down$family/content"
    check "IPv$family its flow is two-way" flow_state $family 6881 two-way
done
check 'nothing is confirmed' no_flow_is '.state == "confirmed"'
check 'quicward ends cleanly' stop_quicward
case_end
