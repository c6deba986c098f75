#!/usr/bin/env bash
# S2: reloading a wrong file changes nothing and names each error; new timers take effect for flows that exist, which go on.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
case_lab 'timers = { two_way = 300; };'
serve_echo 7000 || exit 1

asks() {
    in_client "$QW_TOOLS/udp_ask" "$C4:5000" "$S4:7000" question 20000
}

timer_is() { # SECONDS
    flow_is ".server == \"$S4:7000\" and .idle_ms + .expires_ms > ($1 - 2) * 1000 and .idle_ms + .expires_ms < ($1 + 2) * 1000"
}

write_conf() { # SNIPPET
    quicward_conf "$1" >"$LAB_DIR/quicward.conf"
}

# reload_refused PATTERN...: status 1, and the output matches each of them.
reload_refused() {
    local output status=0 pattern
    output=$(quicward_ask reload 2>&1) || status=$?
    printf '%s\n' "$output"
    for pattern in "$@"; do
        grep -qE -- "$pattern" <<<"$output" || return 1
    done
    [ $status = 1 ]
}

check 'a flow' asks
id=$(flows_json | jq -r 'select(.server | endswith(":7000")) | .id')
check 'its timer is 300 s' timer_is 300

write_conf 'timers = { two_way = 60; confirmed = "soon"; };'
check 'a wrong file: every error by file and line' reload_refused "quicward.conf:[0-9]+: .*60" "quicward.conf:[0-9]+: .*confirmed"
check 'nothing changed' timer_is 300
check 'the log has them too' grep -qE 'reload: .*quicward.conf:[0-9]+: .*confirmed' "$LAB_DIR/quicward.log"
write_conf 'timers = { two_way = 400; }; queue = { first = 7400; workers = 1; };'
check 'a key that a running daemon cannot change' reload_refused 'queue|workers'
check 'nothing changed' timer_is 300

write_conf 'timers = { two_way = 200; };'
check 'a right file' quicward_ask reload
check 'the new timer holds for the flow' timer_is 200
check 'the flow goes on' asks
check 'it is the same flow' flow_is ".id == $id and .up.packets == 2"

write_conf 'timers = { two_way = 240; };'
kill -HUP "$QUICWARD_PID"
check 'SIGHUP reloads too' wait_for 2 timer_is 240
check 'quicward ends cleanly' stop_quicward
case_end
