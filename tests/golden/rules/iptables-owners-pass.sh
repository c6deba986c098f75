#!/bin/sh
# quicward: UDP and ICMP errors that are forwarded between
# inside (lan0, lan0.20) and outside (wan0)
# go to queues 100 to 101; while no program listens there they pass.
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

accept_local 2 0 lan0 lan0.20 2>/dev/null
unguard -4 -6
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
    unguard -4 -6
    { remove iptables - || :; remove ip6tables - || :; } 2>/dev/null
}
trap 'undo $?' EXIT

iptables-restore -w --noflush <<'RULES'
*mangle
:quicward-main - [0:0]
:quicward-main-between - [0:0]
-A quicward-main -p udp -g quicward-main-between
-A quicward-main -p ah -g quicward-main-between
-A quicward-main -p icmp --icmp-type 3 -g quicward-main-between
-A quicward-main -p icmp --icmp-type 4 -g quicward-main-between
-A quicward-main -p icmp --icmp-type 11 -g quicward-main-between
-A quicward-main -p icmp --icmp-type 12 -g quicward-main-between
-A quicward-main-between -i lan0 -o wan0 -j NFQUEUE --queue-balance 100:101 --queue-bypass
-A quicward-main-between -i lan0.20 -o wan0 -j NFQUEUE --queue-balance 100:101 --queue-bypass
-A quicward-main-between -i wan0 -o lan0 -j NFQUEUE --queue-balance 100:101 --queue-bypass
-A quicward-main-between -i wan0 -o lan0.20 -j NFQUEUE --queue-balance 100:101 --queue-bypass
:quicward-main-reassemble - [0:0]
# No packet comes here. That the match exists has the kernel put fragments together before they
# are forwarded, without tracking connections.
-A quicward-main-reassemble -p udp -m socket
COMMIT
RULES
jump iptables mangle FORWARD quicward-main
remove iptables '|-between|-reassemble|-look'
iptables-restore -w --noflush <<'RULES'
*raw
:quicward-main-look - [0:0]
# What is for the router itself, and for many, is nobody else's.
-A quicward-main-look -m addrtype --dst-type LOCAL -j RETURN
-A quicward-main-look -m addrtype --dst-type MULTICAST,BROADCAST -j RETURN
-A quicward-main-look -i lan0 -p udp -j NFQUEUE --queue-balance 100:101 --queue-bypass
-A quicward-main-look -i lan0 -p icmp --icmp-type 3 -j NFQUEUE --queue-balance 100:101 --queue-bypass
-A quicward-main-look -i lan0 -p icmp --icmp-type 4 -j NFQUEUE --queue-balance 100:101 --queue-bypass
-A quicward-main-look -i lan0 -p icmp --icmp-type 11 -j NFQUEUE --queue-balance 100:101 --queue-bypass
-A quicward-main-look -i lan0 -p icmp --icmp-type 12 -j NFQUEUE --queue-balance 100:101 --queue-bypass
-A quicward-main-look -i lan0.20 -p udp -j NFQUEUE --queue-balance 100:101 --queue-bypass
-A quicward-main-look -i lan0.20 -p icmp --icmp-type 3 -j NFQUEUE --queue-balance 100:101 --queue-bypass
-A quicward-main-look -i lan0.20 -p icmp --icmp-type 4 -j NFQUEUE --queue-balance 100:101 --queue-bypass
-A quicward-main-look -i lan0.20 -p icmp --icmp-type 11 -j NFQUEUE --queue-balance 100:101 --queue-bypass
-A quicward-main-look -i lan0.20 -p icmp --icmp-type 12 -j NFQUEUE --queue-balance 100:101 --queue-bypass
-A quicward-main-look -i wan0 -p udp -j NFQUEUE --queue-balance 100:101 --queue-bypass
-A quicward-main-look -i wan0 -p icmp --icmp-type 3 -j NFQUEUE --queue-balance 100:101 --queue-bypass
-A quicward-main-look -i wan0 -p icmp --icmp-type 4 -j NFQUEUE --queue-balance 100:101 --queue-bypass
-A quicward-main-look -i wan0 -p icmp --icmp-type 11 -j NFQUEUE --queue-balance 100:101 --queue-bypass
-A quicward-main-look -i wan0 -p icmp --icmp-type 12 -j NFQUEUE --queue-balance 100:101 --queue-bypass
COMMIT
RULES
jump iptables raw PREROUTING quicward-main-look

# A kernel without IPv6 needs nothing more.
if [ -e /proc/net/if_inet6 ]; then
ip6tables-restore -w --noflush <<'RULES'
*mangle
:quicward-main - [0:0]
:quicward-main-between - [0:0]
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
-A quicward-main-between -i lan0 -o wan0 -j NFQUEUE --queue-balance 100:101 --queue-bypass
-A quicward-main-between -i lan0.20 -o wan0 -j NFQUEUE --queue-balance 100:101 --queue-bypass
-A quicward-main-between -i wan0 -o lan0 -j NFQUEUE --queue-balance 100:101 --queue-bypass
-A quicward-main-between -i wan0 -o lan0.20 -j NFQUEUE --queue-balance 100:101 --queue-bypass
:quicward-main-reassemble - [0:0]
# No packet comes here. That the match exists has the kernel put fragments together before they
# are forwarded, without tracking connections.
-A quicward-main-reassemble -p udp -m socket
COMMIT
RULES
jump ip6tables mangle FORWARD quicward-main
remove ip6tables '|-between|-errors|-reassemble|-look'
ip6tables-restore -w --noflush <<'RULES'
*raw
:quicward-main-look - [0:0]
# What is for the router itself, and for many, is nobody else's.
-A quicward-main-look -m addrtype --dst-type LOCAL -j RETURN
-A quicward-main-look -m addrtype --dst-type MULTICAST -j RETURN
-A quicward-main-look -i lan0 -p udp -j NFQUEUE --queue-balance 100:101 --queue-bypass
-A quicward-main-look -i lan0 -p icmpv6 --icmpv6-type 1 -j NFQUEUE --queue-balance 100:101 --queue-bypass
-A quicward-main-look -i lan0 -p icmpv6 --icmpv6-type 2 -j NFQUEUE --queue-balance 100:101 --queue-bypass
-A quicward-main-look -i lan0 -p icmpv6 --icmpv6-type 3 -j NFQUEUE --queue-balance 100:101 --queue-bypass
-A quicward-main-look -i lan0 -p icmpv6 --icmpv6-type 4 -j NFQUEUE --queue-balance 100:101 --queue-bypass
-A quicward-main-look -i lan0.20 -p udp -j NFQUEUE --queue-balance 100:101 --queue-bypass
-A quicward-main-look -i lan0.20 -p icmpv6 --icmpv6-type 1 -j NFQUEUE --queue-balance 100:101 --queue-bypass
-A quicward-main-look -i lan0.20 -p icmpv6 --icmpv6-type 2 -j NFQUEUE --queue-balance 100:101 --queue-bypass
-A quicward-main-look -i lan0.20 -p icmpv6 --icmpv6-type 3 -j NFQUEUE --queue-balance 100:101 --queue-bypass
-A quicward-main-look -i lan0.20 -p icmpv6 --icmpv6-type 4 -j NFQUEUE --queue-balance 100:101 --queue-bypass
-A quicward-main-look -i wan0 -p udp -j NFQUEUE --queue-balance 100:101 --queue-bypass
-A quicward-main-look -i wan0 -p icmpv6 --icmpv6-type 1 -j NFQUEUE --queue-balance 100:101 --queue-bypass
-A quicward-main-look -i wan0 -p icmpv6 --icmpv6-type 2 -j NFQUEUE --queue-balance 100:101 --queue-bypass
-A quicward-main-look -i wan0 -p icmpv6 --icmpv6-type 3 -j NFQUEUE --queue-balance 100:101 --queue-bypass
-A quicward-main-look -i wan0 -p icmpv6 --icmpv6-type 4 -j NFQUEUE --queue-balance 100:101 --queue-bypass
COMMIT
RULES
jump ip6tables raw PREROUTING quicward-main-look
fi

[ -z "${quick:-}" ] || exit 0
remove_tables -
remove_other_kind iptables ip6tables
