#!/usr/bin/env bash
# S4, S5, S6: SIGTERM ends quicward within two seconds with status 0, its socket gone and its rules dropping, or gone where
# packets may pass; a second one is refused by name while the first goes on; it can start again after kill -9.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
case_lab
serve_echo 7000 || exit 1

works() {
    in_client "$QW_TOOLS/udp_ask" "$(inside 4 0)" "$S4:7000" question 20000 &&
        in_client "$QW_TOOLS/udp_ask" "$(inside 6 0)" "[$S6]:7000" question 20000
}

second() { # CONFIGURATION
    in_router timeout 10 "$QUICWARD" run -c "$1"
}

check 'datagrams pass' works
check 'rules feed the queues' rules_installed
check 'the control socket is there' test -S "$LAB_DIR/control"

first=$QUICWARD_PID
check 'a second start ends with status 1' status_is 1 second "$LAB_DIR/quicward.conf"
sed "s|$LAB_DIR/control|$LAB_DIR/control2|" "$LAB_DIR/quicward.conf" >"$LAB_DIR/second.conf"
check 'so with a control socket of its own' status_is 1 second "$LAB_DIR/second.conf"
check "it names the holder's process" shows "\\b$first\\b" second "$LAB_DIR/second.conf"
check 'the first one goes on' works
check 'its rules are still there' rules_installed
check 'it still answers' stats_json

before=$(date +%s%N)
check 'SIGTERM: status 0' stop_quicward
took=$((($(date +%s%N) - before) / 1000000))
check "within two seconds ($took ms)" [ $took -lt 2000 ]
check 'the rules stay' rules_installed
check_not 'and drop' works
check_not 'no socket is left' test -e "$LAB_DIR/control"

start_quicward || exit 1
check 'it starts again' works
kill -KILL "$QUICWARD_PID"
wait "$QUICWARD_PID" 2>/dev/null
start_quicward || exit 1
check 'and after kill -9' works
check_not 'no rule stands twice' rules_repeated
check 'quicward ends cleanly' stop_quicward
check 'what rules --remove prints' rules_remove
check_not 'leaves no rule' rules_installed
check 'datagrams pass' works
start_quicward 'queue = { first = 7400; when_down = "pass"; };' || exit 1
check 'when_down = "pass": quicward ends cleanly' stop_quicward
check_not 'no rule is left' rules_installed
check 'datagrams pass' works
case_end
