#!/usr/bin/env bash
# alone
# X6 S1 N2 O3: what goes fast goes on while the daemon was killed, stopped by another or is started again, nothing lost, nothing late,
# and counted to the packet; external ports stay; what is pinned by another kind of daemon goes first; a dead daemon is not outlived for ever.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without ethtool jq
lab_trap
nat_lab_up || exit 1
fast_pins || skip 'no bpffs can be mounted'
FLOWS=20 RATE=$(paced 2000)

configured() { # PLACE [SNIPPET]
    echo "offload = \"$1\"; offload_pins = \"$FAST_PINS\"; ${2:-}"
}

# again [OPTION]: the daemon, on what the one before left.
again() {
    local old=$QUICWARD_PID
    mv "$LAB_DIR/quicward.log" "$LAB_DIR/quicward.old.log"
    lab_spawn "$LAB_ROUTER" quicward "$QUICWARD" run -c "$LAB_DIR/quicward.conf" "$@"
    QUICWARD_PID=$LAB_PID
    wait_for 10 quicward_ready && { [ $# = 0 ] || wait_for 10 ended "$old"; }
}

killed() {
    kill -KILL "$QUICWARD_PID"
    wait "$QUICWARD_PID" 2>/dev/null
    return 0
}

all_fast() {
    flows_json | tee /dev/stderr | jq -se "map(select(.fast)) | length >= $FLOWS" >/dev/null
}

# In the background, until the sender is told to end.
begin() {
    lab_spawn "$LAB_SERVER" echo "$QW_TOOLS/order_echo" "$S4:9000" 3000
    ECHO=$LAB_PID
    wait_for 5 listening "$LAB_SERVER" 9000 || return 1
    lab_spawn "$LAB_CLIENT" sender "$QW_TOOLS/handover_send" "$S4:9000" $FLOWS $FLOWS "$RATE" 1000000
    SENDER=$LAB_PID
}

goes_on() {
    local before
    ended "$SENDER" && echo 'the sender has ended' && return 1
    before=$(received)
    sleep 1
    echo "$before datagrams at the server, a second later $(received)"
    [ "$(received)" -ge $((before + RATE / 2)) ]
}

received() {
    in_server nstat -asz UdpInDatagrams | awk '/UdpInDatagrams/ { print $2 }'
}

all_ended() {
    kill "$SENDER"
    wait "$SENDER" "$ECHO"
    return 0
}

arrived_whole() {
    all_ended
    cat "$LAB_DIR/sender.log" "$LAB_DIR/echo.log"
    awk '/^sent/ { exit !($2 == $4 && $6 == 0 && $2 > 0) }' "$LAB_DIR/sender.log" && grep -q 'overtaken 0' "$LAB_DIR/echo.log"
}

counted_whole() {
    local sent
    sent=$(awk '{ print $2 }' "$LAB_DIR/sender.log")
    # shellcheck disable=SC2016 # jq's variables
    flows_json | tee /dev/stderr | jq -se --arg s "$S4:9000" --argjson n "$sent" \
        'map(select(.server == $s)) | (map(.up.packets) | add) == $n and (map(.down.packets) | add) == $n' >/dev/null
}

ports_now() {
    mappings_json | jq -r '"\(.inside) \(.external)"' | sort
}

ports_kept() {
    echo "before: $PORTS"
    echo "now: $(ports_now)"
    [ -n "$PORTS" ] && [ "$PORTS" = "$(ports_now)" ]
}

no_program() {
    in_router ip -d link show lan0 | tee /dev/stderr | grep -q 'prog/' && return 1
    ! in_router tc filter show dev lan0 ingress | grep .
}

went_on() { # PATTERN
    grep -E "offload: $1" "$LAB_DIR/quicward.log"
}

for place in tc xdp; do
    fast_links $place || exit 1
    start_nat '' "$(configured $place)" || exit 1
    fast_or_skip

    # Killed, and there is none for a second.
    check "$place: flows begin" begin
    check "$place: all go fast" wait_for 5 all_fast
    PORTS=$(ports_now)
    killed
    check "$place: without the daemon they go on" goes_on
    check "$place: it starts again" again
    check "$place: and goes on with all of them" went_on "$FLOWS flows of an earlier daemon go on, 0 entries removed"
    check "$place: they are fast at once" all_fast
    check "$place: with the ports they had" ports_kept
    check "$place: every datagram came, in order" arrived_whole
    check "$place: and is counted once" counted_whole

    # Another kind of daemon: a table of another size.
    check "$place: flows begin" begin
    check "$place: all go fast" wait_for 5 all_fast
    killed
    sed -i '$a flows = { max = 1000; };' "$LAB_DIR/quicward.conf"
    check "$place: one with another table starts" again
    check "$place: what was pinned is gone" went_on 'what an earlier daemon left is of another kind'
    check "$place: the flows go fast by its own" wait_for 5 all_fast
    killed
    sed -i 's/offload = "[a-z]*"/offload = "off"/' "$LAB_DIR/quicward.conf"
    check "$place: one without a fast path starts" again
    check "$place: nothing is pinned" [ -z "$(pinned)" ]
    check "$place: no program is left" no_program
    all_ended
    check "$place: quicward ends cleanly" stop_quicward
done

# The daemon stays dead.
fast_links tc || exit 1
start_nat '' "$(configured tc)" || exit 1
check 'flows begin' begin
check 'all go fast' wait_for 5 all_fast
killed
if command -v bpftool >/dev/null; then
    size=$(bpftool -j map show pinned "$FAST_PINS/main/control" | jq .bytes_value)
    # shellcheck disable=SC2046 # a word for each byte
    check 'its time is over' bpftool map update pinned "$FAST_PINS/main/control" key hex 00 00 00 00 value hex $(yes 00 | head -n "$size")
    check_not 'after its time nothing is forwarded' goes_on
fi
check 'a new one starts' again
check 'and the flows go fast again' wait_for 5 all_fast
all_ended

# Ten daemons, one after the other.
check 'flows begin again' begin
check 'all go fast again' wait_for 5 all_fast
for ((round = 1; round <= 5; round++)); do
    killed
    check "start $round after a kill" again
    check "take-over $round" again --take-over
done
check 'all are fast still' all_fast
check 'every datagram came, in order, by eleven daemons' arrived_whole
check 'quicward ends cleanly' stop_quicward
check 'nothing is pinned' [ -z "$(pinned)" ]
check 'no program is left' no_program

# Not as root.
RUN=$LAB_DIR/quicward-run # whose name says that it is ours
mkdir "$RUN" && ln -s "$RUN/control" "$LAB_DIR/control"
start_nat '' "$(configured tc "user = \"nobody\"; control = \"$RUN/control\";")" || exit 1
check 'as another user: flows begin' begin
check 'as another user: all go fast' wait_for 5 all_fast
check 'as another user: the folder is its own' [ "$(stat -c %U "$FAST_PINS/main")" = nobody ]
killed
check 'as another user: it starts again' again
check 'as another user: and goes on with all of them' went_on "$FLOWS flows of an earlier daemon go on, 0 entries removed"
check 'as another user: every datagram came, in order' arrived_whole
check 'as another user: quicward ends cleanly' stop_quicward
check 'as another user: nothing is pinned' [ -z "$(pinned)" ]
case_end
