#!/usr/bin/env bash
# long: 75 s
# K2 K3: the link between the stores is cut for a minute, flows begin meanwhile, and the active router dies: what is older than the cut goes
# on whoever speaks first, what is younger gets its ports by the common secret. Then both routers are active for ten seconds, flows begin on
# both, and one steps back: from then on no endpoint outside stands for two inside ones, at whichever look at both; what ended is counted.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without redis-server redis-cli python3
lab_trap
CUT_S=${CUT_S:-60} BOTH_S=${BOTH_S:-10}

both_active() {
    pair_active a
    wait_for 5 pair_is a .split && wait_for 5 pair_is b .split
}

# both_begin: new flows on one and the other in turn, for as long as both are active.
both_begin() {
    local end=$((SECONDS + BOTH_S)) n=0
    while [ $SECONDS -lt $end ] || [ $n -lt 14 ]; do
        if [ $n -lt 14 ]; then
            pair_towards a && pair_begin $((6000 + 2 * n)) 1 && pair_towards b && pair_begin $((6200 + 2 * n)) 1 || return 1
            n=$((n + 1))
        fi
        sleep 0.2
    done
}

# watch: from the moment on when b took what a had, and a, which stands by, let go of it, looks at the tables of both, again and again.
# A line for each time that an endpoint outside stood for two inside ones, and "looks N" at the end.
watch() {
    local looks=0
    until pair_is b '.takeovers == 2' 2>/dev/null && [ -z "$(pair_endpoints a)" ]; do sleep 0.01; done
    while [ ! -e "$LAB_DIR/enough" ] || [ $looks -lt 40 ]; do
        { pair_endpoints b && pair_endpoints a; } | sort -u | awk '{ print $2 }' | sort | uniq -d | sed "s/^/look $looks: /"
        looks=$((looks + 1))
    done
    echo "looks $looks"
}

watched() {
    touch "$LAB_DIR/enough"
    wait "$WATCHER"
    tail -n 5 "$LAB_DIR/watched"
    [ "$(grep -c '^look ' "$LAB_DIR/watched")" = 0 ] && [ "$(sed -n 's/^looks //p' "$LAB_DIR/watched")" -ge 40 ]
}

# Of the flows that began on a while both were active, those that b has not are counted as conflicts, and no more.
ended_are_counted() {
    local lost
    lost=$(comm -23 "$LAB_DIR/on-a" <(pair_flows b) | wc -l)
    echo "$lost of a's $(wc -l <"$LAB_DIR/on-a") ended"
    pair_is b ".conflicts == $lost"
}

pair_lab_up || exit 1
serve_echo 7000
for router in a b; do
    pair_conf $router nat 'flows = { max = 4096; };' | sed 's/^nat = {/& ports = "20000-20079";/' >"$LAB_DIR/$router/quicward.conf"
    check "$router has its stores" pair_redis $router
    check "$router starts" pair_start $router
done
check 'a is active, b stands by' wait_for 5 pair_is a '.role == "active" and .peer.known'
check 'flows begin' pair_begin 5000 6
check 'the copy has them' wait_for 20 pair_is b '.peer.flows == 6'

ip -n "${PAIR_NS[a]}" link set sync0 down
check 'the link is cut: flows begin' pair_begin 5100 6
sleep "$CUT_S"
check 'the link is cut: Redis knows' wait_for 10 pair_link_is down
check 'the link is cut: cluster check says so' not pair_ask b cluster check
check 'the link is cut: those before go on' pair_begin 5000 6
pair_endpoints a >"$LAB_DIR/endpoints"
pair_power_loss a
pair_active b
check 'b is active within seconds' wait_for 3 pair_is b '.role == "active" and .adopted == 6'
check 'the server reaches what is older than the cut' pair_reached 5000 6
check 'what is younger speaks again' pair_begin 5100 6
check 'no endpoint is another' pair_kept b

check 'a comes back' pair_power_back a
check 'as a standby' wait_for 5 pair_is a '.role == "standby" and .peer.active'
check 'which has the flows' wait_for 20 pair_is a '.peer.flows == 12'
check 'both are active, and see it' both_active
check 'flows begin on both' both_begin
check 'the store of a is level' wait_for 10 pair_level a
comm -23 <(pair_flows a) <(pair_flows b) >"$LAB_DIR/on-a"
watch >"$LAB_DIR/watched" 2>/dev/null &
WATCHER=$!
pair_standby a
pair_active b 2>/dev/null
check 'healed: b takes what a had' wait_for 10 pair_is b '.takeovers == 2 and .split == false'
check 'healed: a, which stands by, has no mappings' wait_for 5 pair_has_none a
check 'healed: flows go on and begin' pair_begin 6200 14
check 'healed: a stands by' wait_for 10 pair_is a '.role == "standby"'
sleep 6 # a pass of a over b's flows, and more
check 'healed: no endpoint stood for two at any look' watched
check 'healed: what ended is counted' ended_are_counted
check 'healed: and something ended' pair_is b '.conflicts > 0'
check 'healed: all is well' wait_for 10 pair_ask b cluster check
for router in a b; do
    check "$router ends cleanly" lab_stop "${PAIR_DAEMON[$router]}"
done
case_end
