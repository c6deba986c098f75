#!/usr/bin/env bash
# All benchmarks, as root: installs what they need, builds, measures for about a minute, prints one table.
#   run.sh [all|engine|initial|queue]...
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
build='build-bench'
flows=1000 ip_len=1228 seconds=5 copy_range=2048
# The generator's and the sink's namespaces, and the router between them: of this run alone.
client=qwb-$$-client router=qwb-$$-router server=qwb-$$-server
folder=$(mktemp -d "${TMPDIR:-/tmp}/quicward-bench.XXXXXX") || exit 1
background=()

cleanup() {
    local pid namespace
    for pid in "${background[@]}"; do
        kill "$pid" 2>/dev/null
    done
    wait
    for namespace in "$client" "$router" "$server"; do
        ip netns del "$namespace" 2>/dev/null
    done
    rm -rf "$folder"
}

die() {
    echo "run.sh: $*" >&2
    exit 1
}

prepare() {
    integration/install.sh build bench || die 'packages are missing'
    { cmake -S . -B $build -DCMAKE_BUILD_TYPE=Release -DQUICWARD_TESTS=ON -DQUICWARD_BENCH=ON &&
        cmake --build $build -j "$(nproc)" --target quicward bench_engine bench_initial bench_accept bench_generate \
            bench_sink; } >"$folder/build.log" 2>&1 || { tail -n 30 "$folder/build.log" >&2; die 'the build failed'; }
}

fact() { # NAME VALUE
    printf '%-10s %s\n' "$1" "$2"
}

facts() {
    fact processor "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) cores$(virtual)"
    fact memory "$(awk '/^MemTotal/ { printf "%.1f GiB", $2 / 1048576 }' /proc/meminfo)"
    fact kernel "$(uname -r)"
    fact system "$(. /etc/os-release && echo "$PRETTY_NAME")"
    fact openssl "$(openssl version | cut -d ' ' -f 2)"
    fact compiler "$(cc --version | head -n 1)"
    fact load "$(cut -d ' ' -f 1-3 /proc/loadavg) (over 1, 5 and 15 minutes, before the run)"
    fact quicward "$(git describe --always --dirty 2>/dev/null || echo 'not in a git tree')"
}

virtual() {
    ! grep -qw hypervisor /proc/cpuinfo || echo ', virtual'
}

# start NAMESPACE LOG COMMAND...: in the background; `started` is its pid.
start() {
    local namespace=$1 log=$folder/$2
    shift 2
    ip netns exec "$namespace" "$@" >"$log" 2>&1 &
    started=$!
    background+=("$started")
}

network_up() {
    local namespace
    for namespace in "$client" "$router" "$server"; do
        ip netns add "$namespace" || die 'no namespaces: are you root?'
        ip -n "$namespace" link set lo up
    done
    ip link add c0 netns "$client" type veth peer name lan0 netns "$router" || die 'no veth'
    ip link add s0 netns "$server" type veth peer name wan0 netns "$router" || die 'no veth'
    address "$client" c0 10.0.1.2
    address "$router" lan0 10.0.1.1
    address "$router" wan0 10.0.2.1
    address "$server" s0 10.0.2.2
    ip -n "$client" route add default via 10.0.1.1
    ip -n "$server" route add default via 10.0.2.1
    ip netns exec "$router" sysctl -qw net.ipv4.ip_forward=1
    # Also resolves the neighbours, which the generator does not.
    ip netns exec "$client" ping -q -c 2 -W 2 10.0.2.2 >/dev/null || die 'the namespaces do not reach each other'
}

address() { # NAMESPACE INTERFACE ADDRESS
    ip -n "$1" addr add "$3/24" dev "$2"
    ip -n "$1" link set "$2" up
    # Switches NAPI on, without which veth takes no XDP frames.
    ip netns exec "$1" ethtool -K "$2" gro on
}

mac() { # NAMESPACE INTERFACE
    ip -n "$1" -o link show "$2" | sed 's/.*ether \([0-9a-f:]*\).*/\1/'
}

# Packets in the best full second at the sink, into `best`. The first second is left to caches and flows.
best_second() {
    local sink
    start "$server" sink.log $build/tests/bench/bench_sink s0 "$seconds"
    sink=$started
    sleep 0.3
    ip netns exec "$client" $build/tests/bench/bench_generate c0 "$(mac "$client" c0)" "$(mac "$router" lan0)" \
        $flows $ip_len "$seconds" || die 'the generator failed'
    wait "$sink"
    best=$(sed 1d "$folder/sink.log" | sort -n | tail -n 1)
    [ "${best:-0}" -gt 0 ] || die "nothing arrived: $(cat "$folder"/*.log)"
}


# queue_row NAME PACKETS YARDSTICK [TARGET]
queue_row() {
    awk -v name="$1" -v n="$2" -v yard="$3" -v target="${4:-}" 'BEGIN {
        printf "queue: %s\t%.3f Mpps\t%.2f of accept-only\t", name, n / 1e6, n / yard
        if (target == "") print "-\t-"
        else printf ">= %s\t%s\n", target, (n / yard >= target + 0 ? "met" : "not met")
    }'
}

configuration() { # MODE
    printf '%s\n' "mode = \"$1\";" 'inside = ["lan0"];' 'outside = ["wan0"];' 'manage_rules = false;' \
        "queue = { first = 7400; workers = 1; copy_range = $copy_range; };" "control = \"$folder/control\";"
}

with_accept() {
    local pid
    start "$router" accept.log $build/tests/bench/bench_accept 7400 $copy_range $((seconds + 2))
    pid=$started
    sleep 0.3
    best_second
    wait "$pid"
}

with_quicward() { # MODE
    local pid tries
    configuration "$1" >"$folder/quicward.conf"
    start "$router" quicward.log $build/quicward run -c "$folder/quicward.conf"
    pid=$started
    for ((tries = 0; tries < 50; tries++)); do
        $build/quicward stats -s "$folder/control" >"$folder/stats.log" 2>&1 && break
        sleep 0.1
    done
    kill -0 "$pid" 2>/dev/null || die "quicward does not run: $(cat "$folder/quicward.log")"
    best_second
    kill -TERM "$pid" && wait "$pid"
}

# The same kernel rules for every program: those that quicward prints. Twice over, in turns: the better counts.
queue() {
    local plain accept=0 firewall=0 monitor=0
    network_up
    best_second
    plain=$best
    configuration firewall >"$folder/quicward.conf"
    ip netns exec "$router" sh -c "$build/quicward rules -c '$folder/quicward.conf' | sh" || die 'no kernel rules'
    for _ in 1 2; do
        with_accept && accept=$((best > accept ? best : accept))
        with_quicward firewall && firewall=$((best > firewall ? best : firewall))
        with_quicward monitor && monitor=$((best > monitor ? best : monitor))
    done
    queue_row 'plain forwarding' "$plain" "$accept"
    queue_row "accept-only program, copy range $copy_range" "$accept" "$accept"
    queue_row 'quicward, firewall mode' "$firewall" "$accept" 0.92
    queue_row 'quicward, monitor mode' "$monitor" "$accept"
}

measure() { # WHAT
    case $1 in
    engine) $build/tests/bench/bench_engine ;;
    initial) $build/tests/bench/bench_initial ;;
    queue) queue ;;
    all) measure engine && measure initial && measure queue ;;
    *) die "$1 is none of all, engine, initial, queue" ;;
    esac
}

trap cleanup EXIT
trap 'exit 1' INT TERM
[ "$(id -u)" = 0 ] || die 'root is needed'
[ $# -gt 0 ] || set -- all
prepare
facts
echo
printf 'what\tmeasured\tratio\ttarget\t\n' >"$folder/table"
for what in "$@"; do
    measure "$what" >>"$folder/table" || die "$what failed"
done
column -t -s $'\t' "$folder/table"
