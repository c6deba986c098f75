#!/usr/bin/env bash
# alone
# O2, X6: the spin bit of a connection is measured while its packets go fast: one of 200 ms, at tc and at XDP, and what is told of it is not what
# the queue had seen. A switch turns it off.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without ethtool jq python3
lab_trap
lab_up || exit 1

spinning() { # PORT
    lab_spawn "$LAB_SERVER" "server$1" python3 "$QW_ROOT/integration/lib/spin.py" server "$1"
    wait_for 5 listening "$LAB_SERVER" "$1" || return 1
    lab_spawn "$LAB_CLIENT" "client$1" python3 "$QW_ROOT/integration/lib/spin.py" client $(($1 + 100)) "$S4" "$1"
}

of_port() { # PORT
    echo ".server == \"$S4:$1\" and .state == \"confirmed\""
}

# All but the first hundred packets by the program.
goes_fast() { # PORT
    flow_is "$(of_port "$1") and .fast and .up.packets > 300 and .down.packets > 300"
}

# The end of a flow's time in the queue: what was seen there cannot reach so far.
is_told() { # PORT
    flow_is "$(of_port "$1") and .fast and .rtt_us.spin >= 195000 and .rtt_us.spin < 260000 and
        (.rtt_us.spin_confidence == \"high\" or .rtt_us.spin_confidence == \"medium\") and .rtt_us.spin_age_ms < 3000"
}

queue_packets() {
    stats_json | jq '[.stats.queues[].packets] | add'
}

for place in tc xdp; do
    fast_links $place || exit 1
    start_quicward "offload = \"$place\";" || exit 1
    grep 'offload: .*pass the queue' "$LAB_DIR/quicward.log" && skip 'no program can be attached here'
    port=$((7700 + ${#place}))
    spinning $port || exit 1
    check "$place: the connection goes fast" wait_for 20 goes_fast $port
    before=$(queue_packets)
    check "$place: its round trip is told, and how long ago it was seen" wait_for 30 is_told $port
    check "$place: hardly a packet was in the queue meanwhile" [ $(($(queue_packets) - before)) -lt 100 ]
    check "$place: quicward ends cleanly" stop_quicward
done

start_quicward 'offload = "tc"; offload_spin = false;' || exit 1
spinning 7710 || exit 1
check 'switched off: the connection goes fast' wait_for 20 goes_fast 7710
check 'and nothing of the spin bit is told' flow_is "$(of_port 7710) and .fast and .rtt_us.spin_confidence != \"high\""
check 'quicward ends cleanly' stop_quicward
case_end
