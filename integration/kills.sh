#!/usr/bin/env bash
# S1: kill -9 many times in a row, at random moments under load: kills.sh [COUNT [nat|firewall]]
# Connections fall silent and speak again over all of it, packets of new flows come all the time, and after each kill
# `quicward state check` must find the file sound. At the end no connection has failed, and no mapping of one has changed.
# 1000 kills by default, which take about an hour. QUICWARD is the program.
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
skip_without gtlsserver
skip_without_quicgo
COUNT=${1:-1000} MODE=${2:-nat} CONNECTIONS=10
STATE=main.state
lab_trap

# shellcheck disable=SC2119 # the MTU is optional
lab_begin() {
    if [ "$MODE" = nat ]; then
        nat_lab_up && start_nat
    else
        lab_up && start_quicward
    fi
}

# One after the other until a file says that it is over: each asks, falls silent, and asks again. What failed before its first
# answer was never established, as when a client gives up while nobody forwards.
begin_connections() {
    local i family
    for ((i = 0; i < CONNECTIONS; i++)); do
        family=$((i % 2 ? 6 : 4))
        (
            while [ ! -e "$LAB_DIR/over" ]; do
                one_connection $family "$LAB_DIR/go-$i"
            done
        ) &
        OTHERS+=($!)
    done
}

one_connection() { # FAMILY FILE
    local answers status=0
    in_client timeout 60 "$QUICGO" client "$(endpoint "$1" 4434)" server.test size=1000 "wait=$((1000 + RANDOM % 5000))" >"$2" 2>&1 || status=$?
    answers=$(grep -c '^got 1000' "$2")
    if [ "$answers" = 0 ]; then
        echo never >>"$2.never"
    else
        echo established >>"$2.done"
        [ $status = 0 ] || { cat "$2" && echo "status $status"; } >>"$2.failed"
    fi
}

# One-packet flows and answered ones, so that records begin and end all the time.
begin_noise() {
    (
        while [ ! -e "$LAB_DIR/over" ]; do
            in_client "$QW_TOOLS/udp_ask" "$(inside 4 0)" "$S4:7000" question 200 >/dev/null 2>&1
        done
    ) &
    OTHERS+=($!)
}

# One mapping that is held all the time: its endpoint must stay.
anchor() {
    in_client "$QW_TOOLS/udp_ask" "$(inside 4 5555)" "$S4:7000" question 10000
}

anchor_endpoint() {
    if [ "$MODE" = nat ]; then external_of "$C4:5555"; else echo none; fi
}

again() {
    lab_spawn "$LAB_ROUTER" quicward "$QUICWARD" run -c "$LAB_DIR/quicward.conf"
    QUICWARD_PID=$LAB_PID
}

# confirmed_now [MS]: one a line, with the endpoint that its server sees. With MS only those whose idle timer goes on for longer:
# what ends in its time meanwhile was not lost.
confirmed_now() {
    flows_json >"$LAB_DIR/now" || flows_json >"$LAB_DIR/now" || return 1 # a busy machine may be late with an answer
    jq -r --argjson ms "${1:-0}" 'select(.state == "confirmed" and .expires_ms > $ms) | "\(.client) \(.external) \(.server)"' "$LAB_DIR/now" | sort
}

# Each confirmed flow is there again, and looks the same to its server.
look_at_flows() { # KILL
    local lost
    confirmed_now >"$LAB_DIR/still" || { echo "kill $1: it does not answer" && UNANSWERED=$((UNANSWERED + 1)) && return; }
    lost=$(comm -23 "$LAB_DIR/confirmed" "$LAB_DIR/still")
    CONFIRMED=$((CONFIRMED + $(wc -l <"$LAB_DIR/confirmed")))
    [ -z "$lost" ] || {
        echo "kill $1: lost: $lost" && cat "$LAB_DIR/quicward.log"
        LOST=$((LOST + $(wc -l <<<"$lost")))
    }
}

# Up for longer than it was down: a client whose packets are lost sends ever more rarely, and must find it up now and then.
one_kill() {
    local down_from
    sleep "0.$((RANDOM % 1000))"
    confirmed_now 60000 >"$LAB_DIR/confirmed" || : >"$LAB_DIR/confirmed"
    down_from=$EPOCHREALTIME
    kill -KILL "$QUICWARD_PID"
    wait "$QUICWARD_PID" 2>/dev/null
    cp -p "$LAB_DIR/$STATE" "$LAB_DIR/$STATE.copy" 2>/dev/null # what is looked at is not what the next one moves
    again
    "$QUICWARD" state check --json "$LAB_DIR/$STATE.copy" >"$LAB_DIR/check.json" || {
        echo "kill $1: not sound: $(cat "$LAB_DIR/check.json")"
        UNSOUND=$((UNSOUND + 1))
    }
    wait_for 10 quicward_ready || { echo "kill $1: it does not start again" && return 1; }
    look_at_flows "$1"
    sleep "$(bc <<<"($EPOCHREALTIME - $down_from) * 1.5")"
    look_at_anchor "$1"
    [ $(($1 % 50)) != 0 ] || echo "$1 kills, $LOST of $CONFIRMED confirmed flows lost"
}

look_at_anchor() { # KILL
    anchor >/dev/null
    [ "$(anchor_endpoint)" != "$ENDPOINT" ] || return 0
    echo "kill $1: the mapping was $ENDPOINT and is $(anchor_endpoint)"
    CHANGED=$((CHANGED + 1))
}

OTHERS=() UNSOUND=0 CHANGED=0 LOST=0 CONFIRMED=0 UNANSWERED=0
lab_begin || exit 1
certificate_make && serve_quicgo "" 4434 && serve_echo 7000 || exit 1
anchor >/dev/null || exit 1
ENDPOINT=$(anchor_endpoint)
begin_connections
begin_noise
for ((kill_number = 1; kill_number <= COUNT; kill_number++)); do
    one_kill $kill_number || exit 1
done
touch "$LAB_DIR/over"
wait "${OTHERS[@]}"
connections=$(cat "$LAB_DIR"/go-*.done | wc -l) failed=$(cat "$LAB_DIR"/go-*.failed 2>/dev/null | grep -c '^status')
never=$(cat "$LAB_DIR"/go-*.never 2>/dev/null | wc -l)
cat "$LAB_DIR"/go-*.failed 2>/dev/null
printf '%s\n' "mode $MODE: $COUNT kills, $connections established connections, $failed failed, $never attempts given up, $LOST of $CONFIRMED confirmed flows lost, $UNSOUND unsound files, $UNANSWERED looks without an answer, $CHANGED changed mappings"
[ "$failed" = 0 ] && [ $LOST = 0 ] && [ $UNSOUND = 0 ] && [ $CHANGED = 0 ]
