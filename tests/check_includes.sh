#!/usr/bin/env bash
# Holds every #include to the order of the rooms, and proves requirement C9: the rooms that decide where packets go
# cannot see the QUIC code, directly or through another header.
#
#   tests/check_includes.sh               check this tree
#   tests/check_includes.sh --tree DIR    check another one
#   tests/check_includes.sh --self-test   plant violations in a copy, and see each of them reported
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
config   base
packet   base
quic     base
tls      base
flow     base packet
nat      base packet flow
throttle base packet flow
offload  base packet flow
icmp     base packet quic tls flow
measure  base packet quic tls flow
confirm  base packet quic tls flow
policy   base packet quic tls flow config
engine   base packet quic tls flow config confirm policy measure nat throttle icmp offload
io       base packet quic tls flow config confirm policy measure nat throttle icmp offload engine
control  base packet quic tls flow config confirm policy measure nat throttle icmp offload engine io
command  base packet quic tls flow config confirm policy measure nat throttle icmp offload engine io control
main     base packet quic tls flow config confirm policy measure nat throttle icmp offload engine io control command
support  base
tools    base
fuzz     base packet quic tls flow config confirm policy measure nat throttle icmp offload engine io control command
bench    base packet quic tls flow config confirm policy measure nat throttle icmp offload engine io control command
ROOMS
}

# The files of a tree, one a line, then a blank line, then its #include lines as FILE:LINE:TEXT.
facts() {
    local folders=() folder
    for folder in include/quicward src tests; do
        [ -d "$folder" ] && folders+=("$folder")
    done
    find "${folders[@]}" -type f -name '*.[ch]' | sort
    echo
    find "${folders[@]}" -type f -name '*.[ch]' -print0 | sort -z |
        xargs -0r grep -HnE '^[[:space:]]*#[[:space:]]*include' || true
}

check() {
    cd "$1"
    facts | awk -v order="$(order)" '
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
            return room_of(file) ~ /^(flow|nat|throttle|offload)$/
        }

        # The file of ours that an #include names, or "" for a header of the system. A test may look into the room
        # it tests, and at the helpers that all tests share.
        function resolve(from, name, quoted) {
            if (name ~ /^quicward\//) return "include/" name
            if (!quoted) return ""
            if ((folder(from) name) in known || from !~ /^tests\//) return folder(from) name
            if (("src/" room_of(from) "/" name) in known) return "src/" room_of(from) "/" name
            return "tests/support/" name
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

        function check_target(from, where, to,    own, other) {
            if (!(to in known)) { fail(where, "there is no " to); return }
            own = room_of(from); other = room_of(to)
            if (blind(from) && check_blind(from, where, to)) return
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
            lines = split(order, line, "\n")
            for (i = 1; i <= lines; i++) {
                fields = split(line[i], word, /[ ]+/)
                rooms[word[1]] = 1
                for (j = 2; j <= fields; j++) allowed[word[1], word[j]] = 1
            }
        }
        !listed && $0 == "" { listed = 1; next }
        !listed {
            known[$0] = 1; file[++files] = $0
            if (!(room_of($0) in rooms)) fail($0 ":1", "unknown room " room_of($0))
            next
        }
        {
            split($0, part, ":")
            read_include(part[1], part[2], substr($0, length(part[1]) + length(part[2]) + 3))
        }
        END {
            for (f = 1; f <= files; f++)
                for (k = 1; k <= count[file[f]]; k++)
                    check_target(file[f], at[file[f], k], target[file[f], k])
            if (files == 0) fail(".", "no sources here")
            if (failures) exit 1
            print "OK: " includes " includes in " files " files keep the order of the rooms, and C9 holds"
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
    expect "a header that does not exist" "there is no" "$(plant src/engine/a.c '"nowhere.h"')" \
        "$(plant src/engine/b.c '<quicward/nowhere.h>')"
    fresh
    expect "an include behind a macro" "cannot tell" "$(plant src/engine/a.c 'HEADER')"
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
