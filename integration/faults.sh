#!/usr/bin/env bash
# S1, S5: what becomes of real connections when something goes wrong: faults.sh [-n CONNECTIONS] [-f PACKETS] [-k LINES] [-o TABLE] [-t FAULT] [MODE...]
# For each mode (nat, firewall) and each fault CONNECTIONS (300) of quic-go ask twice a second, IPv4 and IPv6, with ngtcp2 clients
# that fall silent over the fault, and new ones of ngtcp2, chromium and kdig meanwhile. TABLE (docs/faults.md) says how many were
# lost, the longest that one waited for an answer, memory, and how long it took until all had answers again. Floods have PACKETS
# (100000) packets. The file LINES keeps the lines of the table, and those that stand in it already come first: so modes may be run
# one by one; -t leaves out all faults but one (kill, deleted, ...). A run takes a quarter of an hour. QUICWARD is the program. Status 1: a fault that leaves the router up cost an
# established connection, or a mapping its external endpoint.
# shellcheck disable=SC2317 # faults are called by name
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=lib/speakers.sh
. "$QW_ROOT/integration/lib/speakers.sh"
CONNECTIONS=300 PACKETS=100000 KEPT='' ONLY='' TABLE=$QW_ROOT/docs/faults.md
while getopts n:f:k:o:t: option; do
    case $option in
    n) CONNECTIONS=$OPTARG ;;
    f) PACKETS=$OPTARG ;;
    k) KEPT=$OPTARG ;;
    o) TABLE=$OPTARG ;;
    t) ONLY=$OPTARG ;;
    *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))
MODES=("${@:-nat}")
[ $# -gt 0 ] || MODES=(nat firewall)
skip_without gtlsclient gtlsserver python3 ethtool
skip_without_quicgo
BAD=0

# ---- the network and the daemon ----

# External addresses follow the interface, so that it can be renumbered. One port goes to a host inside, where a flood comes in.
faults_start() {
    if [ "$MODE" = nat ]; then
        start_nat 'external = "auto"; forwards = ( { port = 9000; to = "10.0.0.9:9000"; } );' 'log = "info";'
    else
        start_quicward 'rules = ( { name = "in"; direction = "in"; to_port = [9000]; action = "accept"; } );'
    fi
}

faults_lab() {
    # The network of the NAT in both modes: no end of a connection loses its own interface.
    # shellcheck disable=SC2119
    nat_lab_up || return 1
    flood_lab_of_mode
    certificate_make && serve_gtls 4433 && serve_quicgo "" 4434 && serve_knot
    HAS_KNOT=$?
    faults_start
}

# Forged sources may come by every interface.
flood_lab_of_mode() {
    local namespace
    for namespace in "$LAB_ROUTER" "$LAB_TRANSIT"; do
        ip netns exec "$namespace" sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 2>/dev/null
    done
    # shellcheck disable=SC2016 # expanded by the inner shell
    in_router sh -c 'for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >"$f"; done'
}

run_again() { # OPTION...
    lab_spawn "$LAB_ROUTER" quicward "$QUICWARD" run -c "$LAB_DIR/quicward.conf" "$@"
    # shellcheck disable=SC2153 # set by lab_spawn
    QUICWARD_PID=$LAB_PID
    wait_for 10 quicward_ready
}

killed() {
    kill -KILL "$QUICWARD_PID"
    wait "$QUICWARD_PID" 2>/dev/null
    return 0
}

# ---- connections ----

# Stand when the fault comes, and speak again after it.
silent_begin() {
    local family
    SILENT=()
    for family in 4 6; do
        client_gtls $family 4433 --delay-stream=8s --timeout=60s >"$LAB_DIR/silent-$family" 2>&1 &
        SILENT+=($!)
    done
    wait_for 4 silent_stand
}

silent_stand() {
    flows_json | jq -se 'map(select((.server | endswith(":4433")) and .state == "confirmed" and .idle_ms < 8000)) | length >= 2' >/dev/null
}

silent_end() {
    local pid family=4
    for pid in "${SILENT[@]}"; do
        wait "$pid"
        grep -q 'status: 200' "$LAB_DIR/silent-$family" || LOST=$((LOST + 1))
        family=6
    done
}

# New connections of each kind until the fault is over, as one word: "12/12".
newcomers() {
    local family tried=0 well=0 kind
    while [ ! -e "$LAB_DIR/over" ]; do
        for family in 4 6; do
            for kind in ngtcp2 kdig chromium; do
                [ ! -e "$LAB_DIR/over" ] || break 2
                newcomer $kind $family >"$LAB_DIR/new" 2>&1
                case $? in
                0) tried=$((tried + 1)) well=$((well + 1)) ;;
                77) ;;
                *) tried=$((tried + 1)) ;;
                esac
            done
        done
    done
    echo "$well/$tried" >"$LAB_DIR/newcomers"
}

newcomer() { # KIND FAMILY
    case $1 in
    ngtcp2) shows 'status: 200' client_gtls "$2" 4433 ;;
    kdig) if [ "$HAS_KNOT" = 0 ]; then shows hello-dns client_doq "$2"; else return 77; fi ;;
    chromium) if command -v chromium >/dev/null; then shows hello-quic client_chromium "$2" 4433; else return 77; fi ;;
    esac
}

# ---- faults: each ends when the fault itself does ----

fault_kill() { killed && run_again; }

fault_restart() { stop_quicward && run_again; }

fault_take_over() {
    local old=$QUICWARD_PID
    run_again --take-over && wait_for 10 ended "$old" && wait "$old"
}

# As a program of another layout finds it: the number stands behind eight bytes.
fault_layout() {
    killed
    printf '\377\0\0\0' | dd of="$LAB_DIR/main.state" bs=1 seek=8 conv=notrunc status=none
    run_again
}

fault_stop() { kill -STOP "$QUICWARD_PID" && sleep 2 && kill -CONT "$QUICWARD_PID"; }

fault_reloads() {
    local i
    cp "$LAB_DIR/quicward.conf" "$LAB_DIR/kept.conf"
    for ((i = 0; i < 40; i++)); do
        { cat "$LAB_DIR/kept.conf" && echo "timers = { two_way = $((200 + i)); };"; } >"$LAB_DIR/quicward.conf"
        quicward_ask reload >/dev/null || return 1
    done
    cp "$LAB_DIR/kept.conf" "$LAB_DIR/quicward.conf"
}

fault_unbound() {
    in_router python3 "$QW_ROOT/integration/lib/queue_thief.py" "$QUICWARD_PID" 7400 &&
        in_router python3 "$QW_ROOT/integration/lib/queue_thief.py" "$QUICWARD_PID" 7401
}

fault_stolen() { in_router python3 "$QW_ROOT/integration/lib/queue_thief.py" "$QUICWARD_PID" 7400 3; }

fault_flush() {
    local tool
    for tool in iptables ip6tables iptables-legacy ip6tables-legacy; do
        in_router sh -c "$tool -t mangle -F; $tool -t mangle -X; $tool -t raw -F; $tool -t nat -F" 2>/dev/null
    done
    in_router nft flush ruleset 2>/dev/null || true
}

fault_link() { ip -n "$LAB_ROUTER" link set wan0 down && sleep 1 && ip -n "$LAB_ROUTER" link set wan0 up && outside_routes; }

# What the kernel forgets with the link or the interface.
outside_routes() {
    ip -n "$LAB_ROUTER" addr replace 2001:db8:2::1/64 dev wan0 nodad
    ip -n "$LAB_ROUTER" route replace default via "$T4"
    ip -n "$LAB_ROUTER" -6 route replace default via 2001:db8:2::2
}

fault_deleted() {
    ip -n "$LAB_ROUTER" link del wan0 && sleep 1
    ip link add t0 netns "$LAB_TRANSIT" type veth peer name wan0 netns "$LAB_ROUTER"
    lab_link "$LAB_TRANSIT" t0 "$T4/24" 2001:db8:2::2/64
    lab_link "$LAB_ROUTER" wan0 "$X4/24" 2001:db8:2::1/64
    ip -n "$LAB_TRANSIT" route replace 10.0.0.0/24 via "$X4"
    ip -n "$LAB_TRANSIT" -6 route replace 2001:db8:1::/64 via 2001:db8:2::1
    flood_lab_of_mode
    outside_routes
}

# The folder of the state is full when the next one starts.
fault_disk() {
    mount -t tmpfs -o size=1m none "$LAB_DIR/full" && head -c 2M /dev/zero >"$LAB_DIR/full/fill" 2>/dev/null
    killed
    mv "$LAB_DIR/quicward.conf" "$LAB_DIR/kept.conf"
    { cat "$LAB_DIR/kept.conf" && echo "state = \"$LAB_DIR/full\";"; } >"$LAB_DIR/quicward.conf"
    run_again
    local status=$?
    mv "$LAB_DIR/kept.conf" "$LAB_DIR/quicward.conf"
    umount "$LAB_DIR/full"
    return "$status"
}

fault_no_config() {
    mv "$LAB_DIR/quicward.conf" "$LAB_DIR/kept.conf"
    quicward_ask reload >/dev/null 2>&1
    kill -HUP "$QUICWARD_PID"
    sleep 1
    mv "$LAB_DIR/kept.conf" "$LAB_DIR/quicward.conf"
}

# Another address for a second, then the old one again.
fault_away() {
    ip -n "$LAB_ROUTER" addr add 198.51.100.77/24 dev wan0
    ip -n "$LAB_ROUTER" addr del "$X4/24" dev wan0
    ip -n "$LAB_ROUTER" addr replace 198.51.100.77/24 dev wan0
    ip -n "$LAB_ROUTER" route replace default via "$T4"
    sleep 1
    ip -n "$LAB_ROUTER" addr add "$X4/24" dev wan0
    ip -n "$LAB_ROUTER" addr del 198.51.100.77/24 dev wan0
    ip -n "$LAB_ROUTER" addr replace "$X4/24" dev wan0
    ip -n "$LAB_ROUTER" route replace default via "$T4"
}

flooded() { # PORT KIND [PREFIX]
    local to=$C4
    [ "$MODE" != nat ] || to=$X4
    flood_py "$LAB_SERVER" flood "$to" "$1" "$PACKETS" 20000 "${3:-198.18.0.0/15}" "${@:2:1}" >/dev/null
}

fault_initials() { flooded 9000 initial; }
fault_flows() { flooded 9000 ''; }
fault_fragments() { flooded 9000 fragment; }
fault_icmp() { flooded 9000 icmp; }
fault_oversized() { flooded 9000 big; }
fault_unsolicited() { flooded 12345 ''; }

# ---- the table ----

# NAME WHAT ALLOWED: "zero": no established connection may be lost; "told": the line says what it cost.
FAULTS=(
    'kill|kill -9 and start|zero' 'restart|stop and start|zero' 'take_over|upgrade by run --take-over|zero'
    'layout|kill -9, and a state file of another layout number|told' 'stop|SIGSTOP for 2 s|zero' 'reloads|40 reloads in a row|zero'
    'unbound|both queues unbound by somebody|zero' 'stolen|a queue taken by another program for 3 s|zero' 'flush|rules flushed|zero'
    'link|outside link down for 1 s and up|zero' 'deleted|outside interface deleted for 1 s and made again|zero'
    'disk|kill -9, and no space for the state|told' 'no_config|configuration gone, and reload|zero'
    'away|external address another for 1 s, and back|told' 'initials|forged Initials from outside|zero'
    'flows|flows of one packet from outside|zero' 'fragments|first fragments without a second|zero' 'icmp|ICMP errors about nothing|zero'
    'oversized|datagrams of 1472 bytes|zero' 'unsolicited|unsolicited datagrams|zero'
)

memory_mib() {
    awk '/^VmHWM/ { printf "%d", $2 / 1024 }' "/proc/$QUICWARD_PID/status"
}

one_fault() { # NAME WHAT ALLOWED
    local began ended newcomers
    LOST=0 SILENCE=0
    rm -f "$LAB_DIR/over" "$LAB_DIR/newcomers"
    speakers_begin_again || { echo "$2: connections do not stand: $STANDING, $LATE late" && return 1; }
    silent_begin || echo "$2: silent ones do not stand" >&2
    LOST=0 SILENCE=0
    confirmed_endpoints >"$LAB_DIR/before"
    newcomers &
    newcomers=$!
    began=${EPOCHREALTIME/./}
    "fault_$1" || echo "$MODE, $2: the fault itself failed" >&2
    ended=${EPOCHREALTIME/./}
    wait_for 12 speakers_stand || echo "$MODE, $2: not all are back: $STANDING stand, $LATE late" >&2
    NORMAL=$(((${EPOCHREALTIME/./} - ended) / 1000)) TOOK=$(((ended - began) / 1000))
    touch "$LAB_DIR/over"
    wait $newcomers
    silent_end
    speakers_ask
    confirmed_endpoints >"$LAB_DIR/after"
    CHANGED=$(endpoints_changed "$LAB_DIR/before" "$LAB_DIR/after")
    print_line "$2"
    [ "$3" = told ] || [ "$LOST$CHANGED" = 00 ] || BAD=$((BAD + 1))
}

speakers_begin_again() {
    speakers_stand || wait_for 12 speakers_stand
}

print_line() { # WHAT
    printf '| %s | %s | %d | %d | %d | %s | %d | %d | %d |\n' "$1" "$MODE" "$LOST" "$CHANGED" "$SILENCE" \
        "$(cat "$LAB_DIR/newcomers" 2>/dev/null)" "$(memory_mib)" "$TOOK" "$NORMAL" | tee -a "$LINES_FILE" >&2
}

one_mode() {
    local fault name what allowed
    faults_lab || return 1
    mkdir -p "$LAB_DIR/full"
    speakers_begin || { echo "connections do not stand: $STANDING of $CONNECTIONS" >&2 && return 1; }
    for fault in "${FAULTS[@]}"; do
        IFS='|' read -r name what allowed <<<"$fault"
        [ "$MODE" = nat ] || [ "$name" != away ] || continue
        [ -z "$ONLY" ] || [ "$name" = "$ONLY" ] || continue
        one_fault "$name" "$what" "$allowed" || BAD=$((BAD + 1))
    done
    stop_quicward || BAD=$((BAD + 1))
    [ $BAD = 0 ]
}

page() {
    cat <<EOF
# Faults

\`integration/faults.sh -n $CONNECTIONS -f $PACKETS\` made this page on $(nproc) processors, beside a load of $(cut -d ' ' -f 2 /proc/loadavg). In each mode
$CONNECTIONS connections of quic-go, half of them IPv6, ask twice a second. One connection of ngtcp2 in each family is silent for 8 s during the fault.

- lost: established connections that failed.
- changed: confirmed flows that have another external endpoint afterwards.
- silence: the longest wait of a connection for an answer, without its usual half second, in ms. Clients repeat lost packets at growing intervals, so this
  may be longer than the fault.
- new: how many connections of ngtcp2, kdig and chromium succeeded at their first attempt, of those that they began meanwhile, one after the other.
- memory: the most that the daemon used, in MiB.
- fault: how long the fault lasted, in ms.
- back: how long it then took until every connection got its answers within a second again, in ms.

| fault | mode | lost | changed | silence | new | memory | fault | back |
|---|---|---|---|---|---|---|---|---|
EOF
    cat "$LINES_FILE"
    cat <<EOF

Two faults cost something that the daemon cannot prevent. If the state file cannot be used, or there is no space for it, the daemon begins without flows. QUIC
connections go on when the client speaks first, in mode nat mostly from their old ports (\`nat.choice = "keyed"\`). If the external address changes, its
mappings end. The server must then follow its client to the new mappings, and this quic-go does not.
EOF
}

LINES_FILE=${KEPT:-$(mktemp)}
touch "$LINES_FILE"
for MODE in "${MODES[@]}"; do
    (lab_trap && one_mode) || BAD=$((BAD + 1)) # each lab sets addresses of its own
done
page >"$TABLE"
[ -n "$KEPT" ] || rm -f "$LINES_FILE"
exit $((BAD > 0))
