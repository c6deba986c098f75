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

command -v iptables-restore >/dev/null || { echo 'iptables is not installed' >&2; exit 1; }

jump() { # TOOL TABLE HOOK CHAIN
    stands=
    if "$1" -w -t "$2" -C "$3" -j "$4" 2>/dev/null; then stands=1; fi
    if [ "${in_front:-}" ]; then
        printf '%s\n' "*$2" ${stands:+"-D $3 -j $4"} "-I $3 -j $4" COMMIT | "$1-restore" -w --noflush
    elif [ -z "$stands" ]; then
        "$1" -w -t "$2" -A "$3" -j "$4"
    fi
}

# What fails half way leaves nothing behind.
undo() { # STATUS
    [ "$1" -ne 0 ] || return 0
    [ -z "$stood" ] || return 0
    accept_local 2 0 lan0 lan0.20 2>/dev/null
    unguard -4 -6
    { remove iptables - || :; remove ip6tables - || :; } 2>/dev/null
}
stood=$(iptables-save | grep '^:quicward-main ' || :; routing_rules -4; routing_rules -6)
trap 'undo $?' EXIT

# Rules for the networks that hang on these interfaces: what goes there is not translated, and stays
# tracked.
stay_tracked() { # CHAIN INTERFACE...
    chain=$1
    shift
    for interface; do
        ip -4 route show dev "$interface" proto kernel scope link || :
    done 2>/dev/null | sed -n "s|^\([0-9][0-9./]*\).*|-A $chain -d \1 -j RETURN|p"
}

iptables-restore -w --noflush <<RULES
*raw
:quicward-main-before - [0:0]
:quicward-main-in - [0:0]
:quicward-main-inside - [0:0]
:quicward-main-stay - [0:0]
:quicward-main-translate - [0:0]
-A quicward-main-before -i wan0 -p udp -g quicward-main-in
-A quicward-main-before -i wan0 -p icmp --icmp-type 3 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-main-in
-A quicward-main-before -i wan0 -p icmp --icmp-type 4 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-main-in
-A quicward-main-before -i wan0 -p icmp --icmp-type 11 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-main-in
-A quicward-main-before -i wan0 -p icmp --icmp-type 12 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-main-in
-A quicward-main-before -i wan1 -p udp -g quicward-main-in
-A quicward-main-before -i wan1 -p icmp --icmp-type 3 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-main-in
-A quicward-main-before -i wan1 -p icmp --icmp-type 4 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-main-in
-A quicward-main-before -i wan1 -p icmp --icmp-type 11 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-main-in
-A quicward-main-before -i wan1 -p icmp --icmp-type 12 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-main-in
-A quicward-main-before -i lan0 -m addrtype --src-type LOCAL -j DROP
-A quicward-main-before -i lan0 -p udp -g quicward-main-inside
-A quicward-main-before -i lan0 -p icmp --icmp-type 3 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-main-inside
-A quicward-main-before -i lan0 -p icmp --icmp-type 4 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-main-inside
-A quicward-main-before -i lan0 -p icmp --icmp-type 11 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-main-inside
-A quicward-main-before -i lan0 -p icmp --icmp-type 12 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-main-inside
-A quicward-main-before -i lan0.20 -m addrtype --src-type LOCAL -j DROP
-A quicward-main-before -i lan0.20 -p udp -g quicward-main-inside
-A quicward-main-before -i lan0.20 -p icmp --icmp-type 3 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-main-inside
-A quicward-main-before -i lan0.20 -p icmp --icmp-type 4 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-main-inside
-A quicward-main-before -i lan0.20 -p icmp --icmp-type 11 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-main-inside
-A quicward-main-before -i lan0.20 -p icmp --icmp-type 12 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-main-inside
# The router's own sockets, and what is for many, stay with the kernel.
-A quicward-main-in -m addrtype --dst-type LOCAL -m socket --nowildcard -j RETURN
-A quicward-main-in -m addrtype --dst-type MULTICAST,BROADCAST -j RETURN
-A quicward-main-in -d 198.51.100.7 -g quicward-main-translate
-A quicward-main-in -d 198.51.100.8 -g quicward-main-translate
# The router's other addresses are the kernel's business.
-A quicward-main-in -m addrtype --dst-type LOCAL -j RETURN
# Nothing from outside reaches an inside address as it is.
-A quicward-main-in -j DROP
# The router's own sockets, and what is for many, stay with the kernel.
-A quicward-main-inside -m addrtype --dst-type LOCAL -m socket --nowildcard -j RETURN
-A quicward-main-inside -m addrtype --dst-type MULTICAST,BROADCAST -j RETURN
-A quicward-main-inside -m addrtype --dst-type LOCAL --limit-iface-in -j RETURN
-A quicward-main-inside -d 198.51.100.7 -g quicward-main-translate
-A quicward-main-inside -d 198.51.100.8 -g quicward-main-translate
# The router's other addresses are the kernel's business.
-A quicward-main-inside -m addrtype --dst-type LOCAL -j RETURN
-A quicward-main-inside -g quicward-main-stay
$(stay_tracked quicward-main-stay lan0 lan0.20)
-A quicward-main-stay -j CT --notrack
# Whose is it? It comes again when it is routed.
-A quicward-main-stay -j NFQUEUE --queue-balance 100:101
-A quicward-main-translate -m mark --mark 0/0xe3ffffff -j MARK --or-mark 0x20000000
-A quicward-main-translate -j CT --notrack
-A quicward-main-translate -j NFQUEUE --queue-balance 100:101
COMMIT
*mangle
:quicward-main - [0:0]
:quicward-main-between - [0:0]
:quicward-main-own - [0:0]
:quicward-main-hairpin - [0:0]
:quicward-main-queue - [0:0]
-A quicward-main -i wan0 -p udp -m mark --mark 0x40000000/0xe3ffffff -j DROP
-A quicward-main -i wan1 -p udp -m mark --mark 0x40000000/0xe3ffffff -j DROP
-A quicward-main -m mark --mark 0x20000000/0xe3ffffff -j MARK --and-mark 0x1c000000
-A quicward-main-between -m mark --mark 0x40000000/0xe3ffffff -j MARK --and-mark 0x1c000000
-A quicward-main -i lan0 -p udp -g quicward-main-between
-A quicward-main -i lan0 -p icmp --icmp-type 3 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-main-between
-A quicward-main -i lan0 -p icmp --icmp-type 4 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-main-between
-A quicward-main -i lan0 -p icmp --icmp-type 11 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-main-between
-A quicward-main -i lan0 -p icmp --icmp-type 12 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-main-between
-A quicward-main -i lan0.20 -p udp -g quicward-main-between
-A quicward-main -i lan0.20 -p icmp --icmp-type 3 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-main-between
-A quicward-main -i lan0.20 -p icmp --icmp-type 4 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-main-between
-A quicward-main -i lan0.20 -p icmp --icmp-type 11 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-main-between
-A quicward-main -i lan0.20 -p icmp --icmp-type 12 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-main-between
-A quicward-main-between -o wan0 -j NFQUEUE --queue-balance 100:101
-A quicward-main-between -o wan0 -j DROP
-A quicward-main-between -o wan1 -j NFQUEUE --queue-balance 100:101
-A quicward-main-between -o wan1 -j DROP
-A quicward-main -i lan0 -o wan0 -p ah -j NFQUEUE --queue-balance 100:101
-A quicward-main -i lan0 -o wan0 -p ah -j DROP
-A quicward-main -i wan0 -o lan0 -p ah -j NFQUEUE --queue-balance 100:101
-A quicward-main -i wan0 -o lan0 -p ah -j DROP
-A quicward-main -i lan0.20 -o wan0 -p ah -j NFQUEUE --queue-balance 100:101
-A quicward-main -i lan0.20 -o wan0 -p ah -j DROP
-A quicward-main -i wan0 -o lan0.20 -p ah -j NFQUEUE --queue-balance 100:101
-A quicward-main -i wan0 -o lan0.20 -p ah -j DROP
-A quicward-main -i lan0 -o wan1 -p ah -j NFQUEUE --queue-balance 100:101
-A quicward-main -i lan0 -o wan1 -p ah -j DROP
-A quicward-main -i wan1 -o lan0 -p ah -j NFQUEUE --queue-balance 100:101
-A quicward-main -i wan1 -o lan0 -p ah -j DROP
-A quicward-main -i lan0.20 -o wan1 -p ah -j NFQUEUE --queue-balance 100:101
-A quicward-main -i lan0.20 -o wan1 -p ah -j DROP
-A quicward-main -i wan1 -o lan0.20 -p ah -j NFQUEUE --queue-balance 100:101
-A quicward-main -i wan1 -o lan0.20 -p ah -j DROP
-A quicward-main -i wan0 -o lan0 -p udp -m addrtype --dst-type MULTICAST,BROADCAST -j NFQUEUE --queue-balance 100:101
-A quicward-main -i wan0 -o lan0 -p udp -m addrtype --dst-type MULTICAST,BROADCAST -j DROP
-A quicward-main -i wan0 -o lan0.20 -p udp -m addrtype --dst-type MULTICAST,BROADCAST -j NFQUEUE --queue-balance 100:101
-A quicward-main -i wan0 -o lan0.20 -p udp -m addrtype --dst-type MULTICAST,BROADCAST -j DROP
-A quicward-main -i wan1 -o lan0 -p udp -m addrtype --dst-type MULTICAST,BROADCAST -j NFQUEUE --queue-balance 100:101
-A quicward-main -i wan1 -o lan0 -p udp -m addrtype --dst-type MULTICAST,BROADCAST -j DROP
-A quicward-main -i wan1 -o lan0.20 -p udp -m addrtype --dst-type MULTICAST,BROADCAST -j NFQUEUE --queue-balance 100:101
-A quicward-main -i wan1 -o lan0.20 -p udp -m addrtype --dst-type MULTICAST,BROADCAST -j DROP
-A quicward-main -i wan0 -m mark --mark 0x12/0x3ffffff -j RETURN
-A quicward-main -i wan0 -m mark --mark 0x3ffffff/0x3ffffff -j RETURN
-A quicward-main -i wan0 -d 198.51.100.7 -p udp -j DROP
-A quicward-main -i wan0 -d 198.51.100.8 -p udp -j DROP
-A quicward-main -i wan1 -m mark --mark 0x12/0x3ffffff -j RETURN
-A quicward-main -i wan1 -m mark --mark 0x3ffffff/0x3ffffff -j RETURN
-A quicward-main -i wan1 -d 198.51.100.7 -p udp -j DROP
-A quicward-main -i wan1 -d 198.51.100.8 -p udp -j DROP
-A quicward-main-own -m conntrack --ctstate RELATED -j RETURN
-A quicward-main-own -o wan0 -p icmp --icmp-type 3 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-main-queue
-A quicward-main-own -o wan0 -p icmp --icmp-type 4 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-main-queue
-A quicward-main-own -o wan0 -p icmp --icmp-type 11 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-main-queue
-A quicward-main-own -o wan0 -p icmp --icmp-type 12 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-main-queue
-A quicward-main-own -o wan1 -p icmp --icmp-type 3 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-main-queue
-A quicward-main-own -o wan1 -p icmp --icmp-type 4 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-main-queue
-A quicward-main-own -o wan1 -p icmp --icmp-type 11 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-main-queue
-A quicward-main-own -o wan1 -p icmp --icmp-type 12 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-main-queue
-A quicward-main-own -o lo -p icmp --icmp-type 3 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-main-hairpin
-A quicward-main-own -o lo -p icmp --icmp-type 4 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-main-hairpin
-A quicward-main-own -o lo -p icmp --icmp-type 11 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-main-hairpin
-A quicward-main-own -o lo -p icmp --icmp-type 12 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-main-hairpin
-A quicward-main-hairpin -d 198.51.100.7 -g quicward-main-queue
-A quicward-main-hairpin -d 198.51.100.8 -g quicward-main-queue
-A quicward-main-queue -j NFQUEUE --queue-balance 100:101
COMMIT
*nat
:quicward-main-masquerade - [0:0]
-A quicward-main-masquerade -o wan0 ! -p udp -j SNAT --to-source 198.51.100.7
-A quicward-main-masquerade -o wan1 ! -p udp -j SNAT --to-source 198.51.100.7
COMMIT
RULES
jump iptables mangle FORWARD quicward-main
jump iptables mangle OUTPUT quicward-main-own
jump iptables raw PREROUTING quicward-main-before
jump iptables nat POSTROUTING quicward-main-masquerade
remove iptables '|-between|-own|-hairpin|-queue|-translate|-before|-in|-inside|-stay|-masquerade|-mark|-left'
accept_local 0 2 lan0 lan0.20
iptables-restore -w --noflush <<'RULES'
*mangle
:quicward-main-mark - [0:0]
:quicward-main-left - [0:0]
-A quicward-main-mark -i lan0 -p udp -m mark --mark 0/0xe3ffffff -j MARK --or-mark 0x40000000
-A quicward-main-mark -i lan0.20 -p udp -m mark --mark 0/0xe3ffffff -j MARK --or-mark 0x40000000
# It has gone past our chain in FORWARD.
-A quicward-main-left -p udp -m mark --mark 0x40000000/0xe3ffffff -m addrtype ! --src-type LOCAL -j DROP
COMMIT
RULES
jump iptables mangle POSTROUTING quicward-main-left
jump iptables mangle PREROUTING quicward-main-mark

# A kernel without IPv6 needs nothing more.
if [ -e /proc/net/if_inet6 ]; then
ip6tables-restore -w --noflush <<'RULES'
*mangle
:quicward-main - [0:0]
:quicward-main-between - [0:0]
-A quicward-main-between -m mark --mark 0x40000000/0xe3ffffff -j MARK --and-mark 0x1c000000
-A quicward-main -p udp -g quicward-main-between
-A quicward-main -m ah -g quicward-main-between
:quicward-main-errors - [0:0]
-A quicward-main -p icmpv6 -g quicward-main-errors
-A quicward-main-errors -p icmpv6 --icmpv6-type 128 -j RETURN
-A quicward-main-errors -p icmpv6 --icmpv6-type 129 -j RETURN
-A quicward-main-errors -p icmpv6 --icmpv6-type 130 -j RETURN
-A quicward-main-errors -p icmpv6 --icmpv6-type 131 -j RETURN
-A quicward-main-errors -p icmpv6 --icmpv6-type 132 -j RETURN
-A quicward-main-errors -p icmpv6 --icmpv6-type 133 -j RETURN
-A quicward-main-errors -p icmpv6 --icmpv6-type 134 -j RETURN
-A quicward-main-errors -p icmpv6 --icmpv6-type 135 -j RETURN
-A quicward-main-errors -p icmpv6 --icmpv6-type 136 -j RETURN
-A quicward-main-errors -p icmpv6 --icmpv6-type 137 -j RETURN
-A quicward-main-errors -p icmpv6 --icmpv6-type 138 -j RETURN
-A quicward-main-errors -p icmpv6 --icmpv6-type 139 -j RETURN
-A quicward-main-errors -p icmpv6 --icmpv6-type 140 -j RETURN
-A quicward-main-errors -p icmpv6 --icmpv6-type 141 -j RETURN
-A quicward-main-errors -p icmpv6 --icmpv6-type 142 -j RETURN
-A quicward-main-errors -p icmpv6 --icmpv6-type 143 -j RETURN
-A quicward-main-errors -p icmpv6 --icmpv6-type 144 -j RETURN
-A quicward-main-errors -p icmpv6 --icmpv6-type 145 -j RETURN
-A quicward-main-errors -p icmpv6 --icmpv6-type 146 -j RETURN
-A quicward-main-errors -p icmpv6 --icmpv6-type 147 -j RETURN
-A quicward-main-errors -p icmpv6 --icmpv6-type 148 -j RETURN
-A quicward-main-errors -p icmpv6 --icmpv6-type 149 -j RETURN
-A quicward-main-errors -p icmpv6 --icmpv6-type 150 -j RETURN
-A quicward-main-errors -p icmpv6 --icmpv6-type 151 -j RETURN
-A quicward-main-errors -p icmpv6 --icmpv6-type 152 -j RETURN
-A quicward-main-errors -p icmpv6 --icmpv6-type 153 -j RETURN
-A quicward-main-errors -p icmpv6 --icmpv6-type 154 -j RETURN
-A quicward-main-errors -p icmpv6 --icmpv6-type 155 -j RETURN
-A quicward-main-errors -p icmpv6 --icmpv6-type 156 -j RETURN
-A quicward-main-errors -p icmpv6 --icmpv6-type 157 -j RETURN
-A quicward-main-errors -p icmpv6 --icmpv6-type 158 -j RETURN
-A quicward-main-errors -p icmpv6 --icmpv6-type 159 -j RETURN
-A quicward-main-errors -p icmpv6 --icmpv6-type 160 -j RETURN
-A quicward-main-errors -p icmpv6 --icmpv6-type 161 -j RETURN
-A quicward-main-errors -p icmpv6 --icmpv6-type 200 -j RETURN
-A quicward-main-errors -p icmpv6 --icmpv6-type 201 -j RETURN
-A quicward-main-errors -p icmpv6 --icmpv6-type 255 -j RETURN
-A quicward-main-errors -g quicward-main-between
-A quicward-main-between -i lan0 -o wan0 -j NFQUEUE --queue-balance 100:101
-A quicward-main-between -i lan0 -o wan0 -j DROP
-A quicward-main-between -i lan0 -o wan1 -j NFQUEUE --queue-balance 100:101
-A quicward-main-between -i lan0 -o wan1 -j DROP
-A quicward-main-between -i lan0.20 -o wan0 -j NFQUEUE --queue-balance 100:101
-A quicward-main-between -i lan0.20 -o wan0 -j DROP
-A quicward-main-between -i lan0.20 -o wan1 -j NFQUEUE --queue-balance 100:101
-A quicward-main-between -i lan0.20 -o wan1 -j DROP
-A quicward-main-between -i wan0 -o lan0 -j NFQUEUE --queue-balance 100:101
-A quicward-main-between -i wan0 -o lan0 -j DROP
-A quicward-main-between -i wan0 -o lan0.20 -j NFQUEUE --queue-balance 100:101
-A quicward-main-between -i wan0 -o lan0.20 -j DROP
-A quicward-main-between -i wan1 -o lan0 -j NFQUEUE --queue-balance 100:101
-A quicward-main-between -i wan1 -o lan0 -j DROP
-A quicward-main-between -i wan1 -o lan0.20 -j NFQUEUE --queue-balance 100:101
-A quicward-main-between -i wan1 -o lan0.20 -j DROP
:quicward-main-reassemble - [0:0]
# No packet comes here. That the match exists has the kernel put fragments together before they
# are forwarded, without tracking connections.
-A quicward-main-reassemble -p udp -m socket
COMMIT
RULES
jump ip6tables mangle FORWARD quicward-main
remove ip6tables '|-between|-errors|-reassemble|-look|-mark|-left'
ip6tables-restore -w --noflush <<'RULES'
*raw
:quicward-main-look - [0:0]
# What is for the router itself, and for many, is nobody else's.
-A quicward-main-look -m addrtype --dst-type LOCAL -j RETURN
-A quicward-main-look -m addrtype --dst-type MULTICAST -j RETURN
-A quicward-main-look -i lan0 -p udp -j NFQUEUE --queue-balance 100:101
-A quicward-main-look -i lan0 -p icmpv6 --icmpv6-type 1 -j NFQUEUE --queue-balance 100:101
-A quicward-main-look -i lan0 -p icmpv6 --icmpv6-type 2 -j NFQUEUE --queue-balance 100:101
-A quicward-main-look -i lan0 -p icmpv6 --icmpv6-type 3 -j NFQUEUE --queue-balance 100:101
-A quicward-main-look -i lan0 -p icmpv6 --icmpv6-type 4 -j NFQUEUE --queue-balance 100:101
-A quicward-main-look -i lan0.20 -p udp -j NFQUEUE --queue-balance 100:101
-A quicward-main-look -i lan0.20 -p icmpv6 --icmpv6-type 1 -j NFQUEUE --queue-balance 100:101
-A quicward-main-look -i lan0.20 -p icmpv6 --icmpv6-type 2 -j NFQUEUE --queue-balance 100:101
-A quicward-main-look -i lan0.20 -p icmpv6 --icmpv6-type 3 -j NFQUEUE --queue-balance 100:101
-A quicward-main-look -i lan0.20 -p icmpv6 --icmpv6-type 4 -j NFQUEUE --queue-balance 100:101
-A quicward-main-look -i wan0 -p udp -j NFQUEUE --queue-balance 100:101
-A quicward-main-look -i wan0 -p icmpv6 --icmpv6-type 1 -j NFQUEUE --queue-balance 100:101
-A quicward-main-look -i wan0 -p icmpv6 --icmpv6-type 2 -j NFQUEUE --queue-balance 100:101
-A quicward-main-look -i wan0 -p icmpv6 --icmpv6-type 3 -j NFQUEUE --queue-balance 100:101
-A quicward-main-look -i wan0 -p icmpv6 --icmpv6-type 4 -j NFQUEUE --queue-balance 100:101
-A quicward-main-look -i wan1 -p udp -j NFQUEUE --queue-balance 100:101
-A quicward-main-look -i wan1 -p icmpv6 --icmpv6-type 1 -j NFQUEUE --queue-balance 100:101
-A quicward-main-look -i wan1 -p icmpv6 --icmpv6-type 2 -j NFQUEUE --queue-balance 100:101
-A quicward-main-look -i wan1 -p icmpv6 --icmpv6-type 3 -j NFQUEUE --queue-balance 100:101
-A quicward-main-look -i wan1 -p icmpv6 --icmpv6-type 4 -j NFQUEUE --queue-balance 100:101
COMMIT
RULES
jump ip6tables raw PREROUTING quicward-main-look
ip6tables-restore -w --noflush <<'RULES'
*mangle
:quicward-main-mark - [0:0]
:quicward-main-left - [0:0]
-A quicward-main-mark -i lan0 -p udp -m mark --mark 0/0xe3ffffff -j MARK --or-mark 0x40000000
-A quicward-main-mark -i lan0.20 -p udp -m mark --mark 0/0xe3ffffff -j MARK --or-mark 0x40000000
-A quicward-main-mark -i wan0 -p udp -m mark --mark 0/0xe3ffffff -j MARK --or-mark 0x40000000
-A quicward-main-mark -i wan1 -p udp -m mark --mark 0/0xe3ffffff -j MARK --or-mark 0x40000000
# It has gone past our chain in FORWARD.
-A quicward-main-left -p udp -m mark --mark 0x40000000/0xe3ffffff -m addrtype ! --src-type LOCAL -j DROP
COMMIT
RULES
jump ip6tables mangle POSTROUTING quicward-main-left
jump ip6tables mangle PREROUTING quicward-main-mark
fi

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
remove_tables -
remove_other_kind iptables ip6tables
