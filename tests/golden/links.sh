#!/usr/bin/env bash
# Replays captures of tests/captures as if they had been made otherwise: on other links, with several interfaces, with short snap
# lengths, in mode nat. What a link only wraps must come out the same; the rest is compared with tests/golden/links/NAME.
#   links.sh            QUICWARD names the program (build-release/quicward), beside which the tools of the tests are
#   links.sh --update   writes the expectations anew: read the difference before you commit it
# Prints a line a test and "N passed, N failed, N skipped"; status 1 when any failed or none passed.
set -u
tests=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd) || exit 1
quicward=$(realpath -m "${QUICWARD:-$tests/../build-release/quicward}")
recapture=$(dirname "$quicward")/tests/tools/recapture
cd "$tests" || exit 1
made=$(mktemp -d "${TMPDIR:-/tmp}/quicward-links.XXXXXX") || exit 1
trap 'rm -rf "$made"' EXIT
passed=0 failed=0
update=
[ "${1:-}" != --update ] || update=yes

result() { # NAME DIFFERENCE
    if [ -z "$2" ]; then
        passed=$((passed + 1))
        echo "PASS $1"
    else
        failed=$((failed + 1))
        printf 'FAIL %s\n%s\n' "$1" "$2"
    fi
}

# same NAME CAPTURE LINK:SNAP:HEX...: what the link wraps is what the capture holds.
same() {
    local name=$1 capture=captures/$2.pcap
    shift 2
    "$recapture" "$capture" "$made/file" "$@" || exit 1
    result "$name" "$(diff <("$quicward" replay --json "$capture" 2>&1) <("$quicward" replay --json "$made/file" 2>&1))"
}

# What is said of flows, packets and the capture, in few words; what is no JSON as it is.
in_short() {
    jq -Rrc '. as $line | try fromjson catch $line | if type == "string" then .
        elif .capture then .
        elif .stats then .stats | {packets, dropped, reasons: (.reasons | with_entries(select(.value > 0)))}
        else {client, server, external, state, version, sni, up: .up.packets, down: .down.packets} end'
}

# is NAME ARGUMENT...: the replay of $made/file, and its status, are in the file of that name.
is() {
    local name=$1 status
    shift
    (cd "$made" && "$quicward" replay "$@" file >said 2>&1)
    status=$?
    case $name in
    *.json) in_short <"$made/said" ;;
    *) grep -E '^(frames|packets cut|the file|quicward:)' "$made/said" ;;
    esac >"$made/got"
    echo "status $status" >>"$made/got"
    [ -z "$update" ] || cp "$made/got" "golden/links/$name"
    result "$name" "$(diff -u "golden/links/$name" "$made/got")"
}

make() { # CAPTURE LINK:SNAP:HEX...
    local capture=captures/$1.pcap
    shift
    "$recapture" "$capture" "$made/file" "$@" || exit 1
}

[ -x "$quicward" ] || { echo "links.sh: there is no program $quicward" >&2; exit 1; }
[ -x "$recapture" ] || { echo "links.sh: there is no program $recapture" >&2; exit 1; }
mkdir -p golden/links
macs=001122334455667788aabbcc
v4=ngtcp2_012-v1 v6=ngtcp2_111-v1-ip6
ethernet=1 null=0 ppp=9 ppp_hdlc=50 raw=101 loop=108 sll=113 mpls=219 ipv4=228 sll2=276 wifi=105

same 'VLAN' $v4 "$ethernet:0:${macs}810000640800"
same 'QinQ, 802.1ad' $v6 "$ethernet:0:${macs}88a800648100006586dd"
same 'QinQ, 0x9100' $v4 "$ethernet:0:${macs}91000064810000650800"
same 'PPPoE' $v4 "$ethernet:0:${macs}886411000001060000 21"
same 'PPPoE behind VLANs, IPv6' $v6 "$ethernet:0:${macs}88a8006481000065886411000001060000 57"
same 'MPLS, one label' $v4 "$ethernet:0:${macs}884700010140"
same 'MPLS, three labels, IPv6' $v6 "$ethernet:0:${macs}8847000100400001104000012140"
same 'MPLS without Ethernet' $v4 "$mpls:0:00010140"
same 'PPP' $v4 "$ppp:0:ff030021"
same 'PPP without address and control, IPv6' $v6 "$ppp:0:0057"
same 'PPP on a serial line' $v4 "$ppp_hdlc:0:ff030021"
same 'Cisco HDLC, IPv6' $v6 "$ppp_hdlc:0:0f0086dd"
same 'raw IP' $v4 "$raw:0:"
same 'raw IPv4' $v4 "$ipv4:0:"
same 'Linux cooked' $v6 "$sll:0:000000010006001122334455000086dd"
same 'Linux cooked with PPPoE' $v4 "$sll:0:0000000100060011223344550000886411000001060000 21"
same 'Linux cooked v2' $v4 "$sll2:0:0800000000000002000100060011223344550000"
same 'loopback of macOS, IPv6' $v6 "$null:0:1e000000"
same 'loopback of OpenBSD' $v4 "$loop:0:00000002"
same 'two interfaces' $v4 "$ethernet:0:${macs}0800" "$raw:0:"
same 'eight interfaces' $v4 "$ethernet:0:${macs}0800" "$raw:0:" "$ppp:0:ff030021" "$sll:0:00000001000600112233445500000800" \
    "$sll2:0:0800000000000002000100060011223344550000" "$null:0:02000000" "$mpls:0:00010140" "$ethernet:0:${macs}884700010140"

make $v4 "$ethernet:0:${macs}0800" "$wifi:0:0000"
is unknown-interface.json --json
is unknown-interface.txt
make $v4 "$wifi:0:0000"
is unknown-link.txt --json
make $v4 "$ethernet:0:${macs}0806"
is no-ip.json --json
make $v4 "$ethernet:0:${macs}0800" "$ethernet:13:${macs}0800" "$ethernet:30:${macs}0800"
is snap-headers.json --json
is snap-headers.txt
make $v4 "$ethernet:96:${macs}0800"
is snap-96.json --json
is snap-96.txt
echo 'mode = "firewall"; inside = ["lan0"]; outside = ["wan0"];
rules = ( { name = "no"; misshapen = true; action = "drop"; } );' >"$made/misshapen.conf"
is snap-96-not-misshapen.json --json -c misshapen.conf --inside 198.51.100.1
make $v6 "$ethernet:62:${macs}86dd"
is snap-udp-only.json --json
make $v4 "$ethernet:0:${macs}0800" "$raw:0:"
truncate -s -9 "$made/file"
is damaged.json --json
is damaged.txt

cat >"$made/nat.conf" <<'END'
mode = "nat"; inside = ["lan0"]; outside = ["wan0"]; nat = { external = "203.0.113.1"; };
END
sed 's/"203.0.113.1"/"auto"/' "$made/nat.conf" >"$made/auto.conf"
nat() { # NAME CAPTURE CONFIGURATION
    cp "captures/$2.pcap" "$made/file"
    is "$1" --json -c "$3" --inside 198.51.100.1 --inside 2001:db8:1::/64
}
nat nat.json ngtcp2_111-v1-pmtud nat.conf
nat nat-auto.json ngtcp2_111-migration auto.conf
nat nat-ip6.json $v6 nat.conf
nat nat-stun.json nonquic-stun-natdiscovery nat.conf
make ngtcp2_111-v1-pmtud "$ethernet:96:${macs}0800"
is nat-snap-96.json --json -c nat.conf --inside 198.51.100.1
is nat-no-inside.json --json -c nat.conf

# ICMP errors in mode nat, one of them cut behind the ports that it quotes: a file of raw IP, written byte by byte.
bytes() { # HEX
    local hex=${1// /} escaped=
    while [ -n "$hex" ]; do
        escaped+="\\x${hex:0:2}" hex=${hex:2}
    done
    printf '%b' "$escaped"
}

little() { # NUMBER: as 32 bits, lowest byte first
    bytes "$(printf '%02x%02x%02x%02x' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24)))"
}

packet() { # SECOND LENGTH HEX
    local hex=${3// /}
    little "$1"
    little 0
    little $((${#hex} / 2))
    little "$2"
    bytes "$hex"
}

udp='1388 1b58 000a 0000'                                             # 5000 to 7000, 2 bytes
from_inside="4500 001e 0000 0000 4011 0000 0a000002 c0000201 $udp"    # 10.0.0.2 to 192.0.2.1
from_outside='4500 001e 0000 0000 4011 0000 c0000201 0a000002 1b58 1388 000a 0000'
unreachable='4500 003a 0000 0000 4001 0000 c0000201 0a000002 0303 0000 0000 0000'
{
    bytes 'd4c3b2a1 0200 0400 00000000 00000000 00000400 65000000'
    packet 1 30 "$from_inside 0102"
    packet 2 30 "$from_outside 0102"
    packet 3 58 "$unreachable $from_inside 0102"
    packet 4 58 "$unreachable ${from_inside% 000a 0000}"
    packet 5 58 "$unreachable ${from_inside/0a000002/0a000003} 0102" # about what nobody sent
    packet 900 30 "$from_outside 0102"                               # the mapping has ended long ago
} >"$made/file"
is nat-errors.json --json -c nat.conf --inside 10.0.0.0/8
echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ] && [ $passed -gt 0 ]
