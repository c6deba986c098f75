# shellcheck shell=bash
# Lanes: the same client and server joined by several routers, one beside the other, so that runs through quicward and runs
# through a plain router are made in the same minute. Each lane has a lossy link (tests/tools/lossy_link.c) before its router
# and, where a case asks for it, one behind.
#
#   client c0 10.20.0.2 -- [link] -- lan0 10.20.0.1  router 0  wan0 10.30.0.1 -- [link] -- s0 10.30.0.2 server
#   client c1 10.20.1.2 -- [link] -- lan0 10.20.1.1  router 1  wan0 10.30.1.1 -- [link] -- s1 10.30.1.2 server
#
# IPv6 has 2001:db8:2N::2 and 2001:db8:3N::2. Routers of mode nat translate into 10.30.N.1.
# shellcheck disable=SC2034 # read by the cases
LANES=()
declare -A LANE_EXTRA=() # rules of the near link that one lane has besides
declare -A LANE_MEASURE=() # the lanes that one is compared with, or "none"; 0 if not told otherwise
LANES_USED=() # the lanes that run; all if not told otherwise

# lanes_up NAME...: the plain routers of so many lanes; lane_quicward starts quicward in one.
lanes_up() {
    local lane
    lab_name
    LANES=("$@")
    LANES_USED=("${!LANES[@]}")
    LAB_LINK=qw-$LAB_ID-link
    LAB_OTHERS+=("$LAB_LINK")
    mkdir -p "$LAB_DIR" || return 1
    lab_namespaces "$LAB_CLIENT" "$LAB_SERVER" "$LAB_LINK" || return 1
    lab_sysctl "$LAB_LINK" net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
    for lane in "${!LANES[@]}"; do
        lane_up "$lane" || return 1
    done
    lab_hosts
}

lane_router() { # LANE
    echo "qw-$LAB_ID-router$1"
}

lane_up() { # LANE
    local n=$1 router
    router=$(lane_router "$n")
    lab_namespaces "$router" || return 1
    LAB_OTHERS+=("$router")
    lane_wire "$LAB_CLIENT" "c$n" "near$n" "$router" lan0 && lane_wire "$router" wan0 "far$n" "$LAB_SERVER" "s$n" || return 1
    lab_link "$LAB_CLIENT" "c$n" "10.20.$n.2/24" "2001:db8:2$n::2/64"
    lab_link "$router" lan0 "10.20.$n.1/24" "2001:db8:2$n::1/64"
    lab_link "$router" wan0 "10.30.$n.1/24" "2001:db8:3$n::1/64"
    lab_link "$LAB_SERVER" "s$n" "10.30.$n.2/24" "2001:db8:3$n::2/64"
    lab_sysctl "$router" net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
    ip -n "$LAB_CLIENT" route add "10.30.$n.0/24" via "10.20.$n.1"
    ip -n "$LAB_CLIENT" -6 route add "2001:db8:3$n::/64" via "2001:db8:2$n::1"
    ip -n "$LAB_SERVER" route add "10.20.$n.0/24" via "10.30.$n.1"
    ip -n "$LAB_SERVER" -6 route add "2001:db8:2$n::/64" via "2001:db8:3$n::1"
}

# lane_wire NAMESPACE INTERFACE LINK NAMESPACE INTERFACE: two pairs with LINK-a and LINK-b in the middle. Frames must be whole: no
# bundles and no checksum that hardware would add.
lane_wire() {
    ip link add "$2" netns "$1" type veth peer name "$3-a" netns "$LAB_LINK" &&
        ip link add "$5" netns "$4" type veth peer name "$3-b" netns "$LAB_LINK" || return 1
    ip netns exec "$1" ethtool -K "$2" tx off tso off gso off gro off tx-udp-segmentation off >/dev/null 2>&1
    ip netns exec "$4" ethtool -K "$5" tx off tso off gso off gro off tx-udp-segmentation off >/dev/null 2>&1
    ip -n "$LAB_LINK" link set "$3-a" up
    ip -n "$LAB_LINK" link set "$3-b" up
}

# lane_server LANE [FAMILY], lane_client LANE [FAMILY]: addresses.
lane_server() {
    if [ "${2:-4}" = 4 ]; then echo "10.30.$1.2"; else echo "2001:db8:3$1::2"; fi
}

lane_client() {
    if [ "${2:-4}" = 4 ]; then echo "10.20.$1.2"; else echo "2001:db8:2$1::2"; fi
}

# lane_quicward LANE SNIPPET: quicward in that router; its files are in the lane's folder.
lane_quicward() {
    local LAB_ROUTER LAB_DIR=$LAB_DIR/lane$1 QUICWARD_PID
    LAB_ROUTER=$(lane_router "$1")
    mkdir -p "$LAB_DIR" && start_quicward "$2"
}

# lane_ask LANE REQUEST [OPTION...]: as quicward_ask.
lane_ask() {
    local LAB_ROUTER LAB_DIR=$LAB_DIR/lane$1
    LAB_ROUTER=$(lane_router "$1")
    shift
    quicward_ask "$@"
}

# lane_run LANE NEAR FAR COMMAND...: runs COMMAND with links that have the rules NEAR and FAR (words). Leaves what the near link
# saw in $LAB_DIR/run-LANE, the command's output in run-LANE.out. Returns the command's status.
lane_run() {
    local lane=$1 near=$2 far=$3 status=0 links
    shift 3
    # shellcheck disable=SC2086 # rules are words
    ip netns exec "$LAB_LINK" "$QW_TOOLS/lossy_link" "near$lane-a" "near$lane-b" $near ${LANE_EXTRA[$lane]:-} \
        >"$LAB_DIR/run-$lane" 2>&1 &
    links=($!)
    # shellcheck disable=SC2086
    ip netns exec "$LAB_LINK" "$QW_TOOLS/lossy_link" "far$lane-a" "far$lane-b" $far >"$LAB_DIR/run-$lane.far" 2>&1 &
    links+=($!)
    if wait_for 5 grep -q ready "$LAB_DIR/run-$lane" && wait_for 5 grep -q ready "$LAB_DIR/run-$lane.far"; then
        "$@" >"$LAB_DIR/run-$lane.out" 2>&1 </dev/null || status=$?
    else
        status=99
    fi
    kill "${links[@]}"
    wait "${links[@]}"
    return "$status"
}

# lanes_run NEAR FAR FUNCTION [ARGUMENT...]: FUNCTION LANE ARGUMENT... in all lanes that are used at once. Writes the status of each to run-LANE.status.
lanes_run() {
    local near=$1 far=$2 runs=() lane
    shift 2
    for lane in "${LANES_USED[@]}"; do
        (
            lane_run "$lane" "$near" "$far" "$1" "$lane" "${@:2}"
            echo $? >"$LAB_DIR/run-$lane.status"
        ) &
        runs+=($!)
    done
    wait "${runs[@]}"
}

# run_value LANE FIELD: of the last run, of the flow that was connected first: "connected", "opening", "ended"; nothing when none was.
run_value() {
    awk -v field="$2" '/^flow/ { for (i = 3; i <= NF; i++) v[$i] = $(i + 1) }
        /^flow/ && v["connected"] != "-" { print v[field]; exit }' "$LAB_DIR/run-$1"
}

# lane_hosts LANE: a hosts file where the server's names mean that lane's server.
lane_hosts() {
    local file=$LAB_DIR/hosts$1
    [ -e "$file" ] || printf '%s\n' "127.0.0.1 localhost $(uname -n)" "$(lane_server "$1") v4.server.test v4.blocked.test" \
        "$(lane_server "$1" 6) v6.server.test v6.blocked.test" >"$file"
    echo "$file"
}

# lane_gtls LANE FAMILY PORT [OPTION...]: ngtcp2's client.
lane_gtls() {
    local LAB_HOSTS
    LAB_HOSTS=$(lane_hosts "$1")
    client_gtls "${@:2}" 2>&1 | grep 'status: 200'
}

# lane_chromium LANE FAMILY PORT
lane_chromium() {
    local S4 S6
    S4=$(lane_server "$1") S6=$(lane_server "$1" 6)
    client_chromium "${@:2}" | grep "${QW_EXPECT:-hello-quic}"
}

# lane_quicgo LANE FAMILY PORT [OPTION...]
lane_quicgo() {
    local server
    server=$(lane_server "$1" "$2")
    [ "$2" = 4 ] || server="[$server]"
    client_quicgo "$server:$3" "v$2.server.test" "${@:4}"
}

# run_done LANE: from the first datagram of the last run until the client's last one, whatever flow it was of.
run_done() {
    awk '/^flow/ { for (i = 3; i <= NF; i++) v[$i] = $(i + 1); t = v["began"] + v["ended"]; if (t > last) last = t }
        END { if (last) print last }' "$LAB_DIR/run-$1"
}

# ---- lanes beside lane 0, which is a plain router ----

# run_measure LANE: the time that it is compared with: the longest of those that LANE_MEASURE names; nothing when one did not connect.
run_measure() {
    local lane times=()
    for lane in ${LANE_MEASURE[$1]:-0}; do
        times+=("$(run_value "$lane" connected)")
    done
    printf '%s\n' "${times[@]}" | awk '$1 == "" { never = 1 } $1 > most { most = $1 } END { if (!never) print most }'
}

# run_compared: true when every lane connected where those did that it is compared with, in no more than 1.5 times their time and the
# jitter that a busy machine has anyway. Prints all times.
LANE_JITTER_MS=$((40 * QW_SLOWER))
run_compared() {
    local lane status=0 mine
    for lane in "${LANES_USED[@]}"; do
        mine=$(run_value "$lane" connected)
        echo "${LANES[$lane]} connected ${mine:--} ms, $(run_value "$lane" opening) datagrams," \
            "status $(cat "$LAB_DIR/run-$lane.status")"
        [[ ${LANE_MEASURE[$lane]:-0} = none ]] || run_no_slower "$(run_measure "$lane")" "$mine" || status=1
    done
    return $status
}

run_no_slower() { # PLAIN-MS MS
    [ -z "$1" ] || awk -v plain="$1" -v mine="${2:-1e9}" -v jitter=$LANE_JITTER_MS 'BEGIN { exit mine > 1.5 * plain + jitter }'
}

# lanes_compared NEAR FAR FUNCTION...: one of three runs in all lanes compares well: a stall of the machine hits one lane or another, what
# quicward does comes again.
lanes_compared() {
    local try
    for try in 1 2 3; do
        lanes_run "$@"
        echo "run $try:"
        run_compared && return
    done
    return 1
}
