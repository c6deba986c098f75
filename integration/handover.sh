#!/usr/bin/env bash
# handover.sh [ROUNDS]: numbered datagrams through hand-overs to the fast path, at tc and at XDP, in both families: by hand, as
# root. ROUNDS (1) times 500 flows of two directions for each of them. Prints a line a run, and how many datagrams came after a
# later one of their flow; status 1 when any did.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
skip_without ethtool jq
lab_trap
lab_up || exit 1

# run_flows PLACE FAMILY FLOWS AT_ONCE RATE DATAGRAMS
run_flows() {
    local echo_pid status=0 port=9000
    lab_spawn "$LAB_SERVER" echo "$QW_TOOLS/order_echo" "$(endpoint "$2" "$port")" 2000
    echo_pid=$LAB_PID
    wait_for 5 listening "$LAB_SERVER" "$port" || return 1
    printf '%-3s IPv%s %4s flows, %3s at once, %6s a second: ' "${@:1:5}"
    in_client "$QW_TOOLS/handover_send" "$(endpoint "$2" "$port")" "${@:3}" | tr '\n' ' ' || status=1
    wait "$echo_pid" || status=1
    cat "$LAB_DIR/echo.log"
    return $status
}

late=0
for place in tc xdp; do
    fast_links $place || exit 1
    for ((round = 0; round < ${1:-1}; round++)); do
        for family in 4 6; do
            for load in '500 20 20000 300' '20 1 20000 4000' '20 1 60000 6000' '500 20 60000 600'; do
                start_quicward "offload = \"$place\";" || exit 1
                # shellcheck disable=SC2086 # four numbers
                run_flows $place $family $load || late=1
                stop_quicward
                grep -o '[0-9]* flows put.*' "$LAB_DIR/quicward.log" | sed 's/^/    /'
            done
        done
    done
done
exit $late
