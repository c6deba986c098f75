#!/usr/bin/env bash
# Runs the namespace cases, as root: run.sh [CASE...], a case by its file's name or the beginning of it ("04").
#   QUICWARD   the program (build-release/quicward)
#   QW_TOOLS   the helper programs (tests/tools beside it)
#   QW_LOGS    where the output of failed cases is kept (a folder under TMPDIR)
# Prints a line a case and "N passed, N failed, N skipped" at the end; status 1 when any failed or none passed.
# Cases that say "# long: SECONDS s" wait most of that time: they are started first and run beside the others.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd) || exit 1
QUICWARD=$(realpath -m "${QUICWARD:-$here/../build-release/quicward}")
QW_TOOLS=$(realpath -m "${QW_TOOLS:-$(dirname "$QUICWARD")/tests/tools}")
logs=$(realpath -m "${QW_LOGS:-$(mktemp -d "${TMPDIR:-/tmp}/quicward-cases.XXXXXX")}")
export QUICWARD QW_TOOLS
cd "$here" || exit 1
passed=0 failed=0 skipped=0
long_names=() long_pids=() long_statuses=() running=()
CASE_LIMIT_S=240

chosen() { # CASE...
    local wanted file
    [ $# -gt 0 ] || set -- ''
    for wanted in "$@"; do
        for file in cases/"$wanted"*.sh; do
            [ -f "$file" ] || { echo "run.sh: no case begins with '$wanted'" >&2; return 2; }
            basename "$file" .sh
        done
    done
}

case_limit() { # NAME
    local long
    long=$(sed -n 's/^# long: \([0-9]*\) s$/\1/p' "cases/$1.sh")
    echo $((CASE_LIMIT_S + ${long:-0}))
}

# start_case NAME: in the background; $! is a process that passes SIGTERM on to the case.
start_case() {
    QW_LAB=$$-$1 QW_LOGS=$logs/$1 timeout -k 20 "$(case_limit "$1")" \
        bash "cases/$1.sh" >"$logs/$1.log" 2>&1 </dev/null &
    running+=("$!")
}

report() { # NAME STATUS
    case $2 in
    0)
        passed=$((passed + 1))
        echo "PASS $1: $(tail -n 1 "$logs/$1.log" | sed 's/^ *//')"
        rm -rf "${logs:?}/$1" "${logs:?}/$1.log"
        ;;
    77)
        skipped=$((skipped + 1))
        echo "SKIP $1: $(tail -n 1 "$logs/$1.log" | sed 's/^ *skipped: //')"
        rm -rf "${logs:?}/$1" "${logs:?}/$1.log"
        ;;
    *)
        failed=$((failed + 1))
        echo "FAIL $1: status $2, $logs/$1.log"
        sed 's/^/    /' "$logs/$1.log" | tail -n 60
        ;;
    esac
}

start_long() { # NAME
    start_case "$1"
    long_names+=("$1")
    long_pids+=("$!")
}

wait_long() { # INDEX
    wait "${long_pids[$1]}"
    long_statuses[$1]=$?
}

# Those that have ended are asked for soon: once another process has its pid, bash has forgotten its status.
reap_long() {
    local i
    for i in "${!long_pids[@]}"; do
        [ -n "${long_statuses[$i]:-}" ] || kill -0 "${long_pids[$i]}" 2>/dev/null || wait_long "$i"
    done
}

await_long() {
    local i
    for i in "${!long_pids[@]}"; do
        [ -n "${long_statuses[$i]:-}" ] || wait_long "$i"
        report "${long_names[$i]}" "${long_statuses[$i]}"
    done
}

stop_running() {
    local pid
    for pid in "${running[@]}"; do
        kill "$pid" 2>/dev/null && wait "$pid"
    done
}

main() {
    local names name
    [ "$(id -u)" = 0 ] || { echo 'run.sh: network namespaces need root' >&2; exit 1; }
    [ -x "$QUICWARD" ] || { echo "run.sh: there is no program $QUICWARD" >&2; exit 1; }
    names=$(chosen "$@") || exit 2
    mkdir -p "$logs" || exit 1
    trap stop_running EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    for name in $names; do
        ! grep -q '^# long:' "cases/$name.sh" || start_long "$name"
    done
    for name in $names; do
        grep -q '^# long:' "cases/$name.sh" && continue
        start_case "$name"
        wait $!
        report "$name" $?
        reap_long
    done
    await_long
    [ $failed -gt 0 ] || rmdir "$logs" 2>/dev/null
    echo "$passed passed, $failed failed, $skipped skipped"
    [ $failed = 0 ] && [ $passed -gt 0 ]
}

main "$@"
