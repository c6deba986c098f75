#!/usr/bin/env bash
# Replays every capture in tests/captures and compares what quicward says with tests/golden/replay/NAME.json. Those in
# tests/captures/ruled/RULES meet the rules of tests/captures/ruled/RULES.conf, with 10.0.0.0/8 inside.
#   replay.sh            QUICWARD names the program (build-release/quicward)
#   replay.sh --update   writes the expectations anew: read the difference before you commit it
# Prints a line a capture and "N passed, N failed, N skipped"; status 1 when any failed or none passed.
set -u
tests=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd) || exit 1
quicward=$(realpath -m "${QUICWARD:-$tests/../build-release/quicward}")
cd "$tests" || exit 1
passed=0 failed=0
shopt -s nullglob

replay() { # CAPTURE
    local folder rules=()
    folder=$(dirname "$1")
    [ ! -f "$folder.conf" ] || rules=(-c "$folder.conf" --inside 10.0.0.0/8)
    "$quicward" replay --json "${rules[@]}" "$1" 2>&1
}

update() { # CAPTURE EXPECTED
    if replay "$1" >"$2.new"; then
        passed=$((passed + 1))
        mv "$2.new" "$2"
    else
        failed=$((failed + 1))
        echo "FAIL $(basename "$1"): $(cat "$2.new")"
        rm "$2.new"
    fi
}

compare() { # CAPTURE EXPECTED
    local difference
    if [ ! -f "$2" ]; then
        difference="$2 is missing"
    elif difference=$(replay "$1" | diff -u "$2" - && [ "${PIPESTATUS[0]}" = 0 ]); then
        passed=$((passed + 1))
        echo "PASS $(basename "$1")"
        return
    fi
    failed=$((failed + 1))
    echo "FAIL $(basename "$1")"
    printf '%s\n' "$difference"
}

action=compare
[ "${1:-}" != --update ] || action=update
mkdir -p golden/replay
[ -x "$quicward" ] || { echo "replay.sh: there is no program $quicward" >&2; exit 1; }
for capture in captures/*.pcap captures/*.pcapng captures/ruled/*/*.pcap; do
    name=$(basename "$capture")
    $action "$capture" "golden/replay/${name%.*}.json"
done
echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ] && [ $passed -gt 0 ]
