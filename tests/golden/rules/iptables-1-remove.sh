#!/bin/sh
# quicward: UDP and ICMP errors that are forwarded between
# inside (lan0) and outside (wan0)
# go no longer to queue 7400.
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

remove iptables

# A kernel without IPv6 needs nothing more.
[ -e /proc/net/if_inet6 ] || exit 0
remove ip6tables
