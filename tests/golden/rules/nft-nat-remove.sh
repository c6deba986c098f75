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
nft -f - <<'RULES'
add table inet quicward_7400
delete table inet quicward_7400
RULES
