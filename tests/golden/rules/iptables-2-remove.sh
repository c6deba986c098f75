#!/bin/sh
# quicward: UDP and ICMP errors that are forwarded between
# inside (lan0, lan0.20) and outside (wan0)
# go no longer to queues 100 to 101.
set -e

remove() { # TOOL
    while "$1" -w -t mangle -C FORWARD -j quicward-100 2>/dev/null; do
        "$1" -w -t mangle -D FORWARD -j quicward-100
    done
    "$1-restore" -w --noflush <<'RULES'
*mangle
:quicward-100 - [0:0]
:quicward-100-between - [0:0]
:quicward-100-reassemble - [0:0]
-X quicward-100
-X quicward-100-between
-X quicward-100-reassemble
COMMIT
RULES
}

remove iptables

# A kernel without IPv6 needs nothing more.
[ -e /proc/net/if_inet6 ] || exit 0
remove ip6tables
