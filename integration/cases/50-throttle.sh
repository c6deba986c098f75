#!/usr/bin/env bash
# P1, P2, P3: 200 flows at ten times the capacity. What passes settles at the capacity within seconds; each flow then passes
# whole or not at all; who begins now and is blocked fails with its first packet; confirmed connections lose nothing.
# long: 40 s
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without gtlsclient gtlsserver tcpdump
FLOWS=200 RATE=50 BYTES=200 SECONDS_OF_LOAD=16
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

# settled FROM_MS TO_MS: mean rate between them, as a share of the capacity, within a tenth.
settled() {
    awk -v from="$1" -v to="$2" -v capacity=$CAPACITY '
        $1 == "at" && $2 > from && $2 <= to { bytes += $3 }
        END { share = bytes * 8000 / (to - from) / capacity; print "passed", share, "of the capacity"
              exit !(share > 0.9 && share < 1.1) }' "$LAB_DIR/hear.log"
}

heard_until() { # MILLISECONDS
    awk -v at="$1" '$1 == "at" && $2 >= at { found = 1 } END { exit !found }' "$LAB_DIR/hear.log"
}

newcomer() { # NUMBER
    mkdir -p "$LAB_DIR/new$1"
    lab_client "new-$1" --handshake-timeout=700ms --download="$LAB_DIR/new$1" -q
    [ -s "$LAB_DIR/new$1/index.html" ]
}

# Twenty clients of one attempt each. A blocked one fails, and nothing of it leaves.
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
    [ "$through" = "$seen" ] && [ "$through" -lt 15 ]
}

share_shown() {
    stats_json | jq -e '.stats.throttles[0] | .share > 0.8 and .share < 0.95 and .share_confirmed == 0 and
        .offered > 5 * .capacity and .flows_hit > 140 and .flows_hit < 260'
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
check 'it is over the capacity for five seconds' wait_for 20 heard_until 5000
check 'quicward stats shows it' wait_for 5 share_shown
check 'twenty newcomers: who is blocked fails with the first packet' newcomers
for pid in "${early[@]}"; do
    wait "$pid"
done
check 'the five, confirmed before, got their files amid the load' early_whole
check 'the load ends' wait_for 30 ended "$HEAR"
for second in 5 7 9 11; do
    check "seconds $second to $((second + 2)): within a tenth of the capacity" settled ${second}000 $((second + 2))000
done
check 'in the last three seconds no flow lost some of its packets' shows ' 0 lost some' tail -n 1 "$LAB_DIR/hear.log"
check 'what was blocked is counted' [ "$(stat_of reasons.throttled)" -gt 10000 ]
check 'quicward ends cleanly' stop_quicward
case_end
