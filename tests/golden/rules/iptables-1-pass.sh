#!/bin/sh
# quicward: UDP and ICMP errors that are forwarded between
# inside (lan0) and outside (wan0)
# go to queue 7400; while no program listens there they pass.
set -e

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
    { remove iptables - || :; remove ip6tables - || :; } 2>/dev/null
}
trap 'undo $?' EXIT

iptables-restore -w --noflush <<'RULES'
*mangle
:quicward-7400 - [0:0]
:quicward-7400-between - [0:0]
:quicward-7400-reassemble - [0:0]
-A quicward-7400 -p udp -g quicward-7400-between
-A quicward-7400 -p icmp --icmp-type 3 -g quicward-7400-between
-A quicward-7400 -p icmp --icmp-type 4 -g quicward-7400-between
-A quicward-7400 -p icmp --icmp-type 11 -g quicward-7400-between
-A quicward-7400 -p icmp --icmp-type 12 -g quicward-7400-between
-A quicward-7400-between -i lan0 -o wan0 -j NFQUEUE --queue-num 7400 --queue-bypass
-A quicward-7400-between -i wan0 -o lan0 -j NFQUEUE --queue-num 7400 --queue-bypass
# No packet comes here. That the match exists has the kernel put fragments together before they
# are forwarded, without tracking connections.
-A quicward-7400-reassemble -p udp -m socket
COMMIT
RULES
jump iptables mangle FORWARD quicward-7400
remove iptables '|-between|-reassemble'

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
-A quicward-7400-between -i lan0 -o wan0 -j NFQUEUE --queue-num 7400 --queue-bypass
-A quicward-7400-between -i wan0 -o lan0 -j NFQUEUE --queue-num 7400 --queue-bypass
# No packet comes here. That the match exists has the kernel put fragments together before they
# are forwarded, without tracking connections.
-A quicward-7400-reassemble -p udp -m socket
COMMIT
RULES
jump ip6tables mangle FORWARD quicward-7400
remove ip6tables '|-between|-reassemble'
