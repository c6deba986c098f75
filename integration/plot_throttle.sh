#!/usr/bin/env bash
# Draws docs/throttle.svg from a run in the lab, as root, in a minute and a half: 200 equal flows at ten times the capacity,
# then 50 at two and a half times, then 10 at half of it. Offered and passed load, the shares that are blocked, and how many flows are blocked and spared.
#   QUICWARD   the program (build-release/quicward)
#   QW_TOOLS   the helper programs (tests/tools beside it)
set -u
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
FLOWS=200 RATE=50 BYTES=200
CAPACITY=$((FLOWS * RATE * (BYTES + 28) * 8 / 10))
picture=$QW_ROOT/docs/throttle.svg

# sample: until the last sender has ended, a line for throttle_figure at every look of the controller.
sample() {
    local began
    began=$(date +%s%3N)
    until [ -e "$LAB_DIR/over" ]; do
        stats_json | jq -r --argjson at $(($(date +%s%3N) - began)) \
            '.stats.throttles[0] | [$at, .offered, .passed, .share, .share_confirmed, .share_small, .flows_blocked,
                .spared.confirmed, .spared.small] | join(" ")'
        sleep 0.18
    done
}

load() { # FLOWS SECONDS
    in_client "$QW_TOOLS/flows_send" "$C4:20000" "$S4:7000" "$1" $RATE $BYTES "$2"
}

case_lab "throttles = ( { interface = \"wan0\"; direction = \"out\"; capacity = \"$CAPACITY\"; } );"
lab_spawn "$LAB_SERVER" hear "$QW_TOOLS/flows_hear" "$S4:7000" $FLOWS 150
wait_for 3 listening "$LAB_SERVER" 7000 || exit 1
sample >"$LAB_DIR/samples" &
sampler=$!
load $FLOWS 20 && load $((FLOWS / 4)) 40 && load $((FLOWS / 20)) 25 || exit 1
touch "$LAB_DIR/over"
wait $sampler
"$QW_TOOLS/throttle_figure" wan0 $CAPACITY <"$LAB_DIR/samples" >"$picture" || exit 1
stop_quicward
echo "$picture"
