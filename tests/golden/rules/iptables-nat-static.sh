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

jump() { # TOOL TABLE HOOK CHAIN
    "$1" -w -t "$2" -C "$3" -j "$4" 2>/dev/null || "$1" -w -t "$2" -A "$3" -j "$4"
}

# What fails half way leaves nothing behind.
undo() { # STATUS
    [ "$1" -ne 0 ] || return 0
    [ -z "$stood" ] || return 0
    accept_local 0 lan0 lan0.20 2>/dev/null
    { remove iptables - || :; remove ip6tables - || :; } 2>/dev/null
}
stood=$(iptables-save | grep '^:quicward-100-before ') || :
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
:quicward-100-before - [0:0]
:quicward-100-in - [0:0]
:quicward-100-inside - [0:0]
:quicward-100-translate - [0:0]
-A quicward-100-before -i wan0 -p udp -g quicward-100-in
-A quicward-100-before -i wan0 -p icmp --icmp-type 3 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-100-in
-A quicward-100-before -i wan0 -p icmp --icmp-type 4 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-100-in
-A quicward-100-before -i wan0 -p icmp --icmp-type 11 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-100-in
-A quicward-100-before -i wan0 -p icmp --icmp-type 12 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-100-in
-A quicward-100-before -i wan1 -p udp -g quicward-100-in
-A quicward-100-before -i wan1 -p icmp --icmp-type 3 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-100-in
-A quicward-100-before -i wan1 -p icmp --icmp-type 4 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-100-in
-A quicward-100-before -i wan1 -p icmp --icmp-type 11 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-100-in
-A quicward-100-before -i wan1 -p icmp --icmp-type 12 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-100-in
-A quicward-100-before -i lan0 -m addrtype --src-type LOCAL -j DROP
-A quicward-100-before -i lan0 -p udp -g quicward-100-inside
-A quicward-100-before -i lan0 -p icmp --icmp-type 3 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-100-inside
-A quicward-100-before -i lan0 -p icmp --icmp-type 4 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-100-inside
-A quicward-100-before -i lan0 -p icmp --icmp-type 11 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-100-inside
-A quicward-100-before -i lan0 -p icmp --icmp-type 12 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-100-inside
-A quicward-100-before -i lan0.20 -m addrtype --src-type LOCAL -j DROP
-A quicward-100-before -i lan0.20 -p udp -g quicward-100-inside
-A quicward-100-before -i lan0.20 -p icmp --icmp-type 3 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-100-inside
-A quicward-100-before -i lan0.20 -p icmp --icmp-type 4 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-100-inside
-A quicward-100-before -i lan0.20 -p icmp --icmp-type 11 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-100-inside
-A quicward-100-before -i lan0.20 -p icmp --icmp-type 12 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-100-inside
# The router's own sockets, and what is for many, stay with the kernel.
-A quicward-100-in -m addrtype --dst-type LOCAL -m socket --nowildcard -j RETURN
-A quicward-100-in -m addrtype --dst-type MULTICAST,BROADCAST -j RETURN
-A quicward-100-in -d 198.51.100.7 -g quicward-100-translate
-A quicward-100-in -d 198.51.100.8 -g quicward-100-translate
# The router's other addresses are the kernel's business.
-A quicward-100-in -m addrtype --dst-type LOCAL -j RETURN
# Nothing from outside reaches an inside address as it is.
-A quicward-100-in -j DROP
# The router's own sockets, and what is for many, stay with the kernel.
-A quicward-100-inside -m addrtype --dst-type LOCAL -m socket --nowildcard -j RETURN
-A quicward-100-inside -m addrtype --dst-type MULTICAST,BROADCAST -j RETURN
-A quicward-100-inside -m addrtype --dst-type LOCAL --limit-iface-in -j RETURN
-A quicward-100-inside -d 198.51.100.7 -g quicward-100-translate
-A quicward-100-inside -d 198.51.100.8 -g quicward-100-translate
# The router's other addresses are the kernel's business.
-A quicward-100-inside -m addrtype --dst-type LOCAL -j RETURN
$(stay_tracked quicward-100-inside lan0 lan0.20)
-A quicward-100-inside -j CT --notrack
-A quicward-100-translate -j CT --notrack
-A quicward-100-translate -j NFQUEUE --queue-balance 100:101
COMMIT
*mangle
:quicward-100 - [0:0]
:quicward-100-between - [0:0]
:quicward-100-own - [0:0]
:quicward-100-hairpin - [0:0]
:quicward-100-queue - [0:0]
-A quicward-100 -i lan0 -p udp -g quicward-100-between
-A quicward-100 -i lan0 -p icmp --icmp-type 3 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-100-between
-A quicward-100 -i lan0 -p icmp --icmp-type 4 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-100-between
-A quicward-100 -i lan0 -p icmp --icmp-type 11 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-100-between
-A quicward-100 -i lan0 -p icmp --icmp-type 12 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-100-between
-A quicward-100 -i lan0.20 -p udp -g quicward-100-between
-A quicward-100 -i lan0.20 -p icmp --icmp-type 3 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-100-between
-A quicward-100 -i lan0.20 -p icmp --icmp-type 4 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-100-between
-A quicward-100 -i lan0.20 -p icmp --icmp-type 11 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-100-between
-A quicward-100 -i lan0.20 -p icmp --icmp-type 12 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-100-between
-A quicward-100-between -o wan0 -j NFQUEUE --queue-balance 100:101
-A quicward-100-between -o wan1 -j NFQUEUE --queue-balance 100:101
-A quicward-100 -i wan0 -d 198.51.100.7 -p udp -j DROP
-A quicward-100 -i wan0 -d 198.51.100.8 -p udp -j DROP
-A quicward-100 -i wan1 -d 198.51.100.7 -p udp -j DROP
-A quicward-100 -i wan1 -d 198.51.100.8 -p udp -j DROP
-A quicward-100-own -m conntrack --ctstate RELATED -j RETURN
-A quicward-100-own -o wan0 -p icmp --icmp-type 3 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-100-queue
-A quicward-100-own -o wan0 -p icmp --icmp-type 4 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-100-queue
-A quicward-100-own -o wan0 -p icmp --icmp-type 11 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-100-queue
-A quicward-100-own -o wan0 -p icmp --icmp-type 12 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-100-queue
-A quicward-100-own -o wan1 -p icmp --icmp-type 3 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-100-queue
-A quicward-100-own -o wan1 -p icmp --icmp-type 4 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-100-queue
-A quicward-100-own -o wan1 -p icmp --icmp-type 11 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-100-queue
-A quicward-100-own -o wan1 -p icmp --icmp-type 12 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-100-queue
-A quicward-100-own -o lo -p icmp --icmp-type 3 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-100-hairpin
-A quicward-100-own -o lo -p icmp --icmp-type 4 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-100-hairpin
-A quicward-100-own -o lo -p icmp --icmp-type 11 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-100-hairpin
-A quicward-100-own -o lo -p icmp --icmp-type 12 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-100-hairpin
-A quicward-100-hairpin -d 198.51.100.7 -g quicward-100-queue
-A quicward-100-hairpin -d 198.51.100.8 -g quicward-100-queue
-A quicward-100-queue -j NFQUEUE --queue-balance 100:101
COMMIT
*nat
:quicward-100-masquerade - [0:0]
-A quicward-100-masquerade -o wan0 ! -p udp -j SNAT --to-source 198.51.100.7
-A quicward-100-masquerade -o wan1 ! -p udp -j SNAT --to-source 198.51.100.7
COMMIT
RULES
jump iptables mangle FORWARD quicward-100
jump iptables mangle OUTPUT quicward-100-own
jump iptables raw PREROUTING quicward-100-before
jump iptables nat POSTROUTING quicward-100-masquerade
remove iptables '|-between|-own|-hairpin|-queue|-translate|-before|-in|-inside|-masquerade'
accept_local 1 lan0 lan0.20

# A kernel without IPv6 needs nothing more.
[ -e /proc/net/if_inet6 ] || exit 0
ip6tables-restore -w --noflush <<'RULES'
*mangle
:quicward-100 - [0:0]
:quicward-100-between - [0:0]
:quicward-100-reassemble - [0:0]
-A quicward-100 -p udp -g quicward-100-between
-A quicward-100 -p icmpv6 --icmpv6-type 1 -g quicward-100-between
-A quicward-100 -p icmpv6 --icmpv6-type 2 -g quicward-100-between
-A quicward-100 -p icmpv6 --icmpv6-type 3 -g quicward-100-between
-A quicward-100 -p icmpv6 --icmpv6-type 4 -g quicward-100-between
-A quicward-100-between -i lan0 -o wan0 -j NFQUEUE --queue-balance 100:101
-A quicward-100-between -i lan0 -o wan1 -j NFQUEUE --queue-balance 100:101
-A quicward-100-between -i lan0.20 -o wan0 -j NFQUEUE --queue-balance 100:101
-A quicward-100-between -i lan0.20 -o wan1 -j NFQUEUE --queue-balance 100:101
-A quicward-100-between -i wan0 -o lan0 -j NFQUEUE --queue-balance 100:101
-A quicward-100-between -i wan0 -o lan0.20 -j NFQUEUE --queue-balance 100:101
-A quicward-100-between -i wan1 -o lan0 -j NFQUEUE --queue-balance 100:101
-A quicward-100-between -i wan1 -o lan0.20 -j NFQUEUE --queue-balance 100:101
# No packet comes here. That the match exists has the kernel put fragments together before they
# are forwarded, without tracking connections.
-A quicward-100-reassemble -p udp -m socket
COMMIT
RULES
jump ip6tables mangle FORWARD quicward-100
remove ip6tables '|-between|-reassemble'
