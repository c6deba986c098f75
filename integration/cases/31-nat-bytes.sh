#!/usr/bin/env bash
# W6, N12, F6: of 100,000 datagrams each way, 0 to 65503 bytes long, no byte changes but endpoints, checksums and TTL: payload,
# UDP checksum (0 stays 0), DSCP and ECN, DF, identification and IP options arrive as they were sent. N1: one external endpoint
# for each inside port.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
lab_trap
nat_lab_up 65535 && start_nat || exit 1
COUNT=${QW_SAMPLES:-100000}
lab_spawn "$LAB_SERVER" sample_echo "$QW_TOOLS/sample_echo" "$S4:7000" 2
serve_wait 7000 || exit 1

check "$COUNT datagrams there and back" in_client timeout 2000 "$QW_TOOLS/sample_send" "$C4:5000" "$S4:7000" "$COUNT" 2
check 'every one arrived as it was sent' status_is 1 grep -v '^source' "$LAB_DIR/sample_echo.log"
check 'from eight endpoints' [ "$(grep -c "^source $X4:" "$LAB_DIR/sample_echo.log")" = 8 ]
check 'nothing was dropped' [ "$(stat_of dropped)" = 0 ]
check 'quicward ends cleanly' stop_quicward
case_end
