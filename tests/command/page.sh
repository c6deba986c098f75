#!/usr/bin/env bash
# O5: the page of `quicward replay --report html` in a real browser: nothing of a name becomes markup, and all is there.
#   page.sh PAGE_SAMPLE QUICWARD CAPTURE    status 77: there is no chromium
set -u
sample=$1 quicward=$2 capture=$3
browser=$(command -v chromium || command -v chromium-browser) || { echo 'chromium is missing'; exit 77; }
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
failed=0

dom() { # PAGE
    "$browser" --headless --no-sandbox --disable-gpu --user-data-dir="$folder/profile" --dump-dom "file://$1" 2>/dev/null
}

count() { # PATTERN WANTED: of the browser's tree
    local found
    found=$(grep -oE -- "$1" "$folder/dom" | wc -l)
    [ "$found" = "$2" ] && return
    echo "$1: found $found times instead of $2"
    failed=1
}

has() { # TEXT
    grep -qF -- "$1" "$folder/dom" && return
    echo "the page lacks: $1"
    failed=1
}

"$sample" >"$folder/sample.html" || exit 1
dom "$folder/sample.html" >"$folder/dom"
count '<(script|img|b)[ >]' 0
count ' on(mouseover|error)="' 0
count '<svg ' 2
count '<circle ' 241
count '<table ' 3
has "&lt;/td&gt;&lt;script&gt;document.title='broken'&lt;/script&gt;"
has '\x01\xff\xfe--&gt;]]&gt;\x7f'
has 'The file is damaged'
has 'a rule says so'

# To a file beside the table, and alone on standard output.
"$quicward" replay --report html "$folder/page.html" "$capture" >"$folder/table" || failed=1
"$quicward" replay "$capture" --report html "$folder/again.html" >/dev/null || failed=1
"$quicward" replay --report html "$capture" >"$folder/alone.html" || failed=1
cmp "$folder/page.html" "$folder/again.html" && cmp "$folder/page.html" "$folder/alone.html" || failed=1
grep -q '^STATE' "$folder/table" || { echo 'no table beside the page'; failed=1; }
dom "$folder/page.html" >"$folder/dom"
count '<svg ' 1
has '10.0.0.1:54466'
! "$quicward" replay --report html /nonexistent/page.html "$capture" >/dev/null 2>"$folder/error" || failed=1
grep -q '/nonexistent/page.html: No such file' "$folder/error" || { cat "$folder/error"; failed=1; }
! "$quicward" replay --report pdf "$capture" >/dev/null 2>"$folder/error" || failed=1
grep -qF "is html, not 'pdf'" "$folder/error" || { cat "$folder/error"; failed=1; }
exit $failed
