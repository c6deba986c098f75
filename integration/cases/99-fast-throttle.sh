#!/usr/bin/env bash
# alone
# P1, P2, P4, X6: flows under a throttle go fast, and the kernel's program blocks just those that the throttle names: both families, at tc and at
# XDP. What it drops and lets pass is in the statistics. A reload reaches it, and a load by it moves the share.
# How closely the controller settles is judged where no busy machine holds up the clock: tests/throttle/test_fast.c.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without ethtool jq
lab_trap
lab_up || exit 1
FLOWS=20

limits() { # FLOOR CEILING CAPACITY
    echo "offload = \"$PLACE\"; throttles = ( { interface = \"wan0\"; direction = \"out\"; capacity = \"$3\"; } );
throttle = { floor = $1; ceiling = $2; };"
}

reload_with() { # FLOOR CEILING CAPACITY
    quicward_conf "$(limits "$@")" >"$LAB_DIR/quicward.conf"
    quicward_ask reload
}

ask_from() { # FAMILY PORT [BYTES]: patience is for answers that come
    in_client "$QW_TOOLS/udp_ask" "$(inside "$1" "$2")" "$(endpoint "$1" 9000)" question $((300 * PATIENCE)) "${@:3}" >/dev/null 2>&1
}

all_ask() { # FAMILY
    local i
    for ((i = 0; i < FLOWS; i++)); do
        ask_from "$1" $((5000 + i)) || return 1
    done
}

# All flows of the family, in the order of their ports: the port, where it stands, and whether it goes fast.
flows_of() { # FAMILY
    flows_json | jq -r "select(.server == \"$(endpoint "$1" 9000)\") |
        \"\(.client | split(\":\") | last) \(.throttled_from) \(.fast)\"" | sort -n
}

all_fast() { # FAMILY
    all_ask "$1"
    [ "$(flows_of "$1" | grep -c ' true$')" = $FLOWS ]
}

# Who stands below the share is not answered, who stands above it is. All ask at once, for the unanswered wait long.
blocked_as_told() { # FAMILY SHARE
    local port from wrong=0 blocked=0
    local -A asks=() wanted=()
    while read -r port from _; do
        wanted[$port]=passes
        if awk -v f="$from" -v s="$2" 'BEGIN { exit !(f < s / 100) }'; then
            wanted[$port]=blocked blocked=$((blocked + 1))
            ask_from "$1" "$port" &
        else
            { ask_from "$1" "$port" || ask_from "$1" "$port"; } &
        fi
        asks[$port]=$!
    done <"$LAB_DIR/flows$1"
    for port in "${!asks[@]}"; do
        from=blocked
        ! wait "${asks[$port]}" || from=passes
        [ $from = "${wanted[$port]}" ] || { wrong=$((wrong + 1)); echo "  $port: $from"; }
    done
    echo "  $blocked of $FLOWS are to be blocked, $wrong fare otherwise"
    [ $wrong = 0 ] && [ $blocked -gt 0 ] && [ $blocked -lt $FLOWS ]
}

dropped_by_program() {
    quicward_ask offload --json | jq -s 'last.offload.dropped["of a flow that a throttle blocks"]'
}

# Of a flow that has idled out meanwhile the queue drops the next packet.
counted_alike() { # AT-LEAST
    local program all throttle
    program=$(dropped_by_program) all=$(stat_of reasons.throttled) throttle=$(stat_of 'throttles[0].dropped')
    echo "  the program $program, all $all, the throttle $throttle"
    [ "$program" -ge "$1" ] && [ "$all" -ge "$program" ] && [ "$throttle" = "$all" ]
}

# Twenty times the capacity, by flows that both sides use.
busy() {
    lab_spawn "$LAB_SERVER" order "$QW_TOOLS/order_echo" "$S4:9100" 4000
    wait_for 5 listening "$LAB_SERVER" 9100 || return 1
    lab_spawn "$LAB_CLIENT" load "$QW_TOOLS/handover_send" "$S4:9100" 100 100 2000 2000
}

share_rose() {
    stats_json | jq -c '.stats.throttles[0] | [.share, .share_small, .offered, .passed, .dropped, .flows_hit]'
    stats_json | jq -e '.stats.throttles[0] | .share > 0.2 and .offered > .capacity and .flows_hit > 20' >/dev/null &&
        [ "$(dropped_by_program)" -gt $((1000 + $1)) ]
}

for PLACE in tc xdp; do
    fast_links $PLACE || exit 1
    start_quicward "$(limits 0 0 1G)" || exit 1
    fast_or_skip
    lab_spawn "$LAB_SERVER" echo4 "$QW_TOOLS/udp_echo" "$(endpoint 4 9000)"
    echos=("$LAB_PID")
    lab_spawn "$LAB_SERVER" echo6 "$QW_TOOLS/udp_echo" "$(endpoint 6 9000)"
    echos+=("$LAB_PID")
    wait_for 5 listening "$LAB_SERVER" 9000 || exit 1
    for family in 4 6; do
        check "$PLACE: IPv$family: $FLOWS flows over a limited interface go fast" wait_for 20 all_fast $family
        flows_of $family >"$LAB_DIR/flows$family"
    done
    check "$PLACE: nothing is blocked yet" counted_alike 0
    check "$PLACE: a reload to 45 %" reload_with 45 45 1G
    sleep 1
    for family in 4 6; do
        check "$PLACE: IPv$family: those that stand below it are blocked, no others" blocked_as_told $family 45
    done
    check "$PLACE: the program dropped them, and all figures say so" wait_for 5 counted_alike 10
    check "$PLACE: they stay fast" [ "$(flows_of 4 | grep -c ' true$')" -ge $((FLOWS / 3)) ]
    check "$PLACE: a reload to nothing" reload_with 0 0 1G
    sleep 1
    check "$PLACE: all of them pass again" all_ask 4
    check "$PLACE: a reload to a small capacity" reload_with 0 100 400k
    before=$(dropped_by_program)
    check "$PLACE: a load begins" busy
    load=$LAB_PID
    check "$PLACE: it is seen, and blocked by the program" wait_for 30 share_rose "$before"
    lab_stop "$load"
    check "$PLACE: quicward ends cleanly" stop_quicward
    for pid in "${echos[@]}"; do
        lab_stop "$pid"
    done
done
case_end
