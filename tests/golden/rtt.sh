#!/usr/bin/env bash
# Measures the round trips in tests/captures/measured, real transfers through a relay whose delays are known (NAME.truth: the client's and
# the server's half in us, and where they changed meanwhile, what they were later), and compares the table with the one in docs/measurement.md. Besides: no figure of medium or high confidence is off by more than 10 %, no unmarked
# handshake half by more than 5 % or 4 ms, most of it computing of the endpoints, bulk is told in two of three transfers. Raw edges, the time from one flip of the bit to
# the next one in the same direction, stand beside it, as tshark reads them.
#   rtt.sh            QUICWARD names the program (build-release/quicward)
#   rtt.sh --update   writes the table anew: read the difference before you commit it
# Prints a line a transfer and "N passed, N failed, N skipped"; status 1 when any failed or none passed.
set -u
tests=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd) || exit 1
quicward=$(realpath -m "${QUICWARD:-$tests/../build-release/quicward}")
page=$tests/../docs/measurement.md
cd "$tests/captures/measured" || exit 1
passed=0 failed=0 bulk=0 told=0
begin='<!-- made by tests/golden/rtt.sh -->' end='<!-- end -->'

# The median of the time between flips of the spin bit (RFC 9000 17.3.1) that the server sends, in us; nothing without any.
raw_edges() { # CAPTURE
    tshark -r "$1" --disable-protocol quic -T fields -e frame.time_epoch -e udp.srcport -e udp.payload 2>/dev/null |
        awk '$2 == 443 {
            bit = index("0123456789abcdef", substr($3, 1, 1)) - 1
            if (bit >= 8) next
            bit = int(bit / 2) % 2
            if (seen && bit != last) { if (edge) printf "%.0f\n", ($1 - edge) * 1e6; edge = $1 }
            seen = 1; last = bit
        }' | sort -n | awk '{ all[NR] = $1 } END { if (NR) print all[int((NR + 1) / 2)] }'
}

# Milliseconds of US, and how far that is off TRUTH; "-" for null.
cell() { # US TRUTH
    awk -v us="$1" -v truth="$2" 'BEGIN {
        if (us == "null" || us == "") print "-"
        else printf "%.1f (%+.1f %%)\n", us / 1000, 100 * (us - truth) / truth
    }'
}

halves() { # CLIENT SERVER
    awk -v a="$1" -v b="$2" 'BEGIN { printf "%.1f + %.1f", a / 1000, b / 1000 }'
}

within() { # US TRUTH SHARE [LEAST]: "null" is
    awk -v us="$1" -v truth="$2" -v share="$3" -v least="${4:-0}" 'BEGIN {
        off = us - truth; if (off < 0) off = -off
        exit !(us == "null" || off <= share * truth || off <= least)
    }'
}

judge() { # NAME; reads the figures
    local ok=yes
    if [ "$exact" = true ]; then
        within "$client" "$true_client" 0.05 4000 && within "$server" "$true_server" 0.05 4000 || ok=
    fi
    case $confidence in medium | high) within "$spin" "$truth" 0.10 || ok= ;; esac
    case $1 in *-bulk-*)
        bulk=$((bulk + 1))
        case $confidence in medium | high) told=$((told + 1)) ;; esac
        ;;
    esac
    if [ "$ok" ]; then
        passed=$((passed + 1)) && echo "PASS $1" >&2
    else
        failed=$((failed + 1)) && echo "FAIL $1: $figures" >&2
    fi
}

# The row of NAME goes to the file ROWS.
row() { # NAME ROWS
    local halves
    read -r true_client true_server later_client later_server <"$1.truth"
    handshake_truth=$((true_client + true_server))
    truth=$((${later_client:-$true_client} + ${later_server:-$true_server}))
    halves=$(halves "$true_client" "$true_server")
    [ -z "$later_client" ] || halves+=", then $(halves "$later_client" "$later_server")"
    figures=$("$quicward" replay --json "$1.pcap" | jq -r 'select(.id == 1) | .rtt_us // {} |
        [.client, .server, .handshake, .handshake_exact, .spin, .spin_confidence] | map(tostring) | join(" ")')
    read -r client server handshake exact spin confidence <<<"$figures"
    judge "$1"
    echo "| $1 | $halves | $(
        cell "$client" "$true_client") | $(cell "$server" "$true_server") | $(cell "$handshake" "$handshake_truth") | $(
        cell "$spin" "$truth") $confidence | $(cell "$(raw_edges "$1.pcap")" "$truth") |" >>"$2"
}

table() { # ROWS
    echo "$begin"
    echo '| transfer, halves in ms | truth | handshake: client | server | sum | spin bit, end to end | raw edges, median |'
    echo '|---|---|---|---|---|---|---|'
    cat "$1"
    echo "$end"
}

for program in tshark jq; do
    command -v "$program" >/dev/null || { echo "rtt.sh: $program is missing"; exit 1; }
done
[ -x "$quicward" ] || { echo "rtt.sh: there is no program $quicward" >&2; exit 1; }
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
for capture in *.pcap; do
    row "${capture%.pcap}" "$folder/rows" 2>&1
done
table "$folder/rows" >"$folder/table"
if [ "${1:-}" = --update ]; then
    awk -v begin="$begin" -v end="$end" -v table="$folder/table" '
        $0 == begin { while ((getline line <table) > 0) print line; skip = 1 }
        !skip { print }
        $0 == end { skip = 0 }' "$page" >"$folder/page" && cat "$folder/page" >"$page"
fi
if awk -v begin="$begin" -v end="$end" '$0 == begin { on = 1 } on { print } $0 == end { on = 0 }' "$page" | diff -u - "$folder/table"; then
    passed=$((passed + 1))
else
    failed=$((failed + 1))
    echo 'FAIL docs/measurement.md is out of date: tests/golden/rtt.sh --update'
fi
if [ $((3 * told)) -lt $((2 * bulk)) ]; then
    failed=$((failed + 1))
    echo "FAIL only $told of $bulk bulk transfers are told"
fi
echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ] && [ $passed -gt 0 ]
