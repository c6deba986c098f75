#!/usr/bin/env bash
# Runs the namespace cases, as root: run.sh [CASE...], a case by its file's name or the beginning of it ("04").
#   QUICWARD   the program (build-release/quicward)
#   QW_TOOLS   the helper programs (tests/tools beside it)
#   QW_LOGS    where the output of failed cases is kept (a folder under TMPDIR)
#   QW_CASE_LIMIT_S   seconds after which a case is ended (600), beside what it says that it waits
#   QW_JOBS    how many cases run at a time (one a core, two at most)
#   QW_BESIDE  the pid of other work that gives way: cases that run alone wait until it has ended
#   QW_ATTEMPTS  how often a case may run (2): one that fails runs again when all others have ended, since other work of the machine
#              can spoil a measurement. Both runs are shown; 1 finds the cases that depend on luck
#   QW_SLOWER  how many times slower than a usual machine this one is (1): rates of senders are divided by it
#   QW_OFFLOAD  "tc" or "xdp": all daemons have a fast path there, but for those of cases that say what they want. Behind each case
#              stands what went fast
# Prints a line a case, in the order of their names, and "N passed, N failed, N skipped" at the end; status 1 when any failed
# or none passed. A case is
#   "# long: SECONDS s"   when it waits most of that time: it is started first and runs beside the others
#   "# alone"             when another case's load could change what it measures: it runs when all the others have ended
#   "# slow: WHY"         when a fast path would take away what it looks at: with QW_OFFLOAD it runs without
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd) || exit 1
QUICWARD=$(realpath -m "${QUICWARD:-$here/../build-release/quicward}")
QW_TOOLS=$(realpath -m "${QW_TOOLS:-$(dirname "$QUICWARD")/tests/tools}")
logs=$(realpath -m "${QW_LOGS:-$(mktemp -d "${TMPDIR:-/tmp}/quicward-cases.XXXXXX")}")
export QUICWARD QW_TOOLS
cd "$here" || exit 1
passed=0 failed=0 skipped=0
# By pid: the name of each case that runs. By name: when it began, how long it ran, its status.
declare -A running=() began=() lasted=() statuses=()
# Names that are reported next, in this order; how many cases run that are not long; those that may run again, and those that did.
waiting=() working=0 again=() lucky=()
# With a fast path: cases in which flows went fast, in which none was to, and in which none did.
fast=() slow=() none=()
FAST_LINE='^  fast path: '
attempt=1 attempts=${QW_ATTEMPTS:-2}
CASE_LIMIT_S=${QW_CASE_LIMIT_S:-600}

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

is_long() { # NAME
    grep -q '^# long: [0-9]* s$' "cases/$1.sh"
}

# kind NAME: long, alone or short.
kind() {
    if is_long "$1"; then
        echo long
    elif grep -q '^# alone$' "cases/$1.sh"; then
        echo alone
    else
        echo short
    fi
}

of_kind() { # KIND NAME...
    local wanted=$1 name
    shift
    for name; do
        [ "$(kind "$name")" != "$wanted" ] || echo "$name"
    done
}

at_once() {
    local cores
    cores=$(nproc)
    echo "${QW_JOBS:-$((cores < 2 ? cores : 2))}"
}

case_limit() { # NAME
    local long
    long=$(sed -n 's/^# long: \([0-9]*\) s$/\1/p' "cases/$1.sh")
    echo $((CASE_LIMIT_S + ${long:-0}))
}

# start_case NAME: in the background, through a process that passes SIGTERM on to the case.
start_case() {
    began[$1]=$SECONDS
    QW_LAB=$$-$1 QW_LOGS=$logs/$1 QW_OFFLOAD=$([ -n "$(slow_for "$1")" ] || echo "${QW_OFFLOAD:-}") timeout -k 20 "$(case_limit "$1")" \
        bash "cases/$1.sh" >"$logs/$1.log" 2>&1 </dev/null &
    running[$!]=$1
    is_long "$1" || working=$((working + 1))
}

# await_one: until one of those that run has ended.
await_one() {
    local pid status=0 name
    wait -n -p pid "${!running[@]}" || status=$?
    name=${running[$pid]}
    statuses[$name]=$status lasted[$name]=$((SECONDS - began[$name]))
    unset "running[$pid]"
    is_long "$name" || working=$((working - 1))
}

last_words() { # NAME
    grep -v "$FAST_LINE" "$logs/$1.log" | tail -n 1 | sed 's/^ *\(skipped: \)\{0,1\}//'
}

# slow_for NAME: why it runs without a fast path, if one is asked for.
slow_for() {
    sed -n 's/^# slow: //p' "cases/$1.sh"
}

# note_fast NAME: into `said`, to stand behind its last words, and into the lists of the end.
note_fast() {
    said=
    [ -n "${QW_OFFLOAD:-}" ] || return 0
    said=$(sed -n "s/$FAST_LINE//p" "$logs/$1.log" | tail -n 1)
    if [ -n "$(slow_for "$1")" ]; then
        said="slow: $(slow_for "$1")" slow+=("$1")
    elif [[ $said = *' '[1-9]*' packets'* ]]; then
        fast+=("$1")
    else
        said="${said:-no fast path}" none+=("$1")
    fi
    said="; $said"
}

say_fast() {
    [ -n "${QW_OFFLOAD:-}" ] || return 0
    echo "flows went fast at $QW_OFFLOAD in ${#fast[@]} cases: ${fast[*]:-none}"
    echo "without a fast path, for what they look at, ${#slow[@]}: ${slow[*]:-none}"
    echo "nothing went fast in ${#none[@]}: ${none[*]:-none}"
}

report() { # NAME
    local name=$1 said
    case ${statuses[$name]} in
    0)
        passed=$((passed + 1))
        [ "$attempt" = 1 ] || lucky+=("$name")
        note_fast "$name"
        echo "PASS $name: $(last_words "$name")$said (${lasted[$name]} s)"
        rm -rf "${logs:?}/$name" "${logs:?}/$name.log"
        ;;
    77)
        skipped=$((skipped + 1))
        echo "SKIP $name: $(last_words "$name")"
        rm -rf "${logs:?}/$name" "${logs:?}/$name.log"
        ;;
    *)
        if [ "$attempt" -lt "$attempts" ]; then again+=("$name"); else failed=$((failed + 1)); fi
        echo "FAIL $name: status ${statuses[$name]} after ${lasted[$name]} s, $logs/$name.log"
        sed 's/^/    /' "$logs/$name.log" | tail -n 60
        ;;
    esac
}

# report_ended: those at the front of `waiting` that have ended.
report_ended() {
    while [ ${#waiting[@]} -gt 0 ] && [ -n "${statuses[${waiting[0]}]:-}" ]; do
        report "${waiting[0]}"
        waiting=("${waiting[@]:1}")
    done
}

# run_cases AT_ONCE NAME...: beside the long ones, and reports them.
run_cases() {
    local limit=$1 name
    shift
    waiting=("$@")
    for name; do
        while [ "$working" -ge "$limit" ]; do
            await_one
            report_ended
        done
        start_case "$name"
    done
    report_all
}

report_all() {
    report_ended
    while [ ${#waiting[@]} -gt 0 ]; do
        await_one
        report_ended
    done
}

# run_again: what failed so far, one after the other. What the first attempt left stays beside the second's.
run_again() {
    local names=("${again[@]}") name
    again=() attempt=$((attempt + 1))
    for name in "${names[@]}"; do
        mv "$logs/$name.log" "$logs/$name.log.$((attempt - 1))"
        [ ! -e "$logs/$name" ] || mv "$logs/$name" "$logs/$name.$((attempt - 1))"
        unset "statuses[$name]"
    done
    echo "again, attempt $attempt: ${names[*]}"
    run_cases 1 "${names[@]}"
}

stop_running() {
    local pid
    for pid in "${!running[@]}"; do
        kill "$pid" 2>/dev/null && wait "$pid"
    done
}

main() {
    local names long short alone name
    [ "$(id -u)" = 0 ] || { echo 'run.sh: network namespaces need root' >&2; exit 1; }
    [ -x "$QUICWARD" ] || { echo "run.sh: there is no program $QUICWARD" >&2; exit 1; }
    names=$(chosen "$@") || exit 2
    # shellcheck disable=SC2086 # a case's name has no blanks
    { mapfile -t long < <(of_kind long $names) && mapfile -t short < <(of_kind short $names) &&
        mapfile -t alone < <(of_kind alone $names); }
    mkdir -p "$logs" || exit 1
    trap stop_running EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    for name in "${long[@]}"; do
        start_case "$name"
    done
    run_cases "$(at_once)" "${short[@]}"
    waiting=("${long[@]}")
    report_all
    [ -z "${QW_BESIDE:-}" ] || tail --pid="$QW_BESIDE" -f /dev/null
    run_cases 1 "${alone[@]}"
    while [ ${#again[@]} -gt 0 ]; do
        run_again
    done
    [ ${#lucky[@]} = 0 ] || echo "passed only when they ran again: ${lucky[*]}"
    [ $failed -gt 0 ] || rmdir "$logs" 2>/dev/null
    say_fast
    echo "$passed passed, $failed failed, $skipped skipped"
    [ $failed = 0 ] && [ $passed -gt 0 ]
}

main "$@"
