#!/usr/bin/env bash
# Runs the fuzzers of tests/fuzz on inputs made from tests/captures and on what they found before (build-fuzz/corpus).
#   fuzz.sh                      each as many inputs as half a minute takes, always the same ones: what tests/run.sh does
#   fuzz.sh --seconds N [NAME..] each, or those named, for so long
#   fuzz.sh --hours N [NAME..]   likewise
# An input that ends a fuzzer is in build-fuzz/found; "build-fuzz/tests/fuzz/fuzz_NAME FILE" shows it again. Ends with "N passed,
# N failed, N skipped"; needs clang, two run at once, at the lowest priority.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
folder=build-fuzz
seconds=120 seed=1
# A number of inputs, and no time: a test must not depend on how fast the machine is. The time is a limit for busy ones.
declare -A inputs=([packet]=8000000 [quic]=700000 [tls]=5000000 [stream]=60000 [confirm]=250000 [engine]=50000 [model]=80000
    [config]=10000 [control]=50000 [netlink]=250000 [peer]=400 [state]=800 [capture]=400000)
all=(packet quic tls stream confirm engine model config control netlink peer state capture)
passed=0 failed=0

case ${1:-} in
--seconds) seconds=${2:?} seed=0 inputs=() && shift 2 ;;
--hours) seconds=$((${2:?} * 3600)) seed=0 inputs=() && shift 2 ;;
esac
[ $# = 0 ] || all=("$@")

build() {
    cmake -S . -B $folder -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_C_COMPILER=clang -DQUICWARD_FUZZ=ON \
        -DCMAKE_C_COMPILER_LAUNCHER="$(command -v ccache)" &&
        cmake --build $folder -j "$(nproc)" --target seeds "${all[@]/#/fuzz_}"
}

# What captures and configurations there are, once.
seed() {
    local file name
    [ -e $folder/corpus/seeded ] && return
    mkdir -p $folder/corpus/config $folder/found
    find tests/captures -name '*.pcap*' -print0 | xargs -0 $folder/tests/fuzz/seeds $folder/corpus || return
    find conf tests/golden/config -name '*.conf' | while read -r file; do
        name=${file//\//-}
        cp "$file" "$folder/corpus/config/$name"
    done
    touch $folder/corpus/seeded
}

# Memory is bounded, and so is one input's time: a hang is a finding. With a number of inputs the choices are always the same: the
# first ones are read in the order of their names, not of the folder, nothing is read again later, and addresses are not random.
fuzz() { # NAME
    local corpus=$folder/corpus/$1
    mkdir -p "$corpus" $folder/found
    local options=(-max_total_time="$seconds" -seed="$seed" -timeout=60 -rss_limit_mb=2048 -max_len=8192 -print_final_stats=1
        -artifact_prefix="$folder/found/$1-")
    if [ -n "${inputs[$1]:-}" ]; then
        find "$corpus" -type f | LC_ALL=C sort | paste -s -d , >"$folder/found/$1.first"
        nice -n 19 setarch -R "$folder/tests/fuzz/fuzz_$1" "${options[@]}" -runs="${inputs[$1]}" -reload=0 \
            -seed_inputs="@$folder/found/$1.first"
    else
        nice -n 19 "$folder/tests/fuzz/fuzz_$1" "${options[@]}" "$corpus"
    fi >"$folder/found/$1.log" 2>&1
}

finish() { # NAME STATUS
    local log=$folder/found/$1.log runs
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    if [ "$2" = 0 ]; then
        passed=$((passed + 1))
        echo "PASS $1: $runs inputs"
    else
        failed=$((failed + 1))
        echo "FAIL $1"
        tail -n 40 "$log" | sed 's/^/    /'
    fi
}

# Two at once, and each its turn.
run_all() {
    local i pids=() status
    for ((i = 0; i < ${#all[@]}; i += 2)); do
        pids=()
        for name in "${all[@]:i:2}"; do
            fuzz "$name" &
            pids+=($!)
        done
        for name in "${all[@]:i:2}"; do
            wait "${pids[0]}"
            status=$?
            pids=("${pids[@]:1}")
            finish "$name" $status
        done
    done
}

export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1}
log=$(mktemp) || exit 1
if command -v clang >/dev/null; then
    if build >"$log" 2>&1 && seed >>"$log" 2>&1; then
        run_all
    else
        failed=1
        echo 'FAIL build of the fuzzers'
        tail -n 40 "$log"
    fi
    echo "$passed passed, $failed failed, 0 skipped"
else
    echo 'SKIP fuzzers: there is no clang'
    echo '0 passed, 0 failed, 1 skipped'
fi
rm -f "$log"
[ $failed = 0 ]
