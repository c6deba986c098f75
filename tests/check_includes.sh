#!/usr/bin/env bash
# Holds every #include to the order of the rooms, and proves requirement C9: the rooms that decide where packets go
# cannot see the QUIC code, directly or through another header.
#
# Proves that continuation hints (quicward/hint.h) decide nothing: the files named in `hints_seen_by` alone may include them.
# Of the walk that is one file, and the header that it may include declares nothing that returns a value.
#
#   tests/check_includes.sh               check this tree
#   tests/check_includes.sh --tree DIR    check another one
#   tests/check_includes.sh --self-test   plant violations in a copy, and see each of them reported
#
# Folders of a room have an order too, where one is given: each sees the top of its room and the folders named beside it.
#
# No two rooms have files of one name, or structs, unions or enums of one name: searches and debuggers see them all.
#
# Prints FILE:LINE: what for each violation and exits with 1, or one line and 0.
set -euo pipefail
export LC_ALL=C

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
self=$here/$(basename "${BASH_SOURCE[0]}")

# What each room may include besides its own header. `tests/` folders get what the room of their name gets.
order() {
    cat <<'ROOMS'
base
hint     base
config   base
survey   base config
store    base
packet   base
quic     base
tls      base
flow     base packet store
nat      base packet flow store
throttle base packet flow store
offload  base packet flow store nat engine_events engine_path
peer     base packet flow store nat engine_events engine_mirror engine_owners engine_path
icmp     base packet quic tls flow store
measure  base packet quic tls flow store
confirm  base packet quic tls flow store
policy   base packet quic tls flow store config
engine_events base
engine_measured base
engine_mirror base flow
engine_owners base engine_mirror
engine_path base packet flow nat
engine_sizes base config
engine_trial base packet tls flow nat config policy engine engine_events engine_path
engine   base packet quic tls flow store config confirm policy hint measure nat throttle icmp engine_events engine_measured engine_mirror engine_owners engine_path engine_sizes engine_trial
io       base packet quic tls flow store config survey confirm policy measure nat throttle icmp offload peer engine engine_events engine_measured engine_mirror engine_path engine_trial
control  base packet quic tls flow store config survey confirm policy measure nat throttle icmp offload peer engine engine_events engine_measured engine_mirror engine_path engine_trial io
ipfix    base packet quic tls flow store config survey confirm policy measure nat throttle icmp offload peer engine engine_events engine_measured engine_mirror engine_path engine_trial io
metrics  base packet quic tls flow store config survey confirm policy measure nat throttle icmp offload peer engine engine_events engine_measured engine_mirror engine_path engine_trial io ipfix control
command  base packet quic tls flow store config survey confirm policy measure nat throttle icmp offload peer engine engine_events engine_measured engine_mirror engine_path engine_sizes engine_trial io control ipfix metrics
main     base packet quic tls flow store config survey confirm policy measure nat throttle icmp offload peer engine engine_events engine_measured engine_mirror engine_path engine_trial io control ipfix metrics command
support  base
tools    base
fuzz     base packet quic tls flow store config survey confirm policy measure nat throttle icmp offload peer engine engine_events engine_measured engine_mirror engine_path engine_trial io control ipfix metrics command
bench    base packet quic tls flow store config survey confirm policy measure nat throttle icmp offload peer engine engine_events engine_measured engine_mirror engine_path engine_trial io control ipfix metrics command
sim      base packet flow store nat
ROOMS
}

# The folders of a room, and which others of the room each may include. What is not listed here has no order.
folder_order() {
    cat <<'FOLDERS'
io
io/capture
io/rules
io/privileges
io/router io/rules
io/queue  io/rules io/router io/privileges
io/survey io/rules io/router io/queue
control
control/text
control/views  control/text
control/server control/text control/views
control/sinks  control/text
FOLDERS
}

# Headers of continuation hints, each with patterns of the files that may include it. What includes one of them for itself is no
# header but those named here, so nobody sees it through another.
hints_seen_by() {
    cat <<'SEEN'
include/quicward/hint.h          src/hint/.* src/engine/hints/.*[.]c tests/hint/.*
src/engine/hints/hint_news.h     src/engine/hints/.*[.]c src/engine/walk/walk[.]c
src/engine/hints/hint_views.h    src/engine/hints/.*[.]c src/engine/engine[.]c src/engine/state/flow_report[.]c
SEEN
}

# The files of a tree, one a line, then a blank line, then its #include lines and the first lines of its structs, unions
# and enums as FILE:LINE:TEXT, and what the walk may call of the hints.
facts() {
    local folders=() folder
    for folder in include/quicward src tests; do
        [ -d "$folder" ] && folders+=("$folder")
    done
    find "${folders[@]}" -type f -name '*.[ch]' | sort
    echo
    find "${folders[@]}" -type f -name '*.[ch]' -print0 | sort -z |
        xargs -0r grep -HnE '^[[:space:]]*#[[:space:]]*include|(^|[^[:alnum:]_])(struct|union|enum) +[a-z_0-9]+ *[{]' || true
    [ ! -e src/engine/hints/hint_news.h ] || grep -HnE '^[a-z].*[(]' src/engine/hints/hint_news.h
}

check() {
    cd "$1"
    facts | awk -v order="$(order)" -v folder_order="$(folder_order)" -v hints_seen="$(hints_seen_by)" '
        function fail(where, what) { print where ": " what; failures++ }

        function folder(file) { sub(/[^\/]*$/, "", file); return file }

        # include/quicward/flow.h, include/quicward/base/x.h, src/flow/x.c, src/main.c, tests/flow/x.c
        function room_of(file,    rest) {
            rest = file
            sub(/^(include\/quicward|src|tests)\//, "", rest)
            if (rest ~ /\//) { sub(/\/.*/, "", rest); return rest }
            if (file ~ /^include\//) { sub(/\.h$/, "", rest); return rest }
            return file == "src/main.c" ? "main" : rest
        }

        # Where C9 holds.
        function blind(file) {
            if (file ~ /^tests\//) return 0
            return room_of(file) ~ /^(flow|nat|throttle|offload|peer|engine_path)$/
        }

        # The file of ours that an #include names, or "" for a header of the system. A file sees all folders of its
        # room. A test may look into the room it tests, and at the helpers that all tests share.
        function resolve(from, name, quoted) {
            if (name ~ /^quicward\//) return "include/" name
            if (!quoted) return ""
            if ((folder(from) name) in known) return folder(from) name
            if ((room_of(from), name) in private) return private[room_of(from), name]
            if (from ~ /^tests\/(fuzz|bench|control)\// && (name in home)) return home[name] # each looks into a room of its own
            return from ~ /^tests\// ? "tests/support/" name : folder(from) name
        }

        # Compilers search folders in an order of their own: in one room a name may stand once.
        function know_private(path,    name) {
            if (path !~ /^src\//) return
            name = path
            sub(/.*\//, "", name)
            if ((room_of(path), name) in private)
                fail(path ":1", "the room " room_of(path) " has " private[room_of(path), name] " too")
            private[room_of(path), name] = path
            if ((name in home) && room_of(home[name]) != room_of(path))
                fail(path ":1", home[name] " has the same name, in another room")
            home[name] = path
        }

        # Tests may name a struct of theirs as they like.
        function read_tag(from, line, text,    tag) {
            if (from ~ /^tests\//) return
            match(text, /(struct|union|enum) +[a-z_0-9]+ *[{]/)
            tag = substr(text, RSTART, RLENGTH)
            gsub(/^[a-z]+ +| *[{]$/, "", tag)
            if ((tag in defined) && room_of(defined[tag]) != room_of(from))
                fail(from ":" line, "the room " room_of(defined[tag]) " defines " tag " too")
            defined[tag] = from
        }

        # "io/queue" of src/io/queue/x.c, "io" of src/io/x.c; "" of what is not in src.
        function part_of(file) {
            if (file !~ /^src\/.*\//) return ""
            file = folder(file)
            gsub(/^src\/|\/$/, "", file)
            return file
        }

        # The first word of a line is a part, and the others are what it may see.
        function read_order(text, parts, allowed,    line, lines, word, fields, i, j) {
            lines = split(text, line, "\n")
            for (i = 1; i <= lines; i++) {
                fields = split(line[i], word, /[ ]+/)
                parts[word[1]] = 1
                for (j = 2; j <= fields; j++) allowed[word[1], word[j]] = 1
            }
        }

        function check_folder(from, where, to,    own, other) {
            own = part_of(from); other = part_of(to)
            if (own == other || !(own in parts) || !(other in parts) || other == room_of(to)) return
            if (!((own, other) in beside)) fail(where, "the folder " own " must not include " other)
        }

        # The way from `file` to a header of quic or tls, or "".
        function way_to_quic(file,    i, way) {
            if (room_of(file) ~ /^(quic|tls)$/) return file
            if (file in seen) return ""
            seen[file] = 1
            for (i = 1; i <= count[file]; i++) {
                way = way_to_quic(target[file, i])
                if (way != "") return file " -> " way
            }
            return ""
        }

        function check_blind(from, where, to,    way) {
            split("", seen)
            way = way_to_quic(to)
            if (way != "") fail(where, "C9: " from " must not see QUIC or TLS: " way)
            return way != ""
        }

        function read_hints_seen(text,    line, lines, word, fields, i, j) {
            lines = split(text, line, "\n")
            for (i = 1; i <= lines; i++) {
                fields = split(line[i], word, /[ ]+/)
                for (j = 2; j <= fields; j++)
                    seen_by[word[1]] = seen_by[word[1]] (j > 2 ? "|" : "") word[j]
            }
        }

        function check_hints(from, where, to) {
            if ((to in seen_by) && from != to && from !~ ("^(" seen_by[to] ")$"))
                fail(where, from " must not see continuation hints: " to)
        }

        function check_target(from, where, to,    own, other) {
            if (!(to in known)) { fail(where, "there is no " to); return }
            check_hints(from, where, to)
            own = room_of(from); other = room_of(to)
            if (blind(from) && check_blind(from, where, to)) return
            if (own == other) check_folder(from, where, to)
            if (own == other || (from ~ /^tests\// && other == "support")) return
            if ((other in rooms) && !((own, other) in allowed))
                fail(where, "the room " own " must not include " other)
        }

        function read_include(from, line, text,    where, name, quoted) {
            where = from ":" line; includes++
            if (!match(text, /include[ \t]*(<[^>]*>|"[^"]*")/)) { fail(where, "cannot tell what this includes"); return }
            name = substr(text, RSTART, RLENGTH)
            quoted = name ~ /"/
            gsub(/^include[ \t]*[<"]|[>"]$/, "", name)
            if (name ~ /\.\.\// || (quoted && name ~ /\// && name !~ /^quicward\//)) {
                fail(where, "\"" name "\" is not in the folder of its room"); return
            }
            name = resolve(from, name, quoted)
            if (name == "") return
            count[from]++; target[from, count[from]] = name; at[from, count[from]] = where
        }

        BEGIN {
            read_order(order, rooms, allowed)
            read_order(folder_order, parts, beside)
            read_hints_seen(hints_seen)
        }
        !listed && $0 == "" { listed = 1; next }
        !listed {
            known[$0] = 1; file[++files] = $0
            know_private($0)
            if (!(room_of($0) in rooms)) fail($0 ":1", "unknown room " room_of($0))
            if ((room_of($0) in parts) && part_of($0) != "" && !(part_of($0) in parts))
                fail($0 ":1", "unknown folder " part_of($0))
            next
        }
        {
            split($0, part, ":")
            text = substr($0, length(part[1]) + length(part[2]) + 3)
            if (text ~ /^[ \t]*#/) read_include(part[1], part[2], text)
            else if (part[1] ~ /hint_news[.]h$/ && text ~ /[(]/) {
                if (text !~ /^void [a-z_]+[(]const struct walk [*]w[)];$/)
                    fail(part[1] ":" part[2], "what the walk tells hints must be void, and change nothing")
            }
            else read_tag(part[1], part[2], text)
        }
        END {
            for (f = 1; f <= files; f++)
                for (k = 1; k <= count[file[f]]; k++)
                    check_target(file[f], at[file[f], k], target[file[f], k])
            if (files == 0) fail(".", "no sources here")
            if (failures) exit 1
            print "OK: " includes " includes in " files " files keep the order of the rooms, C9 holds, and names stand once"
        }'
}

# plant FILE TEXT...: adds `#include TEXT` lines at the end of FILE; prints FILE:LINE of the last.
plant() {
    local file=$1 text
    shift
    mkdir -p "$(dirname "$file")"
    for text in "$@"; do
        echo "#include $text" >>"$file"
    done
    echo "$file:$(wc -l <"$file")"
}

# expect NAME WORDS FILE:LINE...: the tree in the current folder fails, and says so of each place in these words.
expect() {
    local name=$1 words=$2 output place
    shift 2
    if output=$(bash "$self" --tree .); then
        echo "self-test: $name: not found"
        return 1
    fi
    for place in "$@"; do
        if ! grep -F -- "$place: " <<<"$output" | grep -qE -- "$words"; then
            printf 'self-test: %s: %s is missing from\n%s\n' "$name" "$place" "$output"
            return 1
        fi
    done
    echo "found: $name"
}

# Each case starts from a fresh copy in the folder `tree`.
self_test() {
    local temp
    temp=$(mktemp -d)
    # shellcheck disable=SC2064 # the name as it is now: $temp is gone when the trap runs
    trap "rm -rf '$temp'" EXIT
    fresh() {
        cd "$temp" && rm -rf tree && mkdir tree && cp -r "$here/../include" "$here/../src" tree/ && cd tree
    }

    fresh
    bash "$self" --tree . >/dev/null || { echo "self-test: the tree itself is at fault"; return 1; }

    expect "flow.c includes quic.h" "C9" "$(plant src/flow/flow.c '<quicward/quic.h>')"
    fresh
    expect "nat.c includes a header of tls, in quotes" "C9" \
        "$(plant include/quicward/tls.h '<stdint.h>' >/dev/null; plant src/nat/nat.c '"quicward/tls.h"')"
    fresh
    expect "flow.h includes a header that includes quic.h" "C9.*packet.h -> include/quicward/quic.h" \
        "$(plant include/quicward/packet.h '<quicward/quic.h>' >/dev/null
           plant include/quicward/flow.h '<quicward/packet.h>')"
    fresh
    expect "throttle includes a header that includes tls.h" "C9.*policy.h -> include/quicward/tls.h" \
        "$(plant src/throttle/place.c '<quicward/policy.h>')"
    fresh
    expect "a private header of flow includes quic.h" "C9" "$(plant src/flow/own.h '<quicward/quic.h>')" \
        "$(plant src/flow/own.c '"own.h"')"
    fresh
    expect "the header of paths includes a header that includes tls.h" "C9.*policy.h -> include/quicward/tls.h" \
        "$(plant include/quicward/engine_path.h '<quicward/policy.h>')"
    fresh
    expect "offload includes more of the engine than paths and events" "C9.*engine.h -> include/quicward/tls.h" \
        "$(plant src/offload/up.c '<quicward/engine.h>')"
    fresh
    expect "peer includes config" "peer must not include config" "$(plant src/peer/up.c '<quicward/config.h>')"
    fresh
    expect "a step of the walk includes hints" "must not see continuation hints" \
        "$(plant src/engine/walk/begin.c '<quicward/hint.h>')" "$(plant src/engine/walk/map.c '"hint_news.h"')" \
        "$(plant src/engine/walk/find.c '"hint_views.h"')"
    fresh
    expect "walk.c includes more of hints than news" "must not see continuation hints" \
        "$(plant src/engine/walk/walk.c '<quicward/hint.h>')" "$(plant src/engine/walk/walk.c '"hint_views.h"')"
    fresh
    expect "what the walk includes lets it see hints" "must not see continuation hints" \
        "$(plant src/engine/hints/hint_news.h '<quicward/hint.h>')" "$(plant src/engine/walk/walk.h '"hint_views.h"')" \
        "$(plant src/engine/life.h '<quicward/hint.h>')"
    fresh
    expect "nat and flow include hints" "must not include hint" "$(plant src/nat/nat.c '<quicward/hint.h>')" \
        "$(plant src/flow/index.c '<quicward/hint.h>')" "$(plant src/policy/decide.c '<quicward/hint.h>')"
    fresh
    echo 'bool hint_known(const struct walk *w);' >>src/engine/hints/hint_news.h
    expect "hints answer the walk" "must be void" "src/engine/hints/hint_news.h:$(wc -l <src/engine/hints/hint_news.h)"
    fresh
    expect "packet includes flow, above it" "packet must not include flow" \
        "$(plant src/packet/up.c '<quicward/flow.h>')" "$(plant include/quicward/packet.h '<quicward/flow.h>')"
    fresh
    expect "quic includes packet, beside it" "quic must not include packet" \
        "$(plant src/quic/side.c '<quicward/packet.h>')"
    fresh
    expect "io includes control" "io must not include control" "$(plant src/io/up.c '<quicward/control.h>')"
    fresh
    expect "config includes more than base" "config must not include packet" \
        "$(plant src/config/up.c '<quicward/packet.h>')"
    fresh
    expect "a test of packet includes flow" "packet must not include flow" \
        "$(plant tests/packet/up.c '<quicward/flow.h>')"
    fresh
    expect "engine includes a private header of flow" "not in the folder" \
        "$(plant src/engine/a.c '"../flow/store.h"')" "$(plant src/engine/b.c '"flow/store.h"')" \
        "$(plant src/engine/c.c '<../flow/store.h>')"
    fresh
    expect "two files of one name in a room" "has src/flow/flow_table.c too" \
        "$(plant src/flow/other/flow_table.c '<stdint.h>')"
    fresh
    expect "two files of one name in two rooms" "in another room" "$(plant src/tls/walk.c '<stdint.h>')" \
        "$(plant src/store/nat_table.h '<stdint.h>' >/dev/null; echo src/store/nat_table.h:1)"
    fresh
    printf '\nstruct walk {\n    int x;\n};\n' >src/tls/tags.h
    printf 'static const union flow { int x; } y;\n' >src/tls/more.c
    expect "a struct of two rooms" "defines (walk|flow) too" src/tls/tags.h:2 src/tls/more.c:1
    fresh
    expect "a header that does not exist" "there is no" "$(plant src/engine/a.c '"nowhere.h"')" \
        "$(plant src/engine/b.c '<quicward/nowhere.h>')"
    fresh
    expect "an include behind a macro" "cannot tell" "$(plant src/engine/a.c 'HEADER')"
    fresh
    expect "capture includes a header of the queue" "io/capture must not include io/queue" \
        "$(plant src/io/capture/up.c '"verdicts.h"')"
    fresh
    expect "text includes a header of the server" "control/text must not include control/server" \
        "$(plant src/control/text/up.c '"session.h"')"
    fresh
    expect "the top of a room includes a header of a folder" "io must not include io/rules" \
        "$(plant src/io/up.c '"kernel_rules.h"')"
    fresh
    expect "an unknown folder of a room" "unknown folder" "$(plant src/io/attic/a.c '<stdint.h>' >/dev/null
        echo src/io/attic/a.c:1)"
    fresh
    expect "unknown rooms" "unknown room" "$(plant src/cellar/a.c '<stdint.h>')" \
        "$(plant include/quicward/attic.h '<stdint.h>')" "$(plant src/loose.c '<stdint.h>')"
    echo "OK: every planted violation was reported"
}

case "${1-}" in
--self-test) self_test ;;
--tree) check "${2:?--tree needs a directory}" ;;
"") check "$here/.." ;;
*)
    echo "usage: check_includes.sh [--tree DIR | --self-test]" >&2
    exit 2
    ;;
esac
