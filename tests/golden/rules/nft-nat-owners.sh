#!/bin/sh
# quicward: UDP and ICMP errors that are translated (IPv4) or forwarded (IPv6) between
# inside (lan0, lan0.20) and outside (wan0, wan1)
# go to queues 100 to 101; while no program listens there they are dropped.
set -e

# Takes away our chains and what leads there, but for those whose ends are KEPT.
remove() { # TOOL KEPT
    saved=$("$1-save") || { echo "$1-save failed" >&2; return 1; }
    list=$(printf '%s\n' "$saved" | grep -Ev -- "[: ]quicward-main($2)( |\$)" | sed -nE '
        /^\*/p
        /^:quicward-(main|[0-9]+)[- ]/{ p; s/^:([^ ]*).*/-X \1/; H; }
        /^-A quicward-(main|[0-9]+)[- ]/d
        s/^-A (.* -j quicward-(main|[0-9]+)(-[a-z]*)?)$/-D \1/p
        /^COMMIT/{ x; s/^\n//; p; s/.*//; x; p; }')
    case $list in *quicward-*) printf '%s\n' "$list" | "$1-restore" -w --noflush ;; esac
}

# Takes away our tables of nft, but for those whose ends are KEPT.
remove_tables() { # KEPT
    tables=$(nft list tables inet 2>/dev/null) || return 0
    list=$(printf '%s\n' "$tables" | grep -vxE "table inet quicward_main($1)" |
        sed -nE 's/^table inet quicward_(main|[0-9]+)(_fragments)?$/delete &/p')
    case $list in *quicward_*) printf '%s\n' "$list" | nft -f - ;; esac
}

# 2 is as good as 1, and says that it was 0 before.
way_back_as_before() { # INTERFACE
    own=/proc/sys/net/ipv4/conf/$1/src_valid_mark
    if [ "$(cat "$own" 2>/dev/null)" = 2 ]; then { echo 0 >"$own"; } 2>/dev/null || :; fi
}

# Of this instance: others may have the same preference, or the same protocol.
routing_rules() { # FAMILY
    ip "$1" rule show pref 2 2>/dev/null | sed -n 's/ .detached.//; / proto 149 *$/p'
}

unguard() { # FAMILY...
    for family; do
        interfaces=$(routing_rules "$family" | sed -n 's/.* iif \([^ ]*\) .*blackhole.*/\1/p')
        while ip "$family" rule del pref 2 protocol 149; do :; done 2>/dev/null
        [ "$family" = -4 ] || continue
        for interface in $interfaces; do way_back_as_before "$interface"; done
    done
}

# Takes away all that these have, if they are there.
remove_all() { # TOOL...
    for tool; do
        if command -v "$tool-save" >/dev/null; then remove "$tool" -; fi
    done
}

# The same of the kinds that a tool is not: "iptables" is either iptables-nft or iptables-legacy.
remove_other_kind() { # TOOL...
    for own; do
        case $("$own" -V 2>/dev/null) in
        *legacy*) remove_all "$own-nft" ;;
        *nf_tables*) remove_all "$own-legacy" ;;
        esac
    done
}

# What inside hosts send to each other's external endpoints is routed with the router's own address
# as source. 2 is as good as 1, and says that it was 0 before.
accept_local() { # FROM TO INTERFACE...
    from=$1 to=$2
    shift 2
    for interface; do
        [ -e "/proc/sys/net/ipv4/conf/$interface" ] || continue
        setting=/proc/sys/net/ipv4/conf/$interface/accept_local
        [ "$(cat "$setting" 2>/dev/null)" = "$from" ] || continue
        { echo "$to" >"$setting"; } 2>/dev/null ||
            echo "$setting cannot be set to $to: inside hosts cannot reach each other's external endpoints" >&2
    done
}

command -v nft >/dev/null || { echo 'nft is not installed' >&2; exit 1; }
nft -f - <<'RULES'
add table inet quicward_main
delete table inet quicward_main
table inet quicward_main {
    # UDP without this mark has no way: see the routing rules below.
    chain marked {
        type filter hook prerouting priority mangle; policy accept;
        iifname { "lan0", "lan0.20" } meta l4proto udp meta mark & 0xe3ffffff == 0 meta mark set meta mark | 0x40000000
        iifname { "wan0", "wan1" } meta nfproto ipv6 meta l4proto udp meta mark & 0xe3ffffff == 0 meta mark set meta mark | 0x40000000
    }

    # It has gone past our chain in forward.
    chain missed {
        type filter hook postrouting priority mangle; policy accept;
        meta mark & 0xe3ffffff == 0x40000000 meta l4proto udp fib saddr type != local drop
    }

    # Whose is it? What is for the router itself, and for many, is nobody else's.
    chain look {
        type filter hook prerouting priority raw; policy accept;
        fib daddr type { local, multicast, broadcast } return
        meta nfproto ipv4 return
        iifname { "lan0", "lan0.20" } meta l4proto udp queue num 100-101
        iifname { "lan0", "lan0.20" } icmpv6 type 0-127 queue num 100-101
        iifname { "wan0", "wan1" } meta l4proto udp queue num 100-101
        iifname { "wan0", "wan1" } icmpv6 type 0-127 queue num 100-101
    }

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
        ip daddr { 198.51.100.7, 198.51.100.8 } meta mark & 0xe3ffffff == 0 meta mark set meta mark | 0x20000000
        ip daddr { 198.51.100.7, 198.51.100.8 } notrack queue num 100-101
        fib daddr type local return # the router's other addresses
        drop # nothing from outside reaches an inside address as it is
    }

    # The router's own sockets, and what is for many, stay with the kernel.
    chain from_inside {
        fib daddr type local socket wildcard { 0, 1 } return
        fib daddr type { multicast, broadcast } return
        fib daddr . iif type local return
        ip daddr { 198.51.100.7, 198.51.100.8 } meta mark & 0xe3ffffff == 0 meta mark set meta mark | 0x20000000
        ip daddr { 198.51.100.7, 198.51.100.8 } notrack queue num 100-101
        fib daddr type local return # the router's other addresses
        fib daddr oifname { "wan0", "wan1" } notrack queue num 100-101
        fib daddr oif missing notrack queue num 100-101
    }

    chain forward {
        type filter hook forward priority mangle; policy accept;
        iifname { "wan0", "wan1" } meta nfproto ipv4 meta l4proto udp meta mark & 0xe3ffffff == 0x40000000 drop
        meta mark & 0xe3ffffff == 0x20000000 meta mark set meta mark & 0x1c000000
        meta nfproto ipv6 meta l4proto udp goto between
        meta l4proto ah goto between
        icmpv6 type 0-127 goto between
        iifname { "wan0", "wan1" } ip daddr { 198.51.100.7, 198.51.100.8 } meta mark & 0x3ffffff != { 0x12, 0x3ffffff } meta l4proto udp drop
        iifname { "wan0", "wan1" } oifname { "lan0", "lan0.20" } meta nfproto ipv4 meta l4proto udp fib daddr type { multicast, broadcast } queue num 100-101
        iifname { "wan0", "wan1" } oifname { "lan0", "lan0.20" } meta nfproto ipv4 meta l4proto udp fib daddr type { multicast, broadcast } drop
        iifname { "lan0", "lan0.20" } meta nfproto ipv4 meta l4proto udp goto leave
        iifname { "lan0", "lan0.20" } icmp type { destination-unreachable, source-quench, time-exceeded, parameter-problem } @th,136,8 17 goto leave
    }

    chain leave {
        meta mark & 0xe3ffffff == 0x40000000 meta mark set meta mark & 0x1c000000
        oifname { "wan0", "wan1" } queue num 100-101
        oifname { "wan0", "wan1" } drop
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
        meta mark & 0xe3ffffff == 0x40000000 meta mark set meta mark & 0x1c000000
        iifname { "lan0", "lan0.20" } oifname { "wan0", "wan1" } queue num 100-101
        iifname { "lan0", "lan0.20" } oifname { "wan0", "wan1" } drop
        iifname { "wan0", "wan1" } oifname { "lan0", "lan0.20" } queue num 100-101
        iifname { "wan0", "wan1" } oifname { "lan0", "lan0.20" } drop
    }

    # No packet comes here. That the statement exists has the kernel put fragments together before they
    # are forwarded, without tracking connections.
    chain reassemble {
        meta l4proto udp tproxy to :1
    }
}
RULES
accept_local 0 2 lan0 lan0.20
# Checks of source addresses look up the way back: they must do that with the packet's mark.
way_back() { # INTERFACE
    all=/proc/sys/net/ipv4/conf/all own=/proc/sys/net/ipv4/conf/$1
    [ -e "$own" ] || return 0
    [ "$(cat "$all/src_valid_mark" "$own/src_valid_mark")" = "0
0" ] || return 0
    { echo 2 >"$own/src_valid_mark"; } 2>/dev/null && return 0
    [ "$(cat "$all/rp_filter" "$own/rp_filter")" = "0
0" ]
}

guard() { # FAMILY INTERFACE...
    family=$1
    shift
    for interface; do
        ip "$family" rule add pref 2 iif "$interface" ipproto 17 fwmark 0/0xe3ffffff protocol 149 blackhole 2>/dev/null || :
    done
    routing_rules "$family" | sed -n 's/.* iif \([^ ]*\).*/\1/p' |
        while read -r interface; do
            case " $* " in *" $interface "*) ;; *)
                ip "$family" rule del pref 2 protocol 149 iif "$interface"
                way_back_as_before "$interface" ;;
            esac
        done
    [ "$(routing_rules "$family" | grep -c blackhole)" = $# ] && return 0
    echo "the kernel refused the routing rules that protect after a flush of its tables" >&2
}

set -- lan0 lan0.20 wan0 wan1
ready=1
for interface; do way_back "$interface" || ready=; done
if [ "$ready" ]; then
    guard -4 "$@"
else
    unguard -4
    echo "net.ipv4.conf.*.src_valid_mark cannot be set: after a flush of the kernel's tables" \
        "UDP passes until the rules are back" >&2
fi
[ ! -e /proc/net/if_inet6 ] || guard -6 "$@"
[ -z "${quick:-}" ] || exit 0
remove_tables ''
remove_all iptables ip6tables
remove_other_kind iptables ip6tables
