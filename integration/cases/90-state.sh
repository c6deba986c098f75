#!/usr/bin/env bash
# S1: no connection fails and no mapping changes its external endpoint when quicward is killed and started, stopped and started, or
# hands over to another process: long transfers of ngtcp2's client and quic-go connections that fell silent, both families, modes
# firewall and nat. A state file that is torn, or another's, is moved aside; `quicward state` reads what is left.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without gtlsclient gtlsserver
skip_without_quicgo
lab_trap

state_file() {
    echo "$LAB_DIR/main.state"
}

sound() {
    "$QUICWARD" state check --json "$(state_file)" | tee /dev/stderr | jq -e .state.sound >/dev/null
}

# begin_transfers NAME: in the background; their status goes to files.
begin_transfers() {
    local family
    TRANSFERS=()
    for family in 4 6; do
        (
            QW_PATH=payload.txt client_gtls $family 4433 >"$LAB_DIR/$1-gtls-$family" 2>&1
            echo $? >"$LAB_DIR/$1-gtls-$family.status"
        ) &
        TRANSFERS+=($!)
        (
            client_quicgo "$(endpoint $family 4434)" server.test size=1000 wait=4000 >"$LAB_DIR/$1-go-$family" 2>&1
            echo $? >"$LAB_DIR/$1-go-$family.status"
        ) &
        TRANSFERS+=($!)
    done
    wait_for 10 quicgo_confirmed && sleep 0.5
}

quicgo_confirmed() {
    flow_state 4 4434 confirmed && flow_state 6 4434 confirmed && flow_state 4 4433 confirmed && flow_state 6 4433 confirmed
} 2>/dev/null

transfers_ended() { # NAME
    local what status=0
    wait "${TRANSFERS[@]}"
    for what in gtls-4 gtls-6 go-4 go-6; do
        echo "$what: status $(cat "$LAB_DIR/$1-$what.status")"
        [ "$(cat "$LAB_DIR/$1-$what.status")" = 0 ] || { tail -n 5 "$LAB_DIR/$1-$what" && status=1; }
    done
    [ "$(grep -c '^got 1000' "$LAB_DIR/$1-go-4")" = 2 ] && [ "$(grep -c '^got 1000' "$LAB_DIR/$1-go-6")" = 2 ] && return $status
    return 1
}

mappings_now() {
    mappings_json | jq -r '"\(.inside) \(.external)"' | sort
}

# every mapping of before is there, and is what it was.
mappings_kept() {
    local lost
    [ "$MODE" = nat ] || return 0
    lost=$(comm -23 "$LAB_DIR/mappings" <(mappings_now))
    [ -z "$lost" ] || { echo "lost: $lost" && return 1; }
}

remember() {
    [ "$MODE" = nat ] || return 0
    mappings_now >"$LAB_DIR/mappings"
    [ -s "$LAB_DIR/mappings" ]
}

again() {
    lab_spawn "$LAB_ROUTER" quicward "$QUICWARD" run -c "$LAB_DIR/quicward.conf" "$@"
    NEXT=$LAB_PID
}

killed() {
    kill -KILL "$QUICWARD_PID"
    wait "$QUICWARD_PID" 2>/dev/null
    sound || return 1
    again
    QUICWARD_PID=$NEXT
    wait_for 10 quicward_ready
}

stopped() {
    stop_quicward && sound || return 1
    again
    QUICWARD_PID=$NEXT
    wait_for 10 quicward_ready
}

handed_over() {
    local old=$QUICWARD_PID
    mv "$LAB_DIR/quicward.log" "$LAB_DIR/quicward.old.log"
    again --take-over
    QUICWARD_PID=$NEXT
    wait_for 10 quicward_ready && wait_for 10 ended "$old" && wait "$old" || return 1
    grep 'packets waited for' "$LAB_DIR/quicward.log"
}

survives() { # WHAT
    check "$MODE, $1: connections begin" begin_transfers "$1"
    check "$MODE, $1: they have mappings" remember
    check "$MODE, $1: it happens" "$1"
    check "$MODE, $1: mappings are what they were" mappings_kept
    check "$MODE, $1: it says what it took over" grep -E 'state: took over [1-9][0-9]* flows' "$LAB_DIR/quicward.log"
    check "$MODE, $1: no connection fails" transfers_ended "$1"
    check "$MODE, $1: rules stand once" rules_installed
    check_not "$MODE, $1: and not twice" rules_repeated
}

files_of_others() {
    check "$MODE: quicward ends" stop_quicward
    check "$MODE: state show lists flows" shows '"state":"confirmed"' "$QUICWARD" state show --json "$(state_file)"
    check "$MODE: and as a table" shows 'confirmed ' "$QUICWARD" state show "$(state_file)"
    truncate -s -1 "$(state_file)"
    check "$MODE: a torn file cannot be shown" status_is 1 "$QUICWARD" state check "$(state_file)"
    again && QUICWARD_PID=$NEXT
    check "$MODE: with it the daemon starts" wait_for 10 quicward_ready
    check "$MODE: and says why it is not believed" grep 'not used, because it is cut off' "$LAB_DIR/quicward.log"
    check "$MODE: the torn file is aside" test -e "$(state_file).refused"
    check "$MODE: there are no flows" [ -z "$(flows_json)" ]
    check "$MODE: another start has no way to it" status_is 1 in_router timeout 10 "$QUICWARD" run -c "$LAB_DIR/quicward.conf"
}

in_mode() { # MODE
    MODE=$1
    certificate_make && serve_gtls 4433 && serve_quicgo "" 4434 || exit 1
    head -c 12000000 /dev/zero | tr '\0' a >"$LAB_DIR/www/payload.txt"
    survives killed
    survives stopped
    survives handed_over
    files_of_others
    check "$MODE: quicward ends cleanly" stop_quicward
}

lab_up || exit 1
start_quicward || exit 1
in_mode firewall
lab_down
# shellcheck disable=SC2119
nat_lab_up || exit 1
start_nat || exit 1
in_mode nat
case_end
