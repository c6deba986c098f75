#!/usr/bin/env bash
# Changes random lines of the rooms, one at a time, and tells which changes the room's unit tests let pass.
#   mutate.sh [-n LINES] [-s SEED] [ROOM...]    100 lines; a seed of its own, which is printed; engine nat io control
# Works in a copy of the tree, and as root in a view of the machine that cannot be written to: nobody knows what a mutant does. One is
# killed when a test fails, crashes, leaks or takes ten times its time; one that the compiler refuses counts for nothing. Prints each
# survivor as a diff, and the score at the end; status 1 when the tests fail unchanged.
# A survivor may be equivalent (no test could tell it), or a namespace case's task: judge each.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 2
lines=100 seed=$((RANDOM * 32768 + RANDOM))
declare -A tests=([engine]='test_engine' [nat]='test_nat' [io]='test_io test_io_judge test_io_queue test_io_watch test_io_facts test_io_privileges test_io_state' [control]='test_control')
killed=0 survived=0 refused=0

usage() {
    sed -n '2,7s/^# \{0,1\}//p' tests/mutate.sh >&2
    exit 2
}

while getopts n:s: option; do
    case $option in
    n) lines=$OPTARG ;;
    s) seed=$OPTARG ;;
    *) usage ;;
    esac
done
shift $((OPTIND - 1))
[[ $lines =~ ^[1-9][0-9]*$ && $seed =~ ^[0-9]+$ ]] || usage
[ $# -gt 0 ] || set -- engine nat io control
for room; do
    [ -n "${tests[$room]:-}" ] || { echo "mutate.sh: there is no room '$room' here: ${!tests[*]}" >&2; exit 2; }
done
# Not in /tmp, which the mutants get one of their own of.
copy=$(mktemp -d /var/tmp/quicward-mutants.XXXXXX) || exit 2
confined=()
# shellcheck disable=SC2016 # expanded by the inner shell
[ "$(id -u)" != 0 ] || confined=(unshare --mount --net sh -c 'mount -t tmpfs tmpfs /tmp && mount -o remount,bind,ro / &&
    { ! mountpoint -q /dev || mount -o remount,bind,ro /dev; } && ip link set lo up && exec "$@"' sh)
trap 'rm -rf "$copy"' EXIT
trap 'score; exit 130' INT
trap 'score; exit 143' TERM

score() {
    echo "$killed of $((killed + survived)) mutants killed, $survived survived, $refused did not compile"
}

copy_tree() {
    git ls-files -co --exclude-standard -z | tar -c --null -T - | tar -x -C "$copy" &&
        cmake -S "$copy" -B "$copy/build" -DCMAKE_BUILD_TYPE=Debug -DQUICWARD_SANITIZE=address,undefined >/dev/null
}

build() { # ROOM
    # shellcheck disable=SC2086 # a list
    cmake --build "$copy/build" -j "$(nproc)" --target ${tests[$1]} >"$copy/build.log" 2>&1
}

# passes ROOM SECONDS: each of its tests, within that time. Status 77 is a test that was skipped.
passes() {
    local test status
    for test in ${tests[$1]}; do
        status=0
        # bash would tell of each crash.
        { timeout -k 2 "$2" "${confined[@]}" "$copy/build/tests/${folder[$test]}/$test" >"$copy/test.log" 2>&1 </dev/null; } 2>/dev/null || status=$?
        [ $status = 0 ] || [ $status = 77 ] || return 1
    done
}

# The tests as they are, and how long they take.
baseline() { # ROOM
    local began
    build "$1" || { tail -n 20 "$copy/build.log" >&2; return 1; }
    for test in ${tests[$1]}; do
        folder[$test]=$(cd "$copy/build/tests" && dirname "$(find . -name "$test" -type f | head -n 1)")
    done
    began=$SECONDS
    passes "$1" 600 || { tail -n 20 "$copy/test.log" >&2; return 1; }
    limit[$1]=$(((SECONDS - began + 1) * 10))
}

# mutants ROOM...: a mutant a line of the sources, in random order, as mutate.awk prints them.
mutants() {
    local files=() room
    for room; do
        mapfile -t -O "${#files[@]}" files < <(find "src/$room" -name "*.c" | sort)
    done
    awk -v seed="$seed" -f tests/mutate.awk "${files[@]}" | sort -g | awk -F '\t' '!seen[$2, $3]++' | head -n "$lines"
}

try() { # FILE LINE OPERATOR TEXT
    local file=$copy/$1 room
    room=$(cut -d / -f 2 <<<"$1")
    NEW=$4 awk -v line="$2" 'NR == line { print ENVIRON["NEW"]; next } { print }' "$1" >"$file"
    if ! build "$room"; then
        refused=$((refused + 1))
    elif passes "$room" "${limit[$room]}"; then
        survived=$((survived + 1))
        printf 'SURVIVED %s:%s %s\n' "$1" "$2" "$3"
        printf -- '- %s\n+ %s\n' "$(sed -n "$2p" "$1")" "$4"
    else
        killed=$((killed + 1))
    fi
    cp "$1" "$file"
}

declare -A limit=() folder=()
copy_tree || { echo 'mutate.sh: the copy cannot be configured' >&2; exit 1; }
for room; do
    baseline "$room" || { echo "mutate.sh: the tests of $room fail without any mutant" >&2; exit 1; }
done
echo "seed $seed: $lines lines of $*"
mutants "$@" >"$copy/mutants"
while IFS=$'\t' read -r _ file line operator text <&3; do
    try "$file" "$line" "$operator" "$text"
done 3<"$copy/mutants"
score
