#!/usr/bin/env bash
# The tests and cases that docs/rfc-behave.md names exist.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
# Every line of every table: four columns, of which the last says what shows it.
lines=$(grep -E '^\| ' docs/rfc-behave.md | awk -F'|' '{ print $5 }')
missing=0 seen=0
torn=$(grep -E '^\| ' docs/rfc-behave.md | grep -v '|$' | cut -c1-60)
[ -z "$torn" ] || { echo "docs/rfc-behave.md: lines without their last column: $torn"; missing=1; }

named() { # KIND NAME FOUND
    seen=$((seen + 1))
    [ "$3" = 0 ] && return
    echo "docs/rfc-behave.md: there is no $1 $2"
    missing=$((missing + 1))
}

while IFS= read -r name; do
    grep -qF -- "{$name" tests/*/test_*.c || grep -qF -- "{ $name" tests/*/test_*.c
    named test "$name" $?
done < <(grep -oE '"[^"]*"' <<<"$lines" | sort -u)
# shellcheck disable=SC2016 # the backquotes are those of the page
while IFS= read -r name; do
    [ -f "integration/cases/$name.sh" ]
    named case "$name" $?
done < <(grep -oE '`[0-9]{2}-[a-z-]+`' <<<"$lines" | tr -d '`' | sort -u)
[ $missing = 0 ] && [ $seen -gt 0 ] && echo "all $seen tests and cases exist"
