#!/usr/bin/env bash
# S5: what may pass without the daemon does, whatever happens to it: killed, stopped in its tracks, or met by more packets than there
# is room for. Mode monitor never drops, whatever when_down says; mode firewall does not with when_down = "pass". Each packet is
# counted as seen or as unseen. S4: with when_down = "drop" a firewall that hangs drops.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
lab_trap
lab_up || exit 1
serve_echo 7000 || exit 1
in_server iptables -t raw -A PREROUTING -p udp --dport 7001 -j DROP
BURST=2000 COPIES=0

answers() { # FAMILY [MILLISECONDS]
    in_client "$QW_TOOLS/udp_ask" "$(inside "$1" 0)" "$(endpoint "$1" 7000)" question "${2:-300}"
}

arrived() {
    in_server iptables-save -c -t raw | sed -n 's/^\[\([0-9]*\):.*--dport 7001.*/\1/p'
}

burst() {
    in_client "$QW_TOOLS/many_send" "$S4:7001" 10000 "$BURST" "$C4"
    COPIES=$((COPIES + BURST))
}

all_arrived() {
    echo "$(arrived) of $COPIES"
    [ "$(arrived)" = "$COPIES" ]
}

of_queues() { # FILTER
    stats_json | jq -r "[.stats.queues[] | $1] | add"
}

accounted() { # PACKETS BEFORE: seen and unseen, each packet once
    local now
    now=$(of_queues '.packets + .unseen')
    echo "$2 $1 $now"
    [ "$now" = $(($1 + $2)) ]
}

stand_in() {
    pgrep -P "$QUICWARD_PID" -x qw-stand-in
}

begun() { # FOLDER OF /proc: in ticks of the clock
    awk '{ sub(/.*\) /, ""); print $20 }' "$1/stat"
}

before_threads() { # a fork copies the locks of other threads as they are
    local thread stand_in
    stand_in=$(begun "/proc/$(stand_in)") || return 1
    for thread in "/proc/$QUICWARD_PID/task/"*; do
        [ "${thread##*/}" = "$QUICWARD_PID" ] || [ "$stand_in" -lt "$(begun "$thread")" ] || return 1
    done
}

open_state() { # NAME SNIPPET
    local name=$1 before stand_in
    check "$name: starts" start_quicward "queue = { first = 7400; length = 64; $3 }; $2" || return
    check "$name: the process that stands in was made before any thread" before_threads
    check "$name: IPv4" answers 4
    check "$name: IPv6" answers 6
    before=$(of_queues '.packets + .unseen')
    burst
    check "$name: a burst longer than the queue arrives" wait_for 3 all_arrived
    check "$name: each of it is counted once" wait_for 3 accounted "$BURST" "$before"

    stand_in=$(stand_in)
    kill -STOP "$QUICWARD_PID"
    check "$name, stopped: IPv4" answers 4
    check "$name, stopped: IPv6" answers 6
    burst
    check "$name, stopped: a burst arrives" wait_for 3 all_arrived
    kill -CONT "$QUICWARD_PID"
    check "$name: it goes on, and says what it has not seen" wait_for 3 accounted $((2 * BURST + 4)) "$before"
    check "$name: most of it" [ "$(of_queues .unseen)" -ge "$BURST" ]
    check "$name: IPv4 again" answers 4
    check "$name: the log says so" wait_for 3 grep -q 'passed unseen' "$LAB_DIR/quicward.log"
    check "$name: which is seen" wait_for 2 accounted $((2 * BURST + 6)) "$before"

    kill -STOP "$stand_in"
    kill -STOP "$QUICWARD_PID"
    burst
    kill -CONT "$stand_in"
    kill -CONT "$QUICWARD_PID"
    check "$name: a queue that nobody empties passes what it has no room for" wait_for 3 all_arrived
    check "$name: and counts it" wait_for 3 accounted $((3 * BURST + 6)) "$before"
    check "$name: nothing was dropped" [ "$(of_queues '.queue_dropped + .user_dropped')" = 0 ]

    kill -KILL "$stand_in"
    check "$name: works without the process that stands in" answers 4
    check "$name: ends cleanly" stop_quicward
    check "$name: starts again" start_quicward "queue = { first = 7400; length = 64; $3 }; $2" || return
    kill -STOP "$QUICWARD_PID"
    burst
    kill -KILL "$QUICWARD_PID"
    wait "$QUICWARD_PID" 2>/dev/null
    check "$name, killed: what waited arrives" wait_for 3 all_arrived
    check "$name, killed: IPv4" answers 4
    check "$name, killed: IPv6" answers 6
    check "$name: starts after that" start_quicward "queue = { first = 7400; length = 64; $3 }; $2" || return
    (sleep 0.2; exec kill -TERM "$QUICWARD_PID") &
    burst
    wait "$QUICWARD_PID"
    check "$name: its end under load drops nothing" wait_for 3 all_arrived
}

open_state monitor 'mode = "monitor";' 'when_down = "drop";'
open_state firewall 'mode = "firewall";' 'when_down = "pass";'

check 'firewall, "drop": starts' start_quicward 'mode = "firewall"; queue = { first = 7400; when_down = "drop"; };'
check 'firewall, "drop": IPv4' answers 4
kill -STOP "$QUICWARD_PID"
check_not 'firewall, "drop", stopped: no IPv4' answers 4 1000
check_not 'firewall, "drop", stopped: no IPv6' answers 6 1000
kill -CONT "$QUICWARD_PID"
check 'it goes on' wait_for 3 answers 4
check 'ends cleanly' stop_quicward

# Fragments of a datagram whose first one is missing: the kernel would keep them for good.
pieces() { # MODE ORDER: how many fragments the server gets
    in_server iptables -t raw -I PREROUTING -f -p udp -j ACCEPT
    in_client "$QW_TOOLS/fragment_send" "$C4:6000" "$S4:7002" 2500 "$1"
    sleep 0.2
    in_server iptables-save -c -t raw | sed -n 's/^\[\([0-9]*\):.* -f .*/\1/p'
    in_server iptables -t raw -D PREROUTING -f -p udp -j ACCEPT
}
check 'monitor: starts' start_quicward 'mode = "monitor";'
check 'monitor: fragments without their first one pass' [ "$(pieces 21)" = 2 ]
check 'ends cleanly' stop_quicward
case_end
