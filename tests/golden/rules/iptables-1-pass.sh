#!/bin/sh
# quicward: UDP and ICMP errors that are forwarded between
# inside (lan0) and outside (wan0)
# go to queue 7400; while no program listens there they pass.
set -e

remove() { # TOOL
    while "$1" -w -t mangle -C FORWARD -j quicward-7400 2>/dev/null; do
        "$1" -w -t mangle -D FORWARD -j quicward-7400
    done
    "$1-restore" -w --noflush <<'RULES'
*mangle
:quicward-7400 - [0:0]
:quicward-7400-between - [0:0]
:quicward-7400-reassemble - [0:0]
-X quicward-7400
-X quicward-7400-between
-X quicward-7400-reassemble
COMMIT
RULES
}

jump() { # TOOL
    "$1" -w -t mangle -C FORWARD -j quicward-7400 2>/dev/null ||
        "$1" -w -t mangle -A FORWARD -j quicward-7400
}

# What fails half way leaves nothing behind.
undo() { # STATUS
    [ "$1" -eq 0 ] || { remove iptables || :; remove ip6tables || :; } 2>/dev/null
}
trap 'undo $?' EXIT

iptables-restore -w --noflush <<'RULES'
*mangle
:quicward-7400 - [0:0]
:quicward-7400-between - [0:0]
:quicward-7400-reassemble - [0:0]
-A quicward-7400 -p udp -g quicward-7400-between
-A quicward-7400 -p icmp --icmp-type 3 -g quicward-7400-between
-A quicward-7400 -p icmp --icmp-type 4 -g quicward-7400-between
-A quicward-7400 -p icmp --icmp-type 11 -g quicward-7400-between
-A quicward-7400 -p icmp --icmp-type 12 -g quicward-7400-between
-A quicward-7400-between -i lan0 -o wan0 -j NFQUEUE --queue-num 7400 --queue-bypass
-A quicward-7400-between -i wan0 -o lan0 -j NFQUEUE --queue-num 7400 --queue-bypass
# No packet comes here. That the match exists has the kernel put fragments together before they
# are forwarded, without tracking connections.
-A quicward-7400-reassemble -p udp -m socket
COMMIT
RULES
jump iptables

# A kernel without IPv6 needs nothing more.
[ -e /proc/net/if_inet6 ] || exit 0
ip6tables-restore -w --noflush <<'RULES'
*mangle
:quicward-7400 - [0:0]
:quicward-7400-between - [0:0]
:quicward-7400-reassemble - [0:0]
-A quicward-7400 -p udp -g quicward-7400-between
-A quicward-7400 -p icmpv6 --icmpv6-type 1 -g quicward-7400-between
-A quicward-7400 -p icmpv6 --icmpv6-type 2 -g quicward-7400-between
-A quicward-7400 -p icmpv6 --icmpv6-type 3 -g quicward-7400-between
-A quicward-7400 -p icmpv6 --icmpv6-type 4 -g quicward-7400-between
-A quicward-7400-between -i lan0 -o wan0 -j NFQUEUE --queue-num 7400 --queue-bypass
-A quicward-7400-between -i wan0 -o lan0 -j NFQUEUE --queue-num 7400 --queue-bypass
# No packet comes here. That the match exists has the kernel put fragments together before they
# are forwarded, without tracking connections.
-A quicward-7400-reassemble -p udp -m socket
COMMIT
RULES
jump ip6tables
