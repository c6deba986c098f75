#!/usr/bin/env bash
# P1, P2, P3: three flows that each fill the link and never yield, and 200 (50 on a slow machine) that together take a third of it:
# the small ones lose nothing, unless nobody is to be spared. A router that stood still for four seconds blocks nobody afterwards.
# long: 50 s
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
SMALL=$((QW_SLOWER > 1 ? 50 : 200)) RATE=4 BYTES=100
CAPACITY=$((SMALL * RATE * (BYTES + 28) * 8 * 3))
case_lab "throttles = ( { interface = \"wan0\"; direction = \"out\"; capacity = \"$CAPACITY\"; } );"

# load SECONDS: the small flows; what became of them is in hear.log.
load() {
    lab_spawn "$LAB_SERVER" hear "$QW_TOOLS/flows_hear" "$S4:7000" $SMALL 24
    HEAR=$LAB_PID
    wait_for 3 listening "$LAB_SERVER" 7000 || return 1
    in_client "$QW_TOOLS/flows_send" "$C4:20000" "$S4:7000" $SMALL $RATE $BYTES "$1"
    wait_for 10 ended "$HEAR"
    lab_stop "$HEAR"
    tail -n 1 "$LAB_DIR/hear.log"
}

fat() { # SECONDS
    lab_spawn "$LAB_CLIENT" fat "$QW_TOOLS/flows_send" "$C4:30000" "$S4:7001" 3 $((CAPACITY / 8 / 1028)) 1000 "$1"
    FAT=$LAB_PID
}

all_whole() {
    tail -n 1 "$LAB_DIR/hear.log" | grep -q ": $SMALL flows came whole"
}

blocked_now() { # FROM TO
    stats_json | jq -e ".stats.throttles[0] | .flows_blocked >= $1 and .flows_blocked <= $2 and .spared.small > $((SMALL * 3 / 4))"
}

lab_spawn "$LAB_SERVER" sink "$QW_TOOLS/flows_hear" "$S4:7001" 3 10
check 'three fat flows begin' fat 25
sleep 3
load 8 >"$LAB_DIR/load.log" &
loading=$!
check 'the statistics tell who is blocked, and who is spared' wait_for 6 blocked_now 2 3
wait $loading
check 'none of the small flows lost a packet in the end' all_whole
quicward_conf "throttles = ( { interface = \"wan0\"; direction = \"out\"; capacity = \"$CAPACITY\"; } );
throttle = { spare_small = false; };" >"$LAB_DIR/quicward.conf"
check 'small flows are no longer spared' quicward_ask reload
load 8
check_not 'then they lose' all_whole
check 'quicward ends cleanly' stop_quicward

check 'the fat flows end' wait_for 30 ended "$FAT"
start_quicward "throttles = ( { interface = \"wan0\"; direction = \"out\"; capacity = \"$((CAPACITY / 2))\"; } );" || exit 1
load 14 >"$LAB_DIR/load.log" &
loading=$!
sleep 4
check 'the router stands still for four seconds' kill -STOP "$QUICWARD_PID"
sleep 4
check 'and goes on' kill -CONT "$QUICWARD_PID"
wait $loading
check 'nobody was blocked' [ "$(stat_of reasons.throttled)" = 0 ]
check 'quicward ends cleanly' stop_quicward
case_end
