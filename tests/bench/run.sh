#!/usr/bin/env bash
# All benchmarks, as root: installs what they need, builds, measures for some twenty minutes, prints one table.
#   run.sh [all|engine|initial|instructions|reload|views|files|queue|calls|connect|sinks|fast|cluster]...
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
. tests/bench/network.sh
. tests/bench/programs.sh
. tests/bench/traffic.sh
. tests/bench/calls.sh
. tests/bench/connect.sh
. tests/bench/sinks.sh
. tests/bench/fast.sh
. tests/bench/cluster.sh
build='build-bench'
flows=1000 ip_len=1228 seconds=4 rounds=3 answer_rounds=5 added_us=100 copy_range=2048 events_a_second=200
# The generator's and the sink's namespaces, and the router between them: of this run alone.
client=qwb-$$-client router=qwb-$$-router server=qwb-$$-server
folder=$(mktemp -d "${TMPDIR:-/tmp}/quicward-bench.XXXXXX") || exit 1
programs=(plain masquerade accept firewall monitor nat)
handshaking=(plain masquerade accept names firewall monitor nat)
declare -A named=([plain]='plain forwarding' [masquerade]='kernel conntrack and MASQUERADE'
    [accept]="accept-only program, copy range $copy_range" [firewall]='quicward, firewall mode'
    [names]='quicward, firewall mode, rule by name' [monitor]='quicward, monitor mode' [nat]='quicward, nat mode')
declare -A target=([firewall]=0.92 [nat]=0.80)
declare -A counted=([short]='short header, 1000 known flows' [nat]='nat both ways, 1000 known flows'
    [spin]='short header, 1000 known QUIC flows, RTT measured' [initial]='new flow, Initial opened, SNI read')
names=2000000 files_target=30

cleanup() {
    network_down
    rm -rf "$folder"
}

die() {
    echo "run.sh: $*" >&2
    exit 1
}

prepare() {
    integration/install.sh build bench || die 'packages are missing'
    { cmake -S . -B $build -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_FLAGS=-g -DQUICWARD_TESTS=ON -DQUICWARD_BENCH=ON &&
        cmake --build $build -j "$(nproc)" --target quicward bench_engine bench_initial bench_work bench_accept \
            bench_recover bench_views bench_generate bench_sink bench_respond bench_connect \
            bench_bare bench_cost bench_flood bench_forward bench_idle bench_cluster; } >"$folder/build.log" 2>&1 ||
        { tail -n 30 "$folder/build.log" >&2; die 'the build failed'; }
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

# row WHAT MEASURED [RATIO [TARGET MET]]
row() {
    printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "${3:--}" "${4:--}" "${5:--}"
}

# at_least WHAT MEASURED VALUE YARDSTICK [TARGET]: VALUE as a share of accept-only's.
at_least() {
    local ratio
    ratio=$(awk -v n="$3" -v yard="$4" 'BEGIN { printf "%.2f", n / yard }')
    if [ $# -lt 5 ]; then
        row "$1" "$2" "$ratio of accept-only"
    else
        row "$1" "$2" "$ratio of accept-only" ">= $5" "$(awk -v r="$ratio" -v t="$5" \
            'BEGIN { print (r + 0 >= t + 0 ? "met" : "not met") }')"
    fi
}

# Every program in turns; the best turn counts.
queue() {
    local what round
    local -A rate=()
    for ((round = 0; round < rounds; round++)); do
        for what in "${programs[@]}"; do
            "with_$what" best_second
            rate[$what]=$((best > ${rate[$what]:-0} ? best : ${rate[$what]:-0}))
        done
    done
    for what in "${programs[@]}"; do
        at_least "queue: ${named[$what]}" "$(awk -v n="${rate[$what]}" 'BEGIN { printf "%.3f Mpps", n / 1e6 }')" \
            "${rate[$what]}" "${rate[accept]}" ${target[$what]:+"${target[$what]}"}
    done
}

# Instructions as callgrind counts them: the same in every run on one machine, however busy it is.
count_work() { # KIND [NAMES]: leaves callgrind.KIND and work.KIND in $folder
    valgrind --tool=callgrind --toggle-collect=bench_counted --callgrind-out-file="$folder/callgrind.$1" \
        $build/tests/bench/bench_work "$@" >"$folder/work.$1" 2>"$folder/valgrind.log" ||
        { cat "$folder/valgrind.log" >&2; return 1; }
}

instructions() {
    local kind count split
    for kind in short spin nat initial; do
        count_work $kind || return 1
        count=$(awk '/packets/ { print $1 }' "$folder/work.$kind")
        # A packet of a known flow is not decrypted; the first of a new one is.
        split=$(awk -v packets="$count" -v crypto="$([ "$kind" != initial ] || echo needed)" -f tests/bench/by_object.awk \
            "$folder/callgrind.$kind") || return 1
        row "instructions: ${counted[$kind]}" "$split" \
            "$(awk -v packets="$count" '/allocations/ { printf "%.2f", $1 / packets }' "$folder/work.$kind") allocations"
    done
    measuring
}

# What the round trips cost a packet between two edges of the spin bit, against one of a flow that is no QUIC.
measuring() {
    local short spin
    short=$(all_of short) && spin=$(all_of spin) || return 1
    row 'instructions: a flow that is measured' "$(awk -v a="$short" -v b="$spin" -v n="$(awk '/packets/ { print $1 }' "$folder/work.spin")" \
        'BEGIN { printf "%+.0f a packet", (b - a) / n }')" "$(awk -v a="$short" -v b="$spin" 'BEGIN { printf "%.3f of one that is not", b / a }')" \
        '<= 1.05' "$([ $((100 * spin)) -le $((105 * short)) ] && echo met || echo 'not met')"
}

all_of() { # KIND: all instructions
    awk '/^summary:/ { print $2 }' "$folder/callgrind.$1"
}

# What a worker pays for a reload, in its next packet: the same for a list of any length, since it only takes a pointer.
reload() {
    local quiet few many
    quiet=$(counted_by quiet 10) && few=$(counted_by reload 10) && many=$(counted_by reload $names) || return 1
    row "reload: a worker takes new settings, $names names" "$(((many - quiet) / 2)) instructions, $(((few - quiet) / 2)) with 10 names" \
        "$(awk -v many=$((many - quiet)) -v few=$((few - quiet)) 'BEGIN { printf "%.2f of 10 names", many / few }')" '<= 1.03' \
        "$([ $((100 * (many - quiet))) -le $((103 * (few - quiet))) ] && echo met || echo 'not met')"
}

counted_by() { # KIND NAMES: all instructions
    count_work "$@" && awk '/^summary:/ { print $2 }' "$folder/callgrind.$1"
}

# Sources with code that a packet of a known flow executes in mode nat, from engine_handle down.
files() {
    local all
    count_work nat || return 1
    all=$(awk -f tests/bench/by_file.awk "$folder/callgrind.nat") || return 1
    local sources
    sources=$(grep -c '\.c$' <<<"$all")
    row 'files: nat, a packet of a known flow' "$sources sources, $(grep -c '\.h$' <<<"$all") headers" - "<= $files_target sources" \
        "$([ "$sources" -le $files_target ] && echo met || echo 'not met')"
}

network_once() {
    [ -e "/run/netns/$router" ] || network_up
}

measure() { # WHAT
    case $1 in
    engine) $build/tests/bench/bench_engine && $build/tests/bench/bench_recover ;;
    initial) $build/tests/bench/bench_initial ;;
    instructions) instructions ;;
    reload) reload ;;
    views) $build/tests/bench/bench_views ;;
    files) files ;;
    queue) network_once && queue ;;
    calls) network_once && calls ;;
    connect) network_once && connect && on_one_core answer 'one core' "${handshaking[@]}" &&
        answer 'all cores' accept names ;;
    sinks) network_once && on_one_core sinks ;;
    fast) fast ;;
    cluster) cluster ;;
    all) measure engine && measure initial && measure instructions && measure reload && measure views && measure files && measure queue && measure calls && measure connect && measure sinks && measure fast && measure cluster ;;
    *) die "$1 is none of all, engine, initial, instructions, reload, views, files, queue, calls, connect, sinks, fast, cluster" ;;
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
