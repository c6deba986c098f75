#!/bin/sh
# quicward: UDP and ICMP errors that are forwarded between
# inside (lan0, lan0.20) and outside (wan0)
# go no longer to queues 100 to 101.
set -e

# Takes away our chains and what leads there, but for those whose ends are KEPT.
remove() { # TOOL KEPT
    "$1-save" | grep -Ev -- "[: ]quicward-100($2)( |\$)" | sed -n '
        /^\*/p
        /^:quicward-100[- ]/{ p; s/^:\([^ ]*\).*/-X \1/; H; }
        /^-A quicward-100[- ]/d
        s/^-A \(.* -j quicward-100\(-[a-z]*\)*\)$/-D \1/p
        /^COMMIT/{ x; s/^\n//; p; s/.*//; x; p; }' |
        "$1-restore" -w --noflush
}

remove iptables -

# A kernel without IPv6 needs nothing more.
[ -e /proc/net/if_inet6 ] || exit 0
remove ip6tables -
