#!/bin/sh
# quicward: UDP and ICMP errors that are translated (IPv4) or forwarded (IPv6) between
# inside (lan0, lan0.20) and outside (wan0, wan1)
# go to queues 100 to 101; while no program listens there they are dropped.
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

nft -f - <<'RULES'
add table inet quicward_100
delete table inet quicward_100
table inet quicward_100 {
    chain before {
        type filter hook prerouting priority raw; policy accept;
        iifname { "lan0", "lan0.20" } meta nfproto ipv4 fib saddr type local drop
        iifname { "wan0", "wan1" } meta nfproto ipv4 meta l4proto udp goto from_outside
        iifname { "wan0", "wan1" } icmp type { destination-unreachable, source-quench, time-exceeded, parameter-problem } @th,136,8 17 goto from_outside
        iifname { "lan0", "lan0.20" } meta nfproto ipv4 meta l4proto udp goto from_inside
        iifname { "lan0", "lan0.20" } icmp type { destination-unreachable, source-quench, time-exceeded, parameter-problem } @th,136,8 17 goto from_inside
    }

    # The router's own sockets, and what is for many, stay with the kernel.
    chain from_outside {
        fib daddr type local socket wildcard { 0, 1 } return
        fib daddr type { multicast, broadcast } return
        ip daddr { 198.51.100.7, 198.51.100.8 } notrack queue num 100-101
        fib daddr type local return # the router's other addresses
        drop # nothing from outside reaches an inside address as it is
    }

    # The router's own sockets, and what is for many, stay with the kernel.
    chain from_inside {
        fib daddr type local socket wildcard { 0, 1 } return
        fib daddr type { multicast, broadcast } return
        fib daddr . iif type local return
        ip daddr { 198.51.100.7, 198.51.100.8 } notrack queue num 100-101
        fib daddr type local return # the router's other addresses
        fib daddr oifname { "wan0", "wan1" } notrack return
        fib daddr oif missing notrack
    }

    chain forward {
        type filter hook forward priority mangle; policy accept;
        meta nfproto ipv6 meta l4proto udp goto between
        icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem } goto between
        iifname { "wan0", "wan1" } ip daddr { 198.51.100.7, 198.51.100.8 } meta l4proto udp drop
        iifname { "lan0", "lan0.20" } meta nfproto ipv4 meta l4proto udp goto leave
        iifname { "lan0", "lan0.20" } icmp type { destination-unreachable, source-quench, time-exceeded, parameter-problem } @th,136,8 17 goto leave
    }

    chain leave {
        oifname { "wan0", "wan1" } queue num 100-101
    }

    chain own {
        type filter hook output priority mangle; policy accept;
        ct state related return
        oifname { "wan0", "wan1" } icmp type { destination-unreachable, source-quench, time-exceeded, parameter-problem } @th,136,8 17 queue num 100-101
        oifname "lo" ip daddr { 198.51.100.7, 198.51.100.8 } icmp type { destination-unreachable, source-quench, time-exceeded, parameter-problem } @th,136,8 17 queue num 100-101
    }

    chain others {
        type nat hook postrouting priority srcnat; policy accept;
        oifname { "wan0", "wan1" } meta nfproto ipv4 meta l4proto != udp snat ip to 198.51.100.7
    }

    chain between {
        iifname { "lan0", "lan0.20" } oifname { "wan0", "wan1" } queue num 100-101
        iifname { "wan0", "wan1" } oifname { "lan0", "lan0.20" } queue num 100-101
    }

    # No packet comes here. That the statement exists has the kernel put fragments together before they
    # are forwarded, without tracking connections.
    chain reassemble {
        meta l4proto udp tproxy to :1
    }
}
RULES
accept_local 1 lan0 lan0.20
