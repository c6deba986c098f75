#!/usr/bin/env bash
# T1, T5, N1: coturn's lifetime test: a mapping that was used once still stands after 125 s of silence, and its client's next
# packet leaves by the same endpoint.
# long: 135 s
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without turnserver turnutils_natdiscovery
IDLE_S=125
case_nat
serve_echo 7000 || exit 1
lab_spawn "$LAB_SERVER" turnserver turnserver -n --no-cli --stun-only -L "$S4" -L "$SB4" -p 3478 \
    --alt-listening-port=3479 --pidfile "$LAB_DIR/turn.pid" -l stdout
serve_wait 3478 || exit 1

lifetime() {
    in_client timeout $((IDLE_S + 20)) turnutils_natdiscovery -t -T $IDLE_S -L "$C4" "$S4"
}

check 'a datagram is answered' ask "$C4:5000" "$S4:7000"
external=$(external_of "$C4:5000")
check "the mapping answers after $IDLE_S s" shows 'RFC 5780 response 2' lifetime
check 'the other one stands too' [ "$(external_of "$C4:5000")" = "$external" ]
check 'its server still gets through' hears_at "$LAB_CLIENT" "$C4:5000" \
    in_server "$QW_TOOLS/udp_send" "$S4:9" "$external" late
check 'and it leaves by it' shows "^${external//./\\.} " hears_at "$LAB_SERVER" "$S4:7001" \
    in_client "$QW_TOOLS/udp_send" "$C4:5000" "$S4:7001" again
check 'quicward ends cleanly' stop_quicward
case_end
