#!/usr/bin/env bash
# The manual pages say all: manual.sh QUICWARD
#   every command, every option of it, every reason that packets are counted under, every counter, every event and what doctor looks
#   at in quicward.8
#   what to do about every reason in guide.md
#   every key of a rule in quicward-rules.7, and those of the file that rules depend on, with default, restart, range and unit; its
#   examples are good
#   every key in quicward.conf.5, with its default as `check --print` has it, and "restart" where a reload refuses it
#   every metric in quicward-metrics.7, which is made from docs/metrics.md; tests/metrics holds that to the program
# Completions are tests/completions.sh's.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
program=$1
missing=0 seen=0

documented() { # PAGE WHAT PATTERN [SECTION]
    seen=$((seen + 1))
    if [ -z "${4:-}" ]; then
        grep -qE -e "$3" "docs/$1" && return
    else
        awk -v head=".SH $4" '/^\.SH/ { on = $0 == head; next } on' "docs/$1" | grep -E -e "$3" >/dev/null && return
    fi
    echo "docs/$1: nothing of $2${4:+ in $4}"
    missing=$((missing + 1))
}

commands() {
    local name option
    for name in $("$program" help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
        documented quicward.8 "the command $name" "^\.B (quicward )?$name( |$)" SYNOPSIS
        documented quicward.8 "the command $name" "^\.BR? $name$" COMMANDS
        [ "$name" = help ] && continue
        for option in $("$program" "$name" --help | sed '/^usage:/,/^[A-Z]/!d' | grep -oE -e '--[a-z][a-z-]*' | sort -u); do
            documented quicward.8 "$name $option" "${option//-/\\\\-}([^a-z\\\\]|\\\\f|$)"
        done
    done
}

# words SECTION FILE: those of the table in FILE, in that section.
words() {
    local word
    while read -r word; do
        documented quicward.8 "$word" "^\.BR? (.*[ ,\"])?${word//-/\\\\?-}([ ,\"]|$)" "$1"
    done < <(sed -n 's/^ *X([A-Z_]*, "\([a-z_-]*\)",.*/\1/p' "include/quicward/$2" | grep -vx none)
}

all_words() {
    local word
    words REASONS base/reason.h
    words EVENTS engine_events.h
    words FINDINGS survey.h
    while read -r word; do
        documented guide.md "what to do about the reason $word" "^\| \`$word\` \|"
    done < <(sed -n 's/^ *X([A-Z_]*, "\([a-z-]*\)",.*/\1/p' include/quicward/base/reason.h | grep -vx none)
    while read -r word; do
        documented quicward.8 "the counter $word" "^\.B ${word//./\\.}$" COUNTERS
    done < <(sed -n 's/^ *X([a-z_]*, "\([a-z_.]*\)".*/\1/p' include/quicward/base/counter.h)
}

# "KEY DEFAULT", one a line; a list is "(".
defaults() {
    "$program" check --print -c <(printf '%s\n' 'mode = "nat"; inside = ["a"]; outside = ["b"]; nat = { external = "auto"; };') |
        awk '$2 == "=" && $3 == "{" { group = $1 "."; next }
             /^};/ { group = ""; next }
             $2 == "=" { value = $3; gsub(/[";]/, "", value); print group $1, value }'
}

# "KEY DEFAULT|- restart|-" as the headings of a page have them, from the line FIRST on.
headings() { # PAGE FIRST
    sed -n "/$2/,\$p" "docs/$1" | sed -nE 's/^\.BR? +([a-z_]+[a-z_.]*.*)/\1/p' |
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

keys() { # PAGE FIRST, and "KEY restart|-" on standard input
    local page=$1 key fixed heading default
    heading=$(headings "$page" "$2")
    default=$(defaults)
    while read -r key fixed; do
        seen=$((seen + 1))
        check_heading "$page" "$key" "$fixed" "$(awk -v key="$key" '$1 == key { print $2, $3 }' <<<"$heading")" \
            "$(awk -v key="$key" '$1 == key { print $2 }' <<<"$default")"
    done
}

check_heading() { # PAGE KEY RESTART "DEFAULT RESTART" DEFAULT
    local page=docs/$1 said restart
    shift
    read -r said restart <<<"$3"
    if [ -z "$said" ]; then
        echo "$page: nothing of $1"
    elif [ "$restart" != "$2" ]; then
        echo "$page: $1: it says \"$restart\" of a restart, and it is \"$2\""
    elif [ "$said" != - ] && [ "$said" != none ] && [ "$said" != "$4" ]; then
        echo "$page: $1: it says that $said is the default, and it is $4"
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

# The keys of the file that rules depend on, by their groups.
of_rules() {
    schema | grep -E '^(rules|groups|sni_lists|quic|default_(out|in)|hold\.[a-z]*|hello\.[a-z]*|reject\.[a-z_]*) '
}

# "NAME required|any" of a rule.
rule_keys() {
    sed -nE 's/^    \{"([a-z_]+)", read_[a-z_]*, (true|false), .*/\1 \2/p' src/config/keys/rule_keys.c |
        sed -E 's/^fast .*/fast true/; s/ false$/ any/; t; s/^(name|action) true$/\1 required/'
}

# "KEY LEAST MOST UNIT|-" of numbers.
ranges() {
    sed -nE 's/^    \{"([a-z_.]+)", FIELD\([a-z_]*\), COUNT\(([^,]*), ([^,]*), [^)]*\)(.*)/\1;\2;\3;\4/p' src/config/schema/schema.c |
        sed -E 's/;[^;]*\.unit = "([^"]*)".*/;\1/; t; s/;[^;]*$/;-/'
}

# section KEY: what the page of rules says of it, in one line.
section() {
    awk -v key="$1" '/^\.TP/ { on = 0; head = 1; next }
        /^\.SH/ { other = other || /OTHER KEYS/; on = 0 }
        head { head = 0; on = other && index($0, ".BR " key " ") == 1; next }
        on' docs/quicward-rules.7 | tr '\n' ' '
}

rules_page() {
    local key wanted said least most unit text
    keys quicward-rules.7 '^\.SH OTHER KEYS' < <(of_rules)
    while read -r key wanted; do
        seen=$((seen + 1))
        said=$(sed '/^\.SH OTHER KEYS/,$d' docs/quicward-rules.7 | grep -oE "(^\.BR|,) \"? *$key \"? *\([a-z]+\)" | grep -oE '[a-z]+\)$' | tr -d ')')
        [ "$said" = "$wanted" ] && continue
        echo "docs/quicward-rules.7: $key: it says \"$said\" of rules without it, and it is \"$wanted\""
        missing=$((missing + 1))
    done < <(rule_keys)
    while IFS=';' read -r key least most unit; do
        of_rules | grep -q "^$key " || continue
        seen=$((seen + 1))
        text=$(section "$key")
        least=$((${least/UINT16_MAX/65535})) most=$((${most/UINT16_MAX/65535}))
        [[ $text == *" $least to $most"* && ($unit == - || $text == *$unit*) ]] && continue
        echo "docs/quicward-rules.7: $key: it is $least to $most ($unit), and the page says: $text"
        missing=$((missing + 1))
    done < <(ranges)
}

# Each example is a configuration once mode and interfaces stand before it.
examples() {
    local folder count=0 file
    folder=$(mktemp -d) || exit 1
    echo 'play.games.example' >"$folder/games.names"
    awk -v folder="$folder" '/^\.EX/ { on = 1; file = folder "/" ++n ".conf"
            print "mode = \"firewall\"; inside = [\"lan0\"]; outside = [\"wan0\"];" >file; next }
        /^\.EE/ { on = 0 } on { print >file }' docs/quicward-rules.7
    for file in "$folder"/*.conf; do
        count=$((count + 1)) seen=$((seen + 1))
        "$program" check --strict -c "$file" >/dev/null || { echo "docs/quicward-rules.7: example $count"; missing=$((missing + 1)); }
    done
    rm -rf "$folder"
}

for option in -h --help; do
    [ "$("$program" $option)" = "$("$program" help)" ] || { echo "quicward $option shows no help"; missing=$((missing + 1)); }
done
commands
all_words
keys quicward.conf.5 '^\.BR mode' < <(schema)
members
rules_page
examples
metrics
[ $missing = 0 ] && [ $seen -gt 100 ] && echo "all $seen things are documented"
