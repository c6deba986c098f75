#!/usr/bin/env bash
# S5: a flowtable of the operator takes flows past every rule. In mode nat IPv4 is not for it, since what it takes must be tracked; of
# what it does take the operator is told, at the start and when the flowtable comes later, with the rule that mends it.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without nft
lab_trap
nat_lab_up || exit 1
serve_echo 7000 || exit 1

# flowtable RULE: the operator's table, whose flows go by the flowtable after RULE.
flowtable() {
    printf '%s\n' 'table inet operator {' 'flowtable fast {' 'hook ingress priority filter' 'devices = { lan0, wan0 }' '}' \
        'chain forward {' 'type filter hook forward priority filter; policy accept;' "$1" '}' '}' | in_router nft -f -
}

no_flowtable() {
    in_router nft delete table inet operator
}

said() {
    cat "$LAB_DIR/quicward.log"
    [ "$(grep -c 'lets flows of .*UDP bypass quicward' "$LAB_DIR/quicward.log")" = "$1" ]
}

flowtable 'flow add @fast' 2>/dev/null || skip 'this kernel has no flowtable'
no_flowtable

talk() { # FAMILY PORT: ten questions, each answered
    local i
    for ((i = 0; i < 10; i++)); do
        in_client "$QW_TOOLS/udp_ask" "$(inside "$1" "$2")" "$(endpoint "$1" 7000)" question 3000 || return 1
    done
}

# queued FAMILY PORT all|some: all twenty packets of ten questions and answers came to quicward, or fewer.
queued() {
    local before packets
    before=$(stat_of packets)
    talk "$1" "$2" || return 1
    packets=$(($(stat_of packets) - before))
    echo "$packets packets"
    if [ "$3" = all ]; then [ $packets = 20 ]; else [ $packets -lt 20 ]; fi
}

check 'mode firewall' start_quicward 'mode = "firewall";'
check 'all packets are seen' queued 6 5000 all
check 'the operator makes a flowtable' flowtable 'flow add @fast'
check 'which is said' wait_for 30 said 1
check 'it takes flows: few packets are seen' queued 6 5001 some
check 'IPv4 too' queued 4 5001 some
no_flowtable
in_router conntrack -F 2>/dev/null
command='meta l4proto tcp flow add @fast'
check 'the command says it' grep -q "$command" "$LAB_DIR/quicward.log"
check 'as it says' flowtable "$command"
check 'IPv6: all packets are seen' queued 6 5002 all
check 'IPv4: all packets are seen' queued 4 5002 all
check 'nothing more is said' said 1
no_flowtable
check 'ends cleanly' stop_quicward

flowtable 'flow add @fast'
check 'mode nat, with a flowtable' start_nat
check 'which is said at the start' wait_for 30 said 1
check 'it takes no translated flow' queued 4 5003 all
check 'but IPv6' queued 6 5003 some
check 'ends cleanly' stop_quicward
case_end
