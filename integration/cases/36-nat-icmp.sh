#!/usr/bin/env bash
# N7, M5: ICMP errors about translated UDP reach the one they are about, whichever way, and quote the packet as that one sent it
# with every checksum right: port unreachable, time exceeded from the router itself and from the one beyond, packet too big.
# Traceroute shows every hop from both sides; the client's kernel learns the path's MTU. So it is for a hairpin, where the router
# believes that it speaks to itself. An error about no flow goes nowhere, and none removes a mapping.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without traceroute tcpdump
case_nat 'filtering = "endpoint-independent";'
serve_echo 7000 || exit 1

trace_out() { # OPTION...
    in_client timeout 60 traceroute -n -q 1 -w 1 -m 5 "$@" "$S4"
}

# From the server's port 7001 to the client's mapping; hop 2 is the router's answer, hop 3 the client's.
trace_in() { # PORT
    in_server timeout 60 traceroute -n -q 1 -w 1 -m 5 -U -p "$1" --sport=7001 "$X4"
}

# From the client's port 5002 to the mapping of another host inside; hop 2 is that host's answer.
trace_hairpin() { # PORT
    in_client timeout 60 traceroute -n -q 1 -w 1 -m 4 -U -s "$C4" -p "$1" --sport=5002 "$X4"
}

# refused ADDRESS: the router asks itself, where nobody listens.
refused() {
    status_is 3 in_router "$QW_TOOLS/udp_ask" "$1:6000" "$1:7777" question 20000
}

# hops ADDRESS...: the trace in the input has exactly these.
hops() {
    local seen
    seen=$(tee /dev/stderr | awk '$1 ~ /^[0-9]+$/ { printf "%s ", $2 }')
    [ "$seen" = "$* " ]
}

# whole PATTERN COMMAND...: an error was printed that quotes PATTERN, and no checksum in it is wrong.
whole() {
    local pattern=$1 output
    shift
    output=$("$@" 2>&1)
    echo "$output"
    grep -q "$pattern" <<<"$output" && ! grep -qE 'wrong|bad cksum|bad udp' <<<"$output"
}

big_datagram() { # ADDRESS PORT; with DF: bash leaves path MTU discovery on; a socket that is gone would learn nothing
    # shellcheck disable=SC2016 # expanded by the inner shell
    in_client bash -c 'exec 3<>"/dev/udp/$0/$1" && printf "%1400s" >&3 && sleep 0.3' "$@"
}

check 'a closed port refuses the sender' status_is 3 ask "$C4:5000" "$S4:7777"
check 'its mapping still stands' mapping_count 1
external=$(external_of "$C4:5000")
port=${external##*:}

check 'traceroute shows every hop' hops "$R4" "$T4" "$S4" < <(trace_out)
check 'so from one port to one port' hops "$R4" "$T4" "$S4" < <(trace_out -U -p 7777 --sport=5000)
check 'traceroute from outside shows every hop' hops 203.0.113.1 "$X4" "$X4" < <(trace_in "$port")
# shellcheck disable=SC2086 # words of a tcpdump filter
check "the client's error quotes the external endpoint" whole "$S4.7001 > $X4.$port: " \
    sees "$LAB_SERVER" s0 "icmp[0] == 3 and src host $X4" trace_in "$port"
check "so does the router's own" whole "$S4.7001 > $X4.$port: " \
    sees "$LAB_SERVER" s0 "icmp[0] == 11 and src host $X4" trace_in "$port"
check "the server's error quotes the inside endpoint" whole "$C4.5000 > $S4.7777: " \
    sees "$LAB_CLIENT" c0 "icmp[0] == 3 and src host $S4" ask "$C4:5000" "$S4:7777"

check 'another host inside has a mapping' ask 10.0.0.9:5000 "$S4:7000"
other=$(external_of 10.0.0.9:5000)
other=${other##*:}
check 'traceroute shows the hops of a hairpin' hops "$X4" "$X4" < <(trace_hairpin "$other")
check "the router's error quotes what the client sent" whole "$C4.5002 > $X4.$other: " \
    sees "$LAB_CLIENT" c0 "icmp[0] == 11 and src host $X4 and dst host $C4" trace_hairpin "$other"
ip -n "$LAB_ROUTER" route add 10.0.0.9/32 dev lan0 mtu 1200
check 'a hairpin that is too big is answered' whole "mtu 1200" \
    sees "$LAB_CLIENT" c0 "icmp[0] == 3 and icmp[1] == 4 and src host $X4" big_datagram "$X4" "$other"
ip -n "$LAB_ROUTER" route del 10.0.0.9/32 dev lan0
check "the router's errors to itself arrive" refused "$X4"
in_router iptables -t raw -A OUTPUT -o lo -j CT --notrack
check 'also untracked' refused "$X4"
check 'and from a loopback address' refused 127.0.0.1
in_router iptables -t raw -D OUTPUT -o lo -j CT --notrack

check 'an error about its flow passes' whole "$C4.5000 > $S4.7777: " sees "$LAB_CLIENT" c0 'icmp[0] == 3' \
    in_server "$QW_TOOLS/icmp_send" 203.0.113.9 "$external" "$S4:7777"
before=$(stat_of 'reasons["unsolicited-icmp"]')
check 'an error about no flow does not' status_is 1 sees "$LAB_CLIENT" c0 'icmp[0] == 3' \
    in_server "$QW_TOOLS/icmp_send" 203.0.113.9 "$external" "$S4:7778"
check 'nor one about an inside endpoint' status_is 1 sees "$LAB_CLIENT" c0 'icmp[0] == 3' \
    in_server "$QW_TOOLS/icmp_send" 203.0.113.9 "$C4:5000" "$S4:7777"
check 'the former is counted' [ "$(stat_of 'reasons["unsolicited-icmp"]')" -gt "$before" ]
check 'the mapping still stands' [ "$(external_of "$C4:5000")" = "$external" ]

ip -n "$LAB_TRANSIT" link set t1 mtu 1300
ip -n "$LAB_SERVER" link set s0 mtu 1300
check 'a datagram too big for the path is answered' whole 'mtu 1300' sees "$LAB_CLIENT" c0 'icmp[0] == 3' \
    big_datagram "$S4" 7000
check 'the client learns the MTU' shows 'mtu 1300' in_client ip route get "$S4"
check 'traceroute --mtu finds it too' shows 'F=1300' trace_out --mtu -p 7000
check 'the router learned nothing wrong' shows "^$S4 via $T4" in_router ip route get "$S4"
check 'quicward ends cleanly' stop_quicward
case_end
