#!/usr/bin/env bash
# The manual pages say all: manual.sh QUICWARD
#   every command, every option of it, every reason that packets are counted under, every counter and every event in quicward.8
#   every key in quicward.conf.5, with its default as `check --print` has it, and "restart" where a reload refuses it
#   every metric in quicward-metrics.7, which is made from docs/metrics.md; tests/metrics holds that to the program
# Completions are tests/completions.sh's.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
program=$1
missing=0 seen=0

documented() { # PAGE WHAT PATTERN
    seen=$((seen + 1))
    grep -qE -e "$3" "docs/$1" && return
    echo "docs/$1: nothing of $2"
    missing=$((missing + 1))
}

commands() {
    local name option
    for name in $("$program" help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
        documented quicward.8 "the command $name" "^\.B (quicward )?$name( |$)"
        [ "$name" = help ] && continue
        for option in $("$program" "$name" --help | sed '/^usage:/,/^[A-Z]/!d' | grep -oE -e '--[a-z][a-z-]*' | sort -u); do
            documented quicward.8 "$name $option" "${option//-/\\\\-}([^a-z\\\\]|\\\\f|$)"
        done
    done
}

words() {
    local word
    for word in $(sed -n 's/^ *X([A-Z_]*, "\([a-z-]*\)",.*/\1/p' include/quicward/base/reason.h | grep -vx none) \
        $(sed -n 's/^ *X([A-Z_]*, "\([a-z-]*\)",.*/\1/p' include/quicward/engine_events.h); do
        documented quicward.8 "$word" "^\.BR? (.*[ ,\"])?${word//-/\\\\?-}([ ,\"]|$)"
    done
    while read -r word; do
        documented quicward.8 "the counter $word" "^\.B ${word//./\\.}$"
    done < <(sed -n 's/^ *X([a-z_]*, "\([a-z_.]*\)".*/\1/p' include/quicward/base/counter.h)
}

# "KEY DEFAULT", one a line; a list is "(".
defaults() {
    "$program" check --print -c <(printf '%s\n' 'mode = "nat"; inside = ["a"]; outside = ["b"]; nat = { external = "auto"; };') |
        awk '$2 == "=" && $3 == "{" { group = $1 "."; next }
             /^};/ { group = ""; next }
             $2 == "=" { value = $3; gsub(/[";]/, "", value); print group $1, value }'
}

# "KEY DEFAULT|- restart|-" as the page's headings have them.
headings() {
    sed -nE 's/^\.BR? +([a-z_]+[a-z_.]*.*)/\1/p' docs/quicward.conf.5 | sed '1,/^mode/{/^mode/!d}' |
        awk '{ gsub(/"/, ""); gsub(/ +/, " "); text = $0
               while (match(text, /[a-z_]+[a-z_.]*( \([^)]*\))?/)) {
                   item = substr(text, RSTART, RLENGTH); text = substr(text, RSTART + RLENGTH)
                   key = item; sub(/ .*/, "", key)
                   value = item ~ /\(/ ? item : "-"; sub(/^[^(]*\(/, "", value); sub(/\)$/, "", value)
                   fixed = (item ~ /\(/ ? value : $0) ~ /restart/; sub(/(, )?restart$/, "", value); sub(/^required.*/, "-", value)
                   print key, value == "" ? "-" : value, fixed ? "restart" : "-" } }'
}

schema() { # "KEY restart|-"
    awk '/^    \{"[a-z_.]*", FIELD/ { key = $1; gsub(/[{",]/, "", key); fixed = "-" }
         key != "" && /\.fixed = true/ { fixed = "restart" }
         key != "" && /\.meaning/ { meaning = 1 }
         key != "" && /\},$/ && meaning { print key, fixed; key = ""; meaning = 0 }' src/config/schema/schema.c
}

keys() {
    local key fixed heading default
    heading=$(headings)
    default=$(defaults)
    while read -r key fixed; do
        seen=$((seen + 1))
        check_heading "$key" "$fixed" "$(awk -v key="$key" '$1 == key { print $2, $3 }' <<<"$heading")" \
            "$(awk -v key="$key" '$1 == key { print $2 }' <<<"$default")"
    done < <(schema)
}

check_heading() { # KEY RESTART "DEFAULT RESTART" DEFAULT
    local said restart
    read -r said restart <<<"$3"
    if [ -z "$said" ]; then
        echo "docs/quicward.conf.5: nothing of $1"
    elif [ "$restart" != "$2" ]; then
        echo "docs/quicward.conf.5: $1: it says \"$restart\" of a restart, and it is \"$2\""
    elif [ "$said" != - ] && [ "$said" != none ] && [ "$said" != "$4" ]; then
        echo "docs/quicward.conf.5: $1: it says that $said is the default, and it is $4"
    else
        return
    fi
    missing=$((missing + 1))
}

# Those of the groups in lists.
members() {
    local file name
    for file in forwards throttles size_limits rule_keys; do
        while read -r name; do
            documented quicward.conf.5 "$name of $file.c" "(^|[^a-z_])$name([^a-z_]|$)"
            documented ../conf/quicward.conf "$name of $file.c" "(^|[^a-z_])$name([^a-z_]|$)"
        done < <(sed -n 's/^    {"\([a-z_]*\)", read_.*/\1/p' "src/config/keys/$file.c")
    done
}

metrics() {
    local name page
    page=$(awk -f docs/metrics_page.awk docs/metrics.md)
    for name in $(sed -n 's/^ *X([A-Za-z_]*, *"\(\(quicward\|process\)_[a-z_]*\)",.*/\1/p' src/metrics/*.[ch] | sort -u) \
        $(sed -nE 's/^[|] .((quicward|process)_[a-z_]+). [|].*/\1/p' docs/metrics.md); do
        seen=$((seen + 1))
        grep -qx "\.B $name" <<<"$page" && continue
        echo "quicward-metrics.7: nothing of $name"
        missing=$((missing + 1))
    done
}

for option in -h --help; do
    [ "$("$program" $option)" = "$("$program" help)" ] || { echo "quicward $option shows no help"; missing=$((missing + 1)); }
done
commands
words
keys
members
metrics
[ $missing = 0 ] && [ $seen -gt 100 ] && echo "all $seen things are documented"
