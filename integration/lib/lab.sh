# shellcheck shell=bash
# Three namespaces: client -- router -- server, IPv4 and IPv6, routed both ways without NAT.
#
#   client c0 192.0.2.2    -- lan0 192.0.2.1    router  wan0 198.51.100.1 -- s0 198.51.100.2    server
#          2001:db8:1::2      2001:db8:1::1                  2001:db8:2::1     2001:db8:2::2
#
# Several labs may stand at once: names carry LAB_ID, and LAB_DIR holds a lab's files.
# shellcheck disable=SC2034 # read by the cases
C4=192.0.2.2 C6=2001:db8:1::2 S4=198.51.100.2 S6=2001:db8:2::2
LAB_ID=${QW_LAB:-}
LAB_PIDS=()
# How many times slower than a usual machine this one is: senders have as much less of a rate, so that it is one that the router can carry.
QW_SLOWER=${QW_SLOWER:-1}
LAB_OTHERS=() # namespaces that a case has besides; what still runs in them is ended with the lab

# paced RATE: of it what this machine is given.
paced() {
    echo $(($1 / QW_SLOWER))
}

lab_name() {
    LAB_ID=${LAB_ID:-$$}
    LAB_DIR=${TMPDIR:-/tmp}/quicward-lab-$LAB_ID
    LAB_CLIENT=qw-$LAB_ID-client
    LAB_ROUTER=qw-$LAB_ID-router
    LAB_SERVER=qw-$LAB_ID-server
    LAB_TRANSIT=qw-$LAB_ID-transit # in the NAT lab alone: lib/nat.sh
}

# lab_up [gso]: builds the lab. With "gso" the ends may send UDP bundles; otherwise every packet is a wire packet.
lab_up() {
    lab_name
    mkdir -p "$LAB_DIR" || return 1
    lab_namespaces "$LAB_CLIENT" "$LAB_ROUTER" "$LAB_SERVER" || return 1
    ip link add c0 netns "$LAB_CLIENT" type veth peer name lan0 netns "$LAB_ROUTER" || return 1
    ip link add s0 netns "$LAB_SERVER" type veth peer name wan0 netns "$LAB_ROUTER" || return 1
    [ "${1:-}" = gso ] || lab_no_bundles
    lab_link "$LAB_CLIENT" c0 $C4/24 $C6/64
    lab_link "$LAB_ROUTER" lan0 192.0.2.1/24 2001:db8:1::1/64
    lab_link "$LAB_ROUTER" wan0 198.51.100.1/24 2001:db8:2::1/64
    lab_link "$LAB_SERVER" s0 $S4/24 $S6/64
    lab_routes
    lab_hosts
    fast_links_asked
    lab_reachable
}

lab_namespaces() { # NAMESPACE...
    local ns
    for ns in "$@"; do
        ip netns add "$ns" || return 1
        lab_sysctl "$ns" net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
        ip -n "$ns" link set lo up
    done
}

lab_sysctl() {
    ip netns exec "$1" sysctl -qw "${@:2}"
}

lab_no_bundles() {
    ip netns exec "$LAB_CLIENT" ethtool -K c0 tx-udp-segmentation off
    ip netns exec "$LAB_SERVER" ethtool -K s0 tx-udp-segmentation off
}

lab_link() { # NAMESPACE INTERFACE IPV4 IPV6
    ip -n "$1" addr add "$3" dev "$2"
    ip -n "$1" addr add "$4" dev "$2" nodad
    ip -n "$1" link set "$2" up
}

lab_routes() {
    lab_sysctl "$LAB_ROUTER" net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
    ip -n "$LAB_CLIENT" route add default via 192.0.2.1
    ip -n "$LAB_CLIENT" -6 route add default via 2001:db8:1::1
    ip -n "$LAB_SERVER" route add default via 198.51.100.1
    ip -n "$LAB_SERVER" -6 route add default via 2001:db8:2::1
}

# Programs that take the TLS server name from their host argument need names: one for each family. Others are not to be
# found, at once.
lab_hosts() {
    printf '%s\n' "127.0.0.1 localhost $(uname -n)" "$S4 v4.server.test v4.blocked.test" \
        "$S6 v6.server.test v6.blocked.test" >"$LAB_DIR/hosts"
    echo 'nameserver 127.0.0.1' >"$LAB_DIR/resolv.conf"
}

lab_reachable() {
    wait_for 5 ip netns exec "$LAB_CLIENT" ping -q -c1 -W1 $S4 >/dev/null &&
        wait_for 5 ip netns exec "$LAB_CLIENT" ping -q -6 -c1 -W1 $S6 >/dev/null
}

# lab_down: ends what lab_spawn started and removes the namespaces and files.
lab_down() {
    [ -n "${LAB_DIR:-}" ] || return 0
    local pid ns
    for pid in "${LAB_PIDS[@]}"; do
        lab_stop "$pid"
    done
    LAB_PIDS=()
    for ns in "${LAB_OTHERS[@]}"; do
        for pid in $(ip netns pids "$ns" 2>/dev/null); do
            kill "$pid" 2>/dev/null
        done
    done
    for ns in "$LAB_CLIENT" "$LAB_ROUTER" "$LAB_SERVER" "$LAB_TRANSIT" "${LAB_OTHERS[@]}"; do
        ip netns del "$ns" 2>/dev/null
    done
    umount "$LAB_DIR/bpf" 2>/dev/null
    fast_say
    rm -rf "$LAB_DIR"
    LAB_DIR=
}

# lab_keep_logs: copies the lab's logs to QW_LOGS, when the runner asked for them.
lab_keep_logs() {
    [ -n "${QW_LOGS:-}" ] && [ -n "${LAB_DIR:-}" ] || return 0
    mkdir -p "$QW_LOGS"
    (cd "$LAB_DIR" && find . -maxdepth 2 -type f \( -name '*.log' -o -name '*.conf' -o -name 'run-*' \) \
        -exec cp --parents -t "$QW_LOGS" {} +)
}

# lab_trap: cleans up however the case ends.
lab_trap() {
    trap 'lab_finish $?' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
}

lab_finish() { # STATUS
    trap - EXIT
    [ "$1" = 0 ] || lab_keep_logs
    lab_down
    exit "$1"
}

in_client() {
    ip netns exec "$LAB_CLIENT" "$@"
}

in_router() {
    ip netns exec "$LAB_ROUTER" "$@"
}

in_server() {
    ip netns exec "$LAB_SERVER" "$@"
}

# lab_spawn NAMESPACE LOG COMMAND...: in the background; LAB_PID is the program's own pid, for no shell stands between.
lab_spawn() {
    local ns=$1 log=$2
    shift 2
    fast_note "$LAB_DIR/$log.log"
    # Here, not by the child alone: whoever waits for a word in it must not find that of the process before.
    : >"$LAB_DIR/$log.log"
    ip netns exec "$ns" "$@" >"$LAB_DIR/$log.log" 2>&1 </dev/null &
    LAB_PID=$!
    LAB_PIDS+=("$LAB_PID")
}

# ended PID: the process is gone, or only its exit status is left.
ended() {
    local stat
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 0
    stat=${stat##*) }
    [ "${stat%% *}" = Z ]
}

# lab_stop PID: asks it to end, insists after three seconds. Returns its status.
lab_stop() {
    local pid=$1 left=() other
    for other in "${LAB_PIDS[@]}"; do
        [ "$other" = "$pid" ] || left+=("$other")
    done
    LAB_PIDS=("${left[@]}")
    kill -TERM "$pid" 2>/dev/null
    wait_for 3 ended "$pid" || kill -KILL "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
}

# listening NAMESPACE PORT: a UDP socket is bound to PORT there.
listening() {
    ip netns exec "$1" ss -Hlun "sport = :$2" | grep -q .
}
