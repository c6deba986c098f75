#!/bin/sh
# quicward: UDP and ICMP errors that are translated (IPv4) or forwarded (IPv6) between
# inside (lan0) and outside (wan0)
# go to queue 7400; while no program listens there they are dropped.
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
    "$1-save" | grep -Ev -- "[: ]quicward-7400($2)( |\$)" | sed -n '
        /^\*/p
        /^:quicward-7400[- ]/{ p; s/^:\([^ ]*\).*/-X \1/; H; }
        /^-A quicward-7400[- ]/d
        s/^-A \(.* -j quicward-7400\(-[a-z]*\)*\)$/-D \1/p
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
    accept_local 0 lan0 2>/dev/null
    { remove iptables - || :; remove ip6tables - || :; } 2>/dev/null
}
stood=$(iptables-save | grep '^:quicward-7400-before ') || :
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
:quicward-7400-before - [0:0]
:quicward-7400-in - [0:0]
:quicward-7400-inside - [0:0]
:quicward-7400-translate - [0:0]
-A quicward-7400-before -i wan0 -p udp -g quicward-7400-in
-A quicward-7400-before -i wan0 -p icmp --icmp-type 3 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-7400-in
-A quicward-7400-before -i wan0 -p icmp --icmp-type 4 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-7400-in
-A quicward-7400-before -i wan0 -p icmp --icmp-type 11 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-7400-in
-A quicward-7400-before -i wan0 -p icmp --icmp-type 12 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-7400-in
-A quicward-7400-before -i lan0 -m addrtype --src-type LOCAL -j DROP
-A quicward-7400-before -i lan0 -p udp -g quicward-7400-inside
-A quicward-7400-before -i lan0 -p icmp --icmp-type 3 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-7400-inside
-A quicward-7400-before -i lan0 -p icmp --icmp-type 4 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-7400-inside
-A quicward-7400-before -i lan0 -p icmp --icmp-type 11 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-7400-inside
-A quicward-7400-before -i lan0 -p icmp --icmp-type 12 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-7400-inside
# The router's own sockets, and what is for many, stay with the kernel.
-A quicward-7400-in -m addrtype --dst-type LOCAL -m socket --nowildcard -j RETURN
-A quicward-7400-in -m addrtype --dst-type MULTICAST,BROADCAST -j RETURN
-A quicward-7400-in -m addrtype --dst-type LOCAL -g quicward-7400-translate
# Nothing from outside reaches an inside address as it is.
-A quicward-7400-in -j DROP
# The router's own sockets, and what is for many, stay with the kernel.
-A quicward-7400-inside -m addrtype --dst-type LOCAL -m socket --nowildcard -j RETURN
-A quicward-7400-inside -m addrtype --dst-type MULTICAST,BROADCAST -j RETURN
-A quicward-7400-inside -m addrtype --dst-type LOCAL --limit-iface-in -j RETURN
-A quicward-7400-inside -m addrtype --dst-type LOCAL -g quicward-7400-translate
$(stay_tracked quicward-7400-inside lan0)
-A quicward-7400-inside -j CT --notrack
-A quicward-7400-translate -j CT --notrack
-A quicward-7400-translate -j NFQUEUE --queue-num 7400
COMMIT
*mangle
:quicward-7400 - [0:0]
:quicward-7400-between - [0:0]
:quicward-7400-own - [0:0]
:quicward-7400-hairpin - [0:0]
:quicward-7400-queue - [0:0]
-A quicward-7400 -i lan0 -p udp -g quicward-7400-between
-A quicward-7400 -i lan0 -p icmp --icmp-type 3 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-7400-between
-A quicward-7400 -i lan0 -p icmp --icmp-type 4 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-7400-between
-A quicward-7400 -i lan0 -p icmp --icmp-type 11 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-7400-between
-A quicward-7400 -i lan0 -p icmp --icmp-type 12 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-7400-between
-A quicward-7400-between -o wan0 -j NFQUEUE --queue-num 7400
-A quicward-7400-own -m conntrack --ctstate RELATED -j RETURN
-A quicward-7400-own -o wan0 -p icmp --icmp-type 3 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-7400-queue
-A quicward-7400-own -o wan0 -p icmp --icmp-type 4 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-7400-queue
-A quicward-7400-own -o wan0 -p icmp --icmp-type 11 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-7400-queue
-A quicward-7400-own -o wan0 -p icmp --icmp-type 12 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-7400-queue
-A quicward-7400-own -o lo -p icmp --icmp-type 3 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-7400-hairpin
-A quicward-7400-own -o lo -p icmp --icmp-type 4 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-7400-hairpin
-A quicward-7400-own -o lo -p icmp --icmp-type 11 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-7400-hairpin
-A quicward-7400-own -o lo -p icmp --icmp-type 12 -m u32 --u32 "0>>22&0x3C@14&0xFF=17" -g quicward-7400-hairpin
-A quicward-7400-hairpin ! -d 127.0.0.0/8 -g quicward-7400-queue
-A quicward-7400-queue -j NFQUEUE --queue-num 7400
COMMIT
RULES
jump iptables mangle FORWARD quicward-7400
jump iptables mangle OUTPUT quicward-7400-own
jump iptables raw PREROUTING quicward-7400-before
remove iptables '|-between|-own|-hairpin|-queue|-translate|-before|-in|-inside'
accept_local 1 lan0

# A kernel without IPv6 needs nothing more.
[ -e /proc/net/if_inet6 ] || exit 0
ip6tables-restore -w --noflush <<'RULES'
*mangle
:quicward-7400 - [0:0]
:quicward-7400-between - [0:0]
:quicward-7400-reassemble - [0:0]
-A quicward-7400 -p udp -g quicward-7400-between
-A quicward-7400 -p icmpv6 --icmpv6-type 1 -g quicward-7400-between
-A quicward-7400 -p icmpv6 --icmpv6-type 2 -g quicward-7400-between
-A quicward-7400 -p icmpv6 --icmpv6-type 3 -g quicward-7400-between
-A quicward-7400 -p icmpv6 --icmpv6-type 4 -g quicward-7400-between
-A quicward-7400-between -i lan0 -o wan0 -j NFQUEUE --queue-num 7400
-A quicward-7400-between -i wan0 -o lan0 -j NFQUEUE --queue-num 7400
# No packet comes here. That the match exists has the kernel put fragments together before they
# are forwarded, without tracking connections.
-A quicward-7400-reassemble -p udp -m socket
COMMIT
RULES
jump ip6tables mangle FORWARD quicward-7400
remove ip6tables '|-between|-reassemble'
