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

# carries FLOWS: as many flows begin, and each of their datagrams comes and is answered, whatever Redis does.
carries() {
    local echo_pid
    BURST=$((BURST + 1))
    lab_spawn "$LAB_SERVER" "carried-$BURST" "$QW_TOOLS/order_echo" "$S4:$((7100 + BURST))" 5000
    echo_pid=$LAB_PID
    wait_for 5 listening "$LAB_SERVER" $((7100 + BURST)) || return 1
    in_client "$QW_TOOLS/handover_send" "$S4:$((7100 + BURST))" "$1" 50 1000 10 | tee "$LAB_DIR/carried" || return 1
    wait "$echo_pid"
    grep -x "sent $(($1 * 10)) back $(($1 * 10)) overtaken 0" "$LAB_DIR/carried"
}

# memory ROUTER: kB of its daemon.
memory() {
    awk '$1 == "VmRSS:" { print $2 }' "/proc/${PAIR_DAEMON[$1]}/status"
}

# Writing to a store that is away needs no room for what waits: the table's own bits say what it is. Pages that are used for the first
# time are no such room, so the first trouble is what the others are compared with.
# A sanitizer keeps what was freed.
memory_is_constant() {
    local now
    ! grep -q __asan_init "$QUICWARD" || return 0
    now=$(memory a)
    MEMORY=${MEMORY:-$now}
    echo "$MEMORY kB before, $now kB now"
    [ "$now" -le $((MEMORY + 1024)) ]
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
    check "$what: packets of many new flows pass, all of them" carries 200
    check "$what: those before go on" speaks 5000
    check "$what: it is over" "$end"
    check "$what: the store is level" wait_for 30 pair_is a '.store_up and .level'
    check "$what: each record is what the table has" wait_for 30 pair_store_equals a
    check "$what: memory is what it was" memory_is_constant
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

# What another version of the program left: a header and records of another form. The daemon is shut out meanwhile.
other_version() {
    wrong_password && wait_for 5 pair_is a '.store_up | not' || return 1
    printf '\0\143' | pair_redis_ask a own -a other -x setrange qw:lab:a:h 6
    printf '\143%063d' 7 | pair_redis_ask a own -a other -x setrange qw:lab:a:s:0 64000
}

# reloads ROUTER SECONDS: with another timer, which both must agree about.
reloads() {
    sed -i '/^timers/d' "$LAB_DIR/$1/quicward.conf"
    echo "timers = { two_way = $2; };" >>"$LAB_DIR/$1/quicward.conf"
    pair_ask "$1" reload
}

agreed() {
    pair_ask a cluster check && pair_ask b cluster check
}

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
PORT=5000 BURST=0
for router in a b; do
    pair_conf $router nat 'flows = { max = 32768; };' >"$LAB_DIR/$router/quicward.conf"
    check "$router has its stores" pair_redis $router
    check "$router starts" pair_start $router
done
check 'a is active, b stands by' wait_for 5 pair_is a '.role == "active" and .peer.known'
check 'b knows it' wait_for 5 pair_is b '.role == "standby" and .peer.active'
check 'a flow' speaks 5000
check 'many flows' carries 200
check 'the store has them' wait_for 10 pair_store_equals a
MEMORY=
trouble 'Redis stopped' stopped continued
trouble 'Redis killed' killed again
trouble 'Redis full' full not_full
trouble 'a wrong password' wrong_password right_password
trouble 'another version in the store' other_version right_password

check 'a reload of a that b must agree about' reloads a 600
check 'a reload: both see it' wait_for 10 pair_is b '.peer.mismatch'
check 'a reload: a sees it' wait_for 10 pair_is a '.peer.mismatch'
check 'a reload: it is an event' wait_for 5 said b peer-mismatch 2
check 'a reload: connections go on' speaks 5000
check 'a reload: memory is what it was' memory_is_constant
check 'the same reload of b' reloads b 600
check 'the same reload: they agree again' wait_for 10 agreed
check 'the same reload: b reads the flows' wait_for 20 pair_is b '.peer.flows > 200'

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
check 'another configuration: it is an event' wait_for 5 said b peer-mismatch 3
check 'another configuration: cluster check says so' shows 'another configuration' pair_ask b cluster check
check 'an address decides, not a command' shows 'an address decides' pair_ask b cluster standby
for router in a b; do
    check "$router ends cleanly" lab_stop "${PAIR_DAEMON[$router]}"
done
case_end
