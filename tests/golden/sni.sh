#!/usr/bin/env bash
# Compares the names that quicward reads in every capture of tests/captures with those that tshark reads: client, SNI, ALPN,
# whether ECH is offered. Only ClientHellos of QUIC versions 1 and 2 count, and none with two names: RFC 8446 4.2 forbids that.
# Of a list of protocols that quicward marks as cut, every one that it shows must be there, and more.
#   sni.sh    QUICWARD names the program (build-release/quicward)
# Prints a line a capture and "N passed, N failed, N skipped"; status 1 when any failed or none passed.
set -u
tests=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd) || exit 1
quicward=$(realpath -m "${QUICWARD:-$tests/../build-release/quicward}")
cd "$tests" || exit 1
passed=0 failed=0 skipped=0
ECH=65037
shopt -s nullglob

# A line a ClientHello: CLIENT|SNI|ALPN,ALPN|ECH
by_tshark() { # CAPTURE
    tshark -r "$1" -d udp.port==443,quic -d udp.port==853,quic \
        -Y 'tls.handshake.type == 1 && quic.version in {0x00000001, 0x6b3343cf}' \
        -T fields -E separator='|' -e ip.src -e ipv6.src -e udp.srcport -e tls.handshake.extensions_server_name \
        -e tls.handshake.extensions_alpn_str -e tls.handshake.extension.type 2>/dev/null |
        awk -F'|' -v ech=$ECH '{
            client = $1 != "" ? $1 ":" $3 : "[" $2 "]:" $3
            print client "|" $4 "|" $5 "|" (("," $6 ",") ~ ("," ech ",") ? "true" : "false")
        }' | awk -F'|' '$2 !~ /,/' | sort -u
}

by_quicward() { # CAPTURE
    "$quicward" replay --json "$1" |
        jq -r 'select(.alpn != null) | [.client, .sni // "", (.alpn + (if .alpn_more then ["..."] else [] end) | join(",")), .ech] | map(tostring) | join("|")' | sort -u
}

agrees() { # THEIRS OURS
    awk -F'|' -v theirs="$1" -v ours="$2" 'BEGIN {
        lines = split(theirs, a, "\n")
        if (split(ours, b, "\n") != lines) exit 1
        for (i = 1; i <= lines; i++) if (!same(a[i], b[i])) exit 1
    }
    function same(whole, shown, w, s, n, cut) {
        split(whole, w, "|"); split(shown, s, "|")
        cut = sub(/,?\.\.\.$/, "", s[3])
        if (w[1] != s[1] || w[2] != s[2] || w[4] != s[4]) return 0
        if (!cut) return w[3] == s[3]
        n = split(s[3], names, ",")
        while (n > 0) if (index("," w[3] ",", "," names[n--] ",") == 0) return 0
        return length(w[3]) > length(s[3])
    }'
}

compare() { # CAPTURE
    local theirs ours
    theirs=$(by_tshark "$1") ours=$(by_quicward "$1")
    found+=$theirs
    if agrees "$theirs" "$ours"; then
        passed=$((passed + 1))
        echo "PASS $(basename "$1"): ${ours:-no ClientHello}"
    else
        failed=$((failed + 1))
        echo "FAIL $(basename "$1")"
        diff <(echo "tshark: $theirs") <(echo "quicward: $ours")
    fi
}

[ -x "$quicward" ] || { echo "sni.sh: there is no program $quicward" >&2; exit 1; }
for program in tshark jq; do
    if ! command -v $program >/dev/null; then
        echo "SKIP names: $program is not installed"
        echo '0 passed, 0 failed, 1 skipped'
        exit 0
    fi
done
found=
for capture in captures/*.pcap captures/*.pcapng; do
    compare "$capture"
done
# An oracle that reads nothing proves nothing.
[ -n "$found" ] || { failed=$((failed + 1)); echo 'FAIL tshark read no ClientHello at all'; }
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ] && [ $passed -gt 0 ]
