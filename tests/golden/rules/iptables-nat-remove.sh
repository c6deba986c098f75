#!/bin/sh
# quicward: UDP and ICMP errors that are translated (IPv4) or forwarded (IPv6) between
# inside (lan0) and outside (wan0)
# go no longer to queue 7400.
set -e

# What inside hosts send to each other's external endpoints is routed with the router's own address
# as source.
accept_local() { # VALUE INTERFACE...
    value=$1
    shift
    for interface; do
        setting=/proc/sys/net/ipv4/conf/$interface/accept_local
        { [ "$(cat "$setting")" = "$value" ] || echo "$value" >"$setting"; } 2>/dev/null ||
            echo "$setting cannot be set to $value: inside hosts reach no external endpoints of each other" >&2
    done
}

accept_local 0 lan0 2>/dev/null
# Takes away our chains and what leads there, but for those whose ends are KEPT.
remove() { # TOOL KEPT
    "$1-save" | grep -Ev -- "[: ]quicward-7400($2)( |\$)" | sed -n '
        /^\*/p
        /^:quicward-7400[- ]/{ p; s/^:\([^ ]*\).*/-X \1/; H; }
        /^-A quicward-7400[- ]/d
        s/^-A \(.* -j quicward-7400\(-[a-z]*\)*\)$/-D \1/p
        /^COMMIT/{ x; s/^\n//; p; s/.*//; x; p; }' |
        "$1-restore" -w --noflush
}

remove iptables -

# A kernel without IPv6 needs nothing more.
[ -e /proc/net/if_inet6 ] || exit 0
remove ip6tables -
