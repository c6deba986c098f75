#!/usr/bin/env bash
# All tests, on Debian 12: installs what is missing, checks, builds (release, and with sanitizers), then unit tests, replays
# and namespace cases. Ends with the plain line "N passed, N failed, N skipped"; status 1 when any failed or none passed.
#   --quick   no namespace cases and no thread sanitizer (needs no root when the packages are there)
# With QW_OFFLOAD=tc (or xdp) in the environment all daemons of the namespace cases have a fast path (integration/run.sh).
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
quick=
passed=0 failed=0 skipped=0
logs=$(mktemp -d "${TMPDIR:-/tmp}/quicward-tests.XXXXXX") || exit 1
jobs=$(nproc)
personality=(env)
launcher=
# The process that leads what runs beside the cases.
lane=
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_stack_use_after_return=1:strict_string_checks=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1}
# Just started, as every fresh machine is, and 400 days ago.
uptimes=(5 34560000)

# step NAME COMMAND...: counts as one test.
step() {
    local name=$1 log=$logs/step.log began=$SECONDS
    shift
    if "$@" >"$log" 2>&1; then
        passed=$((passed + 1))
        echo "PASS $name ($((SECONDS - began)) s)"
    else
        failed=$((failed + 1))
        echo "FAIL $name ($((SECONDS - began)) s)"
        tail -n 40 "$log" | sed 's/^/    /'
        return 1
    fi
}

# suite NAME COMMAND...: counts what the command's last line, "N passed, N failed, N skipped", says.
suite() {
    local name=$1 log=$logs/suite.log status=0 began=$SECONDS counts
    shift
    "$@" 2>&1 | tee "$log" | sed 's/^/    /'
    status=${PIPESTATUS[0]}
    if [[ $(tail -n 1 "$log") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
        counts=("${BASH_REMATCH[@]:1}")
    else
        counts=(0 1 0)
    fi
    # A suite that fails without counting a failure is one.
    [ "$status" = 0 ] || [ "${counts[1]}" -gt 0 ] || counts[1]=1
    passed=$((passed + counts[0])) failed=$((failed + counts[1])) skipped=$((skipped + counts[2]))
    echo "$name: ${counts[0]} passed, ${counts[1]} failed, ${counts[2]} skipped ($((SECONDS - began)) s)"
}

# What was compiled before, in another clone too, is not compiled again.
use_ccache() {
    launcher=$(command -v ccache) || return 0
    export CCACHE_BASEDIR=${CCACHE_BASEDIR:-$PWD} CCACHE_NOHASHDIR=1
}

configure_and_build() { # FOLDER SANITIZERS TARGET...
    local folder=$1 sanitizers=$2
    shift 2
    cmake -S . -B "$folder" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DQUICWARD_TESTS=ON -DQUICWARD_WERROR=ON -DQUICWARD_SANITIZE="$sanitizers" \
        -DCMAKE_C_COMPILER_LAUNCHER="$launcher" &&
        cmake --build "$folder" -j "$jobs" ${1:+--target "$@"}
}

# unit_tests FOLDER [OPTION...]: each CUnit program counts as one.
unit_tests() {
    local folder=$1 output status=0 total broken left
    shift
    output=$("${personality[@]}" ctest --test-dir "$folder" --output-on-failure --timeout 900 -j "$jobs" "$@" 2>&1) || status=$?
    [ "$status" = 0 ] || printf '%s\n' "$output"
    [[ $output =~ ([0-9]+)\ tests?\ failed\ out\ of\ ([0-9]+) ]] || return 1
    broken=${BASH_REMATCH[1]} total=${BASH_REMATCH[2]}
    left=$(grep -c '\*\*\*Skipped' <<<"$output")
    sed -n 's/.*Test *#[0-9]*: \([^ ]*\) .*\*\*\*Skipped.*/SKIP \1/p' <<<"$output"
    echo "$((total - broken - left)) passed, $broken failed, $left skipped"
    return "$status"
}

# In recorded kernel rules the interfaces that match a pattern are several words on purpose.
scripts() {
    git ls-files -co --exclude-standard -- '*.sh' '*.bash' .ci/run tests/vm/package/enter 'debian/*.p*' ':!tests/golden/rules' |
        xargs shellcheck -x && git ls-files -co --exclude-standard -- 'tests/golden/rules/*.sh' | xargs shellcheck -x -e SC2046
}

formatted() {
    git ls-files -co --exclude-standard -- '*.c' '*.h' | xargs clang-format --dry-run -Werror
}

static_checks() {
    step 'shell scripts' scripts
    step 'source format' formatted
    step 'cppcheck' tests/analyse.sh cppcheck
    step 'gcc -fanalyzer' tests/analyse.sh gcc
}

# The rooms that know threads.
thread_tests() {
    step 'build with the thread sanitizer' configure_and_build build-thread thread test_engine test_io test_control ||
        return
    # gcc 12's thread sanitizer wants an address space that is not random.
    personality=(setarch -R)
    suite 'unit tests, thread sanitizer' unit_tests build-thread -R '^(engine|io|control)$'
    personality=(env)
}

# What needs nothing but the processor. It runs beside the namespace cases, which wait most of the time, and gives way to them.
beside() {
    renice -n 19 -p "$BASHPID" >/dev/null
    passed=0 failed=0 skipped=0 logs=$logs/beside
    mkdir "$logs"
    thread_tests
    fuzzers
    echo "$passed passed, $failed failed, $skipped skipped"
}

fuzzers() {
    suite 'fuzzers, for a few seconds each' tests/fuzz.sh
}

namespace_cases() {
        if [ "$(id -u)" = 0 ]; then
        # A process group of its own, to end all of it.
        set -m
        beside >"$logs/beside.log" 2>&1 </dev/null &
        lane=$!
        set +m
        trap 'kill -- -$lane 2>/dev/null' EXIT
        QUICWARD=$PWD/build-sanitize/quicward QW_BESIDE=$lane suite 'namespace cases' integration/run.sh
        wait "$lane"
        trap - EXIT
        suite 'beside the cases' cat "$logs/beside.log"
    else
        failed=$((failed + 1))
        echo 'FAIL namespace cases: they need root (or --quick leaves them out)'
    fi
}

# The machine's age decides nothing: all unit tests at other ones, but for those that run the program in the kernel, whose clock no
# namespace changes.
aged_tests() {
    local seconds said
    for seconds in "${uptimes[@]}"; do
        if said=$(tests/at_uptime.sh "$seconds" true); then
            personality=(tests/at_uptime.sh "$seconds")
            suite "unit tests, the machine up for $seconds s" unit_tests build-release -E '^(offload|io_drops|io_limits)$'
            personality=(env)
        else
            skipped=$((skipped + 1))
            echo "SKIP unit tests, the machine up for $seconds s: $said"
        fi
    done
}

release_tests() {
    step 'release build' configure_and_build build-release '' || return
    suite 'unit tests' unit_tests build-release
    aged_tests
    suite 'replays' env QUICWARD="$PWD/build-release/quicward" tests/golden/replay.sh
    suite 'replays of other links' env QUICWARD="$PWD/build-release/quicward" tests/golden/links.sh
    suite 'names against tshark' env QUICWARD="$PWD/build-release/quicward" tests/golden/sni.sh
    suite 'round trips of known transfers' env QUICWARD="$PWD/build-release/quicward" tests/golden/rtt.sh
}

sanitized_tests() {
    step 'build with the address and undefined-behaviour sanitizers' \
        configure_and_build build-sanitize address,undefined || return
    suite 'unit tests, sanitized' unit_tests build-sanitize
    suite 'replays, sanitized' env QUICWARD="$PWD/build-sanitize/quicward" tests/golden/replay.sh
    suite 'replays of other links, sanitized' env QUICWARD="$PWD/build-sanitize/quicward" tests/golden/links.sh
    [ -n "$quick" ] || namespace_cases
}

packages() {
    if [ -n "$quick" ]; then
        integration/install.sh build checks
    else
        integration/install.sh
    fi
}

case ${1:-} in
--quick) quick=yes ;;
'') ;;
*) sed -n '2,5s/^# //p' tests/run.sh >&2; exit 2 ;;
esac
use_ccache
if step 'packages' packages; then
    static_checks
    release_tests
    [ -z "$quick" ] || fuzzers
    sanitized_tests
fi
rm -rf "$logs"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ] && [ $passed -gt 0 ]
