#!/usr/bin/env bash
# S1, S5: a daemon that packets may pass without is taken over: the next one has its own process that stands in, so that packets
# pass while it hangs and when it was killed. A file with a mistake takes nothing over and closes nothing: the daemon that runs goes
# on.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without gtlsclient gtlsserver
lab_trap
lab_up && certificate_make && serve_gtls 4433 || exit 1

connects() { # FAMILY
    shows 'status: 200' client_gtls "$1" 4433
}

# refused STATUS FILE [OPTION]: beside the daemon that runs.
refused() {
    local expected=$1
    shift
    status_is "$expected" in_router timeout 20 "$QUICWARD" run -c "$@"
}

taken_over() {
    local old=$QUICWARD_PID
    mv "$LAB_DIR/quicward.log" "$LAB_DIR/quicward.old.log"
    lab_spawn "$LAB_ROUTER" quicward "$QUICWARD" run -c "$LAB_DIR/quicward.conf" --take-over
    QUICWARD_PID=$LAB_PID
    wait_for 10 quicward_ready && wait_for 10 ended "$old" && wait "$old"
}

mistakes() { # WHAT
    { cat "$LAB_DIR/quicward.conf" && echo 'nonsense = 1;'; } >"$LAB_DIR/broken.conf"
    check "$1: a file with a mistake takes nothing over" refused 78 "$LAB_DIR/broken.conf" --take-over
    check "$1: nor does it start beside" refused 78 "$LAB_DIR/broken.conf"
    check "$1: the rules stand" rules_installed
    check "$1: the daemon goes on" connects 4
}

open_modes() { # WHAT SNIPPET
    start_quicward "$2" || exit 1
    check "$1: it connects" connects 4
    mistakes "$1"
    check "$1: another daemon takes over" taken_over
    check "$1: and goes on" connects 6
    kill -STOP "$QUICWARD_PID"
    check "$1: packets pass while it hangs" connects 4
    kill -CONT "$QUICWARD_PID"
    kill -KILL "$QUICWARD_PID"
    wait "$QUICWARD_PID" 2>/dev/null
    check "$1: and when it was killed" connects 6
}

open_modes monitor 'mode = "monitor";'
open_modes pass 'mode = "firewall"; queue = { when_down = "pass"; };'
start_quicward || exit 1
mistakes drop
check 'quicward ends cleanly' stop_quicward
case_end
