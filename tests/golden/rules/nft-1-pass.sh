#!/bin/sh
# quicward: UDP and ICMP errors that are forwarded between
# inside (lan0) and outside (wan0)
# go to queue 7400; while no program listens there they pass.
set -e

nft -f - <<'RULES'
add table inet quicward_7400
delete table inet quicward_7400
table inet quicward_7400 {
    chain forward {
        type filter hook forward priority mangle; policy accept;
        meta l4proto udp goto between
        icmp type { destination-unreachable, source-quench, time-exceeded, parameter-problem } goto between
        icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem } goto between
    }

    chain between {
        iifname { "lan0" } oifname { "wan0" } queue num 7400 bypass
        iifname { "wan0" } oifname { "lan0" } queue num 7400 bypass
    }

    # No packet comes here. That the statement exists has the kernel put fragments together before they
    # are forwarded, without tracking connections.
    chain reassemble {
        meta l4proto udp tproxy to :1
    }
}
RULES
