#!/bin/sh
# quicward: UDP and ICMP errors that are forwarded between
# inside (lan0, lan0.20) and outside (wan0)
# go to queues 100 to 101; while no program listens there they are dropped.
set -e

nft -f - <<'RULES'
add table inet quicward_100
delete table inet quicward_100
table inet quicward_100 {
    chain forward {
        type filter hook forward priority mangle; policy accept;
        meta l4proto udp goto between
        icmp type { destination-unreachable, source-quench, time-exceeded, parameter-problem } goto between
        icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem } goto between
    }

    chain between {
        iifname { "lan0", "lan0.20" } oifname { "wan0" } queue num 100-101
        iifname { "wan0" } oifname { "lan0", "lan0.20" } queue num 100-101
    }

    # No packet comes here. That the statement exists has the kernel put fragments together before they
    # are forwarded, without tracking connections.
    chain reassemble {
        meta l4proto udp tproxy to :1
    }
}
RULES
