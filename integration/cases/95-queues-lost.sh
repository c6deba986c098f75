#!/usr/bin/env bash
# S5: queues that somebody unbinds, or that another program takes and gives back, are bound again, and flows go on; the log and an event
# say so. What a hung daemon's queue had no room for is counted by the kernel's own figures.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without python3
# However long the case takes, its flows do not end by themselves.
case_lab 'queue = { first = 7400; workers = 2; length = 16; }; timers = { two_way = 3600; };'
serve_echo 7000 || exit 1
in_router python3 -c 'import ctypes, os, sys
libc = ctypes.CDLL(None); one = libc.syscall(434, os.getpid(), 0)
sys.exit(libc.syscall(438, one, 0, 0) < 0)' || skip 'this kernel gives no copy of a descriptor (pidfd_getfd, Linux 5.6)'

thief() { # QUEUE [SECONDS]
    in_router python3 "$QW_ROOT/integration/lib/queue_thief.py" "$QUICWARD_PID" "$@"
}

asks() { # FAMILY
    in_client "$QW_TOOLS/udp_ask" "$(inside "$1" 5000)" "$(endpoint "$1" 7000)" question 2000
}

asks_again() {
    wait_for 5 asks 4 && wait_for 5 asks 6
}

rebinds() { # NUMBER
    [ "$(stats_json | jq '[.stats.queues[].rebinds] | add')" -ge "$1" ]
}

same_flow() {
    flow_is ".id == $ID"
}

# The kernel's drops of both queues.
dropped() {
    stats_json | jq '[.stats.queues[] | .queue_dropped + .user_dropped] | add'
}

# By one program: on a slow machine a hundred take so long to start that the flow ends meanwhile.
hung() {
    kill -STOP "$QUICWARD_PID"
    in_client "$QW_TOOLS/many_send" "$S4:8000" 10000 100 "$C4"
    kill -CONT "$QUICWARD_PID"
    wait_for 5 stats_json
}

check 'flows' asks_again
ID=$(flows_json | jq -r 'select(.server == "198.51.100.2:7000") | .id')
check 'somebody unbinds the first queue' thief 7400
check 'and the second' thief 7401
check 'both are bound again' wait_for 5 rebinds 2
check 'packets pass' asks_again
check 'the flow is the same' same_flow
check 'the log says so' grep -q 'queue 7400 was lost and is bound again' "$LAB_DIR/quicward.log"
check 'an event too' wait_for 2 shows 'queue-lost.*7401|queue 7401' quicward_ask events --json

check 'another program has a queue for a while' thief 7400 6
check 'the log says that somebody has it' grep -q 'lost: queue 7400 is held by' "$LAB_DIR/quicward.log"
check 'it is bound again' wait_for 5 rebinds 3
check 'packets pass' asks_again
check 'the flow is the same' same_flow

check 'nothing was dropped by the kernel' [ "$(dropped)" = 0 ]
check 'it hangs while a hundred datagrams come' hung
check 'what a queue of sixteen has no room for is counted' [ "$(dropped)" -ge 60 ]
check 'packets pass' asks_again
check 'the flow is the same' same_flow
check 'quicward ends cleanly' stop_quicward
case_end
