#!/usr/bin/env bash
# alone
# X4 X6 X7: upgrades, kill -9, changes of routes, neighbours and MTUs, while numbered datagrams pass in fast flows and beside them in
# flows that a rule keeps in the queue: of the fast ones no more are lost or late. integration/upgrades.sh does more of each.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without ethtool jq
lab_trap
nat_lab_up || exit 1
fast_pins || skip 'no bpffs can be mounted'
ROUNDS=${QW_ROUNDS:-3}
FLOWS=20 RATE=$(paced 2000)
# What answers for the far end of the link gets its address anew by what it says itself.
lab_sysctl "$LAB_TRANSIT" net.ipv4.conf.t0.arp_notify=1

again() { # [OPTION]: the daemon, on what the one before left
    local old=$QUICWARD_PID
    lab_spawn "$LAB_ROUTER" quicward "$QUICWARD" run -c "$LAB_DIR/quicward.conf" "$@"
    QUICWARD_PID=$LAB_PID
    wait_for 10 quicward_ready && { [ $# = 0 ] || wait_for 10 ended "$old"; }
}

# ---- what happens, each of them once a round ----

an_upgrade() {
    again --take-over
}

a_kill() {
    kill -KILL "$QUICWARD_PID"
    wait "$QUICWARD_PID" 2>/dev/null
    again
}

a_route() {
    ip -n "$LAB_ROUTER" route add "$S4/32" via "$T4" && sleep 0.3 && ip -n "$LAB_ROUTER" route del "$S4/32" via "$T4"
}

a_neighbour() { # ROUND
    ip -n "$LAB_TRANSIT" link set t0 address "02:00:00:00:78:$(printf %02x "$1")"
}

an_mtu() {
    ip -n "$LAB_ROUTER" link set wan0 mtu 1400 && sleep 0.3 && ip -n "$LAB_ROUTER" link set wan0 mtu 1500
}

# ---- two kinds of flows at once ----

begin() {
    local kind port
    for kind in fast slow; do
        port=$([ $kind = fast ] && echo 9000 || echo 9001)
        lab_spawn "$LAB_SERVER" echo-$kind "$QW_TOOLS/order_echo" "$S4:$port" 3000
        PIDS+=("$LAB_PID")
        wait_for 5 listening "$LAB_SERVER" "$port" || return 1
        lab_spawn "$LAB_CLIENT" sender-$kind "$QW_TOOLS/handover_send" "$S4:$port" $FLOWS $FLOWS "$RATE" 1000000 $((20000 + 1000 * (port - 9000)))
        PIDS+=("$LAB_PID")
    done
}

all_fast() {
    # shellcheck disable=SC2016 # jq's variables
    flows_json | jq -se --arg s "$S4:9000" --argjson n $FLOWS 'map(select(.fast and .server == $s)) | length == $n' >/dev/null
}

lost_and_late() { # fast|slow: into `lost` and `late`
    read -r lost late < <(awk '/^sent/ { lost = $2 - $4; late += $6 } /^received/ { late += $4 } END { print lost + 0, late + 0 }' \
        "$LAB_DIR/sender-$1.log" "$LAB_DIR/echo-$1.log")
}

# none_lost [MORE]: no fast one at all, or but for MORE no more than slow ones.
none_lost() {
    local lost late slow_lost slow_late
    lab_stop "${PIDS[1]}"
    lab_stop "${PIDS[3]}"
    wait "${PIDS[0]}" "${PIDS[2]}"
    lost_and_late slow
    slow_lost=$lost slow_late=$late
    lost_and_late fast
    echo "slow: $slow_lost lost, $slow_late late; fast: $lost lost, $late late; $(head -n 1 "$LAB_DIR/sender-fast.log")"
    [ -n "$1" ] || slow_lost=0 slow_late=0
    grep -q '^sent [1-9]' "$LAB_DIR/sender-fast.log" && [ "$lost" -le $((slow_lost + ${1:-0})) ] && [ "$late" -le "$slow_late" ]
}

# happens WORDS WHAT [MORE]: ROUNDS times.
happens() {
    local round words='none is lost or late'
    PIDS=()
    [ -z "${3:-}" ] || words="no more are lost or late than of the slow ones, but for $3"
    check "$1: flows begin" begin
    check "$1: those that may go fast" wait_for 5 all_fast
    for ((round = 1; round <= ROUNDS; round++)); do
        "$2" $round || check "$1: round $round" false
        sleep 0.2
    done
    check "$1: all are fast afterwards" wait_for 5 all_fast
    check "$1: of the fast flows $words" none_lost "${3:-}"
    sed 's/^/    /' "$LAB_DIR/check.output"
}

for place in tc xdp; do
    fast_links $place || exit 1
    start_nat '' "offload = \"$place\"; offload_pins = \"$FAST_PINS\"; rules = ( { name = \"slow\"; to_port = 9001; action = \"accept\"; fast = false; } );" || exit 1
    fast_or_skip
    happens "$place: $ROUNDS upgrades" an_upgrade
    happens "$place: $ROUNDS times kill -9" a_kill
    happens "$place: $ROUNDS other routes" a_route 0
    # News of it reach the program within a moment, not before the next packet.
    happens "$place: $ROUNDS other neighbours" a_neighbour $((ROUNDS * 40))
    happens "$place: $ROUNDS other MTUs" an_mtu 0
    check "$place: quicward ends cleanly" stop_quicward
done
case_end
