#!/usr/bin/env bash
# All benchmarks, as root: installs what they need, builds, measures for some ten minutes, prints one table.
#   run.sh [all|engine|initial|instructions|queue|calls|connect]...
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
. tests/bench/network.sh
. tests/bench/programs.sh
. tests/bench/traffic.sh
. tests/bench/calls.sh
. tests/bench/connect.sh
build='build-bench'
flows=1000 ip_len=1228 seconds=4 rounds=3 answer_rounds=5 added_us=100 copy_range=2048
# The generator's and the sink's namespaces, and the router between them: of this run alone.
client=qwb-$$-client router=qwb-$$-router server=qwb-$$-server
folder=$(mktemp -d "${TMPDIR:-/tmp}/quicward-bench.XXXXXX") || exit 1
programs=(plain masquerade accept firewall monitor nat)
handshaking=(plain masquerade accept names firewall monitor nat)
declare -A named=([plain]='plain forwarding' [masquerade]='kernel conntrack and MASQUERADE'
    [accept]="accept-only program, copy range $copy_range" [firewall]='quicward, firewall mode'
    [names]='quicward, firewall mode, rule by name' [monitor]='quicward, monitor mode' [nat]='quicward, nat mode')
declare -A target=([firewall]=0.92 [nat]=0.80)
declare -A counted=([short]='short header, 1000 known flows' [initial]='new flow, Initial opened, SNI read')

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
    { cmake -S . -B $build -DCMAKE_BUILD_TYPE=Release -DQUICWARD_TESTS=ON -DQUICWARD_BENCH=ON &&
        cmake --build $build -j "$(nproc)" --target quicward bench_engine bench_initial bench_work bench_accept \
            bench_generate bench_sink bench_respond bench_connect; } >"$folder/build.log" 2>&1 ||
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
instructions() {
    local kind count
    for kind in short initial; do
        valgrind --tool=callgrind --toggle-collect=bench_counted --callgrind-out-file="$folder/callgrind.$kind" \
            $build/tests/bench/bench_work $kind >"$folder/work.$kind" 2>"$folder/valgrind.log" ||
            { cat "$folder/valgrind.log" >&2; return 1; }
        count=$(awk '/packets/ { print $1 }' "$folder/work.$kind")
        row "instructions: ${counted[$kind]}" "$(by_object "$folder/callgrind.$kind" "$count")" \
            "$(awk -v packets="$count" '/allocations/ { printf "%.2f", $1 / packets }' "$folder/work.$kind") allocations"
    done
}

# by_object CALLGRIND_FILE PACKETS: a packet's instructions, and those of them that are not OpenSSL's. A cost line
# begins with its position; the one behind calls= is the callee's, counted there already.
by_object() {
    awk -v packets="$2" '
        /^ob=/ { id = $1; sub(/^ob=/, "", id); if (NF > 1) name[id] = $2; crypto = name[id] ~ /libcrypto/ }
        /^calls=/ { getline; next }
        /^[0-9+*-]/ { all += $2; if (!crypto) ours += $2 }
        END { printf "%.0f a packet, %.0f outside libcrypto", all / packets, ours / packets }' "$1"
}

network_once() {
    [ -e "/run/netns/$router" ] || network_up
}

measure() { # WHAT
    case $1 in
    engine) $build/tests/bench/bench_engine ;;
    initial) $build/tests/bench/bench_initial ;;
    instructions) instructions ;;
    queue) network_once && queue ;;
    calls) network_once && calls ;;
    connect) network_once && connect && on_one_core answer 'one core' "${handshaking[@]}" &&
        answer 'all cores' accept names ;;
    all) measure engine && measure initial && measure instructions && measure queue && measure calls && measure connect ;;
    *) die "$1 is none of all, engine, initial, instructions, queue, calls, connect" ;;
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
