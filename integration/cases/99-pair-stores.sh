#!/usr/bin/env bash
# K2 K1: whatever becomes of Redis (stopped, killed, full, a wrong password, another version of what is in it), packets go on as
# before, it is said once, and afterwards the store has what the table has. A takeover without the copy takes what was read
# before. When both routers are active, no endpoint outside stands for two afterwards.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without redis-server redis-cli
lab_trap

# speaks PORT: the client's PORT and the server's echo hear each other twice, so that the flow is one that is copied.
speaks() {
    in_client "$QW_TOOLS/udp_ask" "$C4:$1" "$S4:7000" question 5000 && in_client "$QW_TOOLS/udp_ask" "$C4:$1" "$S4:7000" again 5000
}

# store_equals ROUTER: its store has as many records as its table has such flows, within 30 s of a machine at ease.
store_equals() {
    local records flows shard
    records=0
    for shard in $(pair_redis_ask "$1" own --raw keys "qw:lab:$1:s:*"); do
        records=$((records + $(pair_redis_ask "$1" own --raw get "$shard" | head -c -1 | od -An -v -tx1 -w64 | grep -cv '^ 00')))
    done
    flows=$(pair_ask "$1" flows --json | jq -s 'map(select(.state != "one-way")) | length')
    echo "store $records, table $flows"
    [ "$flows" -gt 0 ] && [ "$records" = "$flows" ]
}

amiss() {
    ! pair_ask a cluster check
}

said() { # ROUTER EVENT NUMBER
    [ "$(pair_ask "$1" events --json | tee /dev/stderr | jq -s "map(select(.event == \"$2\")) | length")" = "$3" ]
}

# trouble WHAT BEGIN END: packets go on while BEGIN's trouble is there, also for new flows, and all is level again after END.
trouble() {
    local what=$1 begin=$2 end=$3 before
    before=$(pair_ask a events --json | jq -s 'map(select(.event == "store-down")) | length')
    check "$what: it happens" "$begin"
    PORT=$((PORT + 2))
    check "$what: new flows begin" speaks $PORT
    check "$what: it is noticed" wait_for 10 pair_is a '(.store_up | not) or .unsent > 0'
    check "$what: cluster check says so" wait_for 10 amiss
    check "$what: those before go on" speaks 5000
    check "$what: it is over" "$end"
    check "$what: the store is level" wait_for 30 pair_is a '.store_up and .level'
    check "$what: and has what the table has" wait_for 30 store_equals a
    check "$what: it was said once" wait_for 5 said a store-down $((before + 1))
}

stopped() { kill -STOP "${PAIR_OWN[a]}"; }
continued() { kill -CONT "${PAIR_OWN[a]}"; }
killed() { lab_stop "${PAIR_OWN[a]}" || true; }
again() { pair_redis_own a; }
full() { pair_redis_ask a own config set maxmemory 1; }
not_full() { pair_redis_ask a own config set maxmemory 0; }
wrong_password() { pair_redis_ask a own config set requirepass other && pair_redis_ask a own -a other client kill type normal skipme yes; }
right_password() { pair_redis_ask a own -a other config set requirepass ''; }

# Both have the addresses; the client's packets go to b, and the server's to where they come from.
both_active() {
    pair_active b
    wait_for 5 pair_is a .split && wait_for 5 pair_is b .split
}

healed() {
    pair_standby b
    pair_active a 2>/dev/null
    wait_for 10 pair_is a '.split == false and .role == "active"' && wait_for 10 pair_is b '.role == "standby"'
}

one_stands_for_one() {
    [ -z "$(pair_endpoints a | tee /dev/stderr | awk '{ print $2 }' | sort | uniq -d)" ]
}

pair_lab_up || exit 1
serve_echo 7000
PORT=5000
for router in a b; do
    pair_conf $router nat 'flows = { max = 4096; };' >"$LAB_DIR/$router/quicward.conf"
    check "$router has its stores" pair_redis $router
    check "$router starts" pair_start $router
done
check 'a is active, b stands by' wait_for 5 pair_is a '.role == "active" and .peer.known'
check 'b knows it' wait_for 5 pair_is b '.role == "standby" and .peer.active'
check 'a flow' speaks 5000
check 'the store has it' wait_for 10 store_equals a
trouble 'Redis stopped' stopped continued
trouble 'Redis killed' killed again
trouble 'Redis full' full not_full
trouble 'a wrong password' wrong_password right_password

check 'both active: it is seen' both_active
check 'both active: each says so once' said a split-brain 1
PORT=$((PORT + 2))
check 'both active: flows begin on the second' speaks $PORT
check 'healed: one is active' healed
check 'healed: it took what the other had' wait_for 10 pair_is a '.takeovers == 2 and .adopted >= 1'
check 'healed: each endpoint stands for one inside' one_stands_for_one
check 'healed: the flow that began there goes on' speaks $PORT

pair_endpoints a >"$LAB_DIR/endpoints"
check 'the copy has it' wait_for 10 pair_level a
sleep 6 # a pass of b over the copy
kill -STOP "${PAIR_COPY[b]}"
pair_power_loss a
pair_active b
check 'no copy: b is active within seconds' wait_for 3 pair_is b '.role == "active"'
check 'no copy: no endpoint is another' [ -z "$(comm -23 "$LAB_DIR/endpoints" <(pair_endpoints b))" ]
check 'no copy: connections go on' speaks $PORT
kill -CONT "${PAIR_COPY[b]}"

sed -i 's/^nat = {/nat = { filtering = "endpoint-independent";/' "$LAB_DIR/a/quicward.conf"
check 'another configuration: a comes back' pair_power_back a
check 'another configuration: both see it' wait_for 10 pair_is b '.peer.mismatch'
check 'another configuration: it is an event' wait_for 5 said a peer-mismatch 1
check 'another configuration: cluster check says so' shows 'another configuration' pair_ask b cluster check
check 'an address decides, not a command' shows 'an address decides' pair_ask b cluster standby
for router in a b; do
    check "$router ends cleanly" lab_stop "${PAIR_DAEMON[$router]}"
done
case_end
