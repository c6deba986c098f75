#!/usr/bin/env bash
# Which test proves which requirement: made from the names of the unit tests and the headings of the namespace cases.
#   requirements.sh            prints docs/requirements.md
#   requirements.sh --check    fails when docs/requirements.md says something else
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
ids=()
for group in W:7 C:9 T:5 N:17 F:6 P:4 M:6 O:6 S:7 X:8 K:3 I:4; do
    for n in $(seq "${group#*:}"); do
        ids+=("${group%:*}$n")
    done
done

# "FILE<TAB>IDS: text" a test: the names of unit tests, and the heading comment of the cases up to its first full stop.
tests() {
    grep -oHE '\{ ?"[^"]*"' tests/*/test_*.c | sed -E 's/:\{ ?"/\t/; s/"$//'
    local case heading ids
    for case in integration/cases/*.sh; do
        heading=$(sed -n '2,/^[^#]/s/^# *//p' "$case" | grep -v '^long:' | tr '\n' ' ')
        ids=$(grep -oE '\b[WCTNFPMOSXKI][0-9]+\b' <<<"$heading" | tr '\n' ' ')
        heading=${heading#*: }
        printf '%s\t%s: %s\n' "$case" "${ids% }" "${heading%%. *}"
    done
}

# The ids stand before the colon: "W3 C1: text".
of() { # ID
    awk -F'\t' -v id="$1" '{
        head = $2
        if (!sub(/:.*/, "", head)) next
        gsub(/,/, "", head)
        if (head !~ /^[A-Z][0-9]+( [A-Z][0-9]+)*$/) next
        n = split(head, named, " ")
        for (i = 1; i <= n; i++) if (named[i] == id) { text = $2; sub(/^[^:]*: */, "", text); print $1 "\t" text }
    }' <<<"$all"
}

table() {
    local id rows uncovered=
    cat <<'HEAD'
# Requirements and the tests that prove them

Made by `tests/requirements.sh` from the names of the tests; a test checks that it is current. The captures in `tests/captures` are
replayed besides and compared with `tests/golden/replay`.

| id | test | where |
|---|---|---|
HEAD
    for id in "${ids[@]}"; do
        rows=$(of "$id")
        [ -n "$rows" ] || { uncovered+=" $id"; continue; }
        awk -F'\t' -v id="$id" '{ print "| " id " | " $2 " | " $1 " |"; id = "" }' <<<"$rows"
    done
    printf '\nNo test names:%s.\n' "$uncovered"
}

all=$(tests)
if [ "${1:-}" = --check ]; then
    table | diff -u docs/requirements.md - || { echo 'docs/requirements.md is out of date: tests/requirements.sh >docs/requirements.md'; exit 1; }
else
    table
fi
