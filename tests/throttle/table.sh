#!/usr/bin/env bash
# Writes the table of shapes into docs/throttle.md anew, between its two marks. Takes a minute or two.
#   QW_SHAPES   the program that makes it (build-dev/tests/throttle/throttle_shapes)
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
shapes=${QW_SHAPES:-build-dev/tests/throttle/throttle_shapes}
page=docs/throttle.md
new=$(mktemp)
trap 'rm -f "$new"' EXIT
{
    sed '/^<!-- shapes -->$/q' "$page"
    echo
    "$shapes"
    echo
    sed -n '/^<!-- end of shapes -->$/,$p' "$page"
} >"$new"
cat "$new" >"$page"
