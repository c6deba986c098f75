#!/usr/bin/env bash
# Compares the names that quicward reads in every capture of tests/captures with those that tshark reads: client, SNI, ALPN,
# whether ECH is offered. Only ClientHellos of QUIC versions 1 and 2 count.
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
        }' | sort -u
}

by_quicward() { # CAPTURE
    "$quicward" replay --json "$1" |
        jq -r 'select(.alpn != null) | [.client, .sni // "", (.alpn | join(",")), .ech] | map(tostring) | join("|")' | sort -u
}

compare() { # CAPTURE
    local theirs ours
    theirs=$(by_tshark "$1") ours=$(by_quicward "$1")
    found+=$theirs
    if [ "$theirs" = "$ours" ]; then
        passed=$((passed + 1))
        echo "PASS $(basename "$1"): ${theirs:-no ClientHello}"
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
