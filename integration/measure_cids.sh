#!/usr/bin/env bash
# What forwarding by connection ID would lose: a table that learns connection IDs from long headers, all that a network sees in the
# clear, against the 5-tuple (docs/connection-ids.md). As root; QUICWARD as for run.sh. Takes ten seconds.
#   measure_cids.sh                 real QUIC programs through the NAT lab, one connection a line
#   measure_cids.sh CAPTURE...      the same count for captures; nothing is run
set -u
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
COUNT=$QW_ROOT/integration/lib/cids.awk
FORMAT='%-34s %9s %6s %5s %7s %12s %11s\n'

heading() {
    # shellcheck disable=SC2059 # the format
    printf "$FORMAT" CONNECTION DATAGRAMS SHORT CIDS 'IN LONG' 'LOST BY CID' 'BY 5-TUPLE'
}

# row NAME CAPTURE FILTER LOST-BY-TUPLE
row() {
    local datagrams short lost cids seen
    read -r datagrams short lost cids seen < <(tcpdump -n -tt -x -r "$2" "$3" 2>/dev/null | awk -f "$COUNT")
    # shellcheck disable=SC2059 # the format
    printf "$FORMAT" "$1" "$datagrams" "$short" "$cids" "$seen" "$lost" "$4"
}

# connection PORT NAME COMMAND...: its datagrams on both sides of the router; those that are on one side only were lost.
connection() {
    local port=$1 name=$2 inside outside
    shift 2
    "$@" >"$LAB_DIR/client.log" 2>&1 || { echo "$name failed:" >&2; tail -n 5 "$LAB_DIR/client.log" >&2; exit 1; }
    sleep 0.3
    inside=$(captured_count client "udp port $port")
    outside=$(captured_count outside "udp port $port")
    row "$name" "$LAB_DIR/outside.pcap" "udp port $port" $((inside > outside ? inside - outside : outside - inside))
}

measure_lab() {
    local migrate=(--change-local-addr=100ms --delay-stream=400ms)
    case_nat
    certificate_make && serve_gtls 4433 && serve_gtls 4434 && serve_gtls 4435 && serve_gtls 4436 && serve_gtls 4437 || exit 1
    serve_caddy 4438 && serve_knot && capture_start client && capture_start outside || exit 1
    heading
    connection 4433 'gtlsclient, one request' client_gtls 4 4433
    connection 4434 'gtlsclient, key update' client_gtls 4 4434 --key-update=100ms --delay-stream=400ms
    connection 4435 'gtlsclient, migration' client_gtls 4 4435 "${migrate[@]}"
    connection 4436 'gtlsclient, rebinding' client_gtls 4 4436 "${migrate[@]}" --nat-rebinding
    connection 4437 'chromium' client_chromium 4 4437
    connection 4438 'gtlsclient with quic-go' client_gtls 4 4438
    connection 853 'DNS over QUIC' client_doq 4
    capture_stop client
    capture_stop outside
    echo "dropped by quicward: $(stat_of dropped)"
    stop_quicward
}

if [ $# -gt 0 ]; then
    heading
    for capture in "$@"; do
        row "$(basename "$capture")" "$capture" udp -
    done
    exit 0
fi
lab_trap
measure_lab
