#!/usr/bin/env bash
# P1, P2, P3: 200 flows at ten times the capacity. Most of them are blocked; who begins now and is blocked fails with its first
# packet; confirmed connections lose nothing. How close to the capacity the controller settles and that no flow is torn is
# judged where no busy machine holds up the clock: tests/engine/test_throttle.c; with a share that stands still: case 54.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without gtlsclient gtlsserver tcpdump
FLOWS=200 RATE=50 BYTES=200 SECONDS_OF_LOAD=32
CAPACITY=$((FLOWS * RATE * (BYTES + 28) * 8 / 10))
case_lab "throttles = ( { interface = \"wan0\"; direction = \"out\"; capacity = \"$CAPACITY\"; } );"
certificate_make && serve_gtls 4433 || exit 1
head -c 300000 /dev/urandom >"$LAB_DIR/www/later"

# A connection that is there before the load, and asks for its file amid it.
connect_early() { # NUMBER
    mkdir -p "$LAB_DIR/early$1"
    QW_PATH=later lab_client "early-$1" --delay-stream=9s --download="$LAB_DIR/early$1" -q
}

lab_client() { # NAME OPTION...
    local name=$1
    shift
    client_gtls 4 4433 "$@" >"$LAB_DIR/$name.log" 2>&1
}

early_confirmed() {
    flow_is '.state == "confirmed"' && [ "$(flows_json | jq -s 'map(select(.state == "confirmed")) | length')" = 5 ]
}

start_load() {
    lab_spawn "$LAB_SERVER" hear "$QW_TOOLS/flows_hear" "$S4:7000" $FLOWS 150
    HEAR=$LAB_PID
    wait_for 3 listening "$LAB_SERVER" 7000 || return 1
    lab_spawn "$LAB_CLIENT" load "$QW_TOOLS/flows_send" "$C4:20000" "$S4:7000" $FLOWS $RATE $BYTES $SECONDS_OF_LOAD
}

newcomer() { # NUMBER
    mkdir -p "$LAB_DIR/new$1"
    lab_client "new-$1" --handshake-timeout=12s --download="$LAB_DIR/new$1" -q
    [ -s "$LAB_DIR/new$1/index.html" ]
}

# Twenty clients of one attempt each. A blocked one fails, and nothing of it leaves. The others need seconds on a slow machine.
newcomers() {
    local number pids=() through=0 seen
    capture_start server || return 1
    for number in {1..20}; do
        newcomer "$number" &
        pids+=($!)
    done
    for number in "${pids[@]}"; do
        wait "$number" && through=$((through + 1))
    done
    capture_stop server
    seen=$(captured_flows server 'udp dst port 4433 and greater 1200')
    echo "$through of 20 got through; of $seen flows an Initial left"
    # The share moves a little with a load that does: one may lose its place amid its handshake, or find it late.
    [ "$seen" -lt 20 ] && [ $((seen - through)) -le 1 ]
}

# The load is over the capacity, and shares of the flows are blocked that are not confirmed.
share_shown() {
    stats_json | jq -e '.stats.throttles[0] | .share > 0.4 and .share < 1 and .share_confirmed == 0 and
        .offered > 2 * .capacity and .flows_hit > 80 and .flows_hit < 260'
}

early_whole() {
    local number
    for number in {1..5}; do
        cmp "$LAB_DIR/www/later" "$LAB_DIR/early$number/later" || return 1
    done
}

early=()
for number in {1..5}; do
    connect_early "$number" &
    early+=($!)
done
check 'five connections are there' wait_for 5 early_confirmed
check 'the load begins' start_load
check 'it is over the capacity, and most of it is blocked' wait_for 8 share_shown
check 'twenty newcomers: who is blocked fails with the first packet' newcomers
for pid in "${early[@]}"; do
    wait "$pid"
done
check 'the five, confirmed before, got their files amid the load' early_whole
check 'the load ends' wait_for 30 ended "$HEAR"
check 'what was blocked is counted' [ "$(stat_of reasons.throttled)" -gt 1000 ]
check 'quicward ends cleanly' stop_quicward
case_end
