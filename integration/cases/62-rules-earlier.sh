#!/usr/bin/env bash
# S5, S6: rules of an earlier life, made with another queue, mode or tool or by an earlier release, are gone after the next start
# and after rules --remove, and do not stand in the way of packets meanwhile. A second daemon with another instance is left alone; one
# with the same is refused.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without nft iptables

one_set() { # no rule of another queue than this one
    ! rules_installed | grep -E -e '--queue-|queue (to|num)' | grep -vE -- "--queue-num $1|--queue-balance $1:|queue (to|num) $1|queue num $1"
}

# start QUEUE MODE [SNIPPET]
start() {
    local keys="mode = \"$2\"; queue = { first = $1; };${3:-}"
    [ "$2" != nat ] || keys+=" nat = { external = \"auto\"; };"
    start_quicward "$keys"
}

passes() {
    ask "$C4:0" "$S4:7000" && in_client "$QW_TOOLS/udp_ask" "[$C6]:0" "[$S6]:7000" question 2000
}

kinds() { # those of iptables that this kernel has
    local kind
    for kind in nft legacy; do
        command -v "iptables-$kind-restore" >/dev/null && in_router "iptables-$kind" -t mangle -S >/dev/null 2>&1 && echo $kind
    done
}

not_put_back() {
    cat "$LAB_DIR/quicward.log"
    [ "$(stat_of kernel_rules.put_back)" = 0 ]
}

use() { # KIND
    local tool end
    mkdir -p "$LAB_DIR/bin"
    for tool in iptables ip6tables; do
        for end in '' -save -restore; do
            ln -sfn "$(command -v "$tool-$1$end")" "$LAB_DIR/bin/$tool$end"
        done
    done
    PATH=$LAB_DIR/bin:$PATH_BEFORE
}

lab_trap
nat_lab_up && serve_echo 7000 || exit 1
PATH_BEFORE=$PATH
start 7400 nat || exit 1
check 'killed' kill -KILL "$QUICWARD_PID"
wait "$QUICWARD_PID" 2>/dev/null
start 7500 nat || exit 1
check 'another queue: packets pass' passes
check 'another queue: only its rules stand' one_set 7500
check 'ended' stop_quicward
start 7400 firewall || exit 1
check 'another mode: packets pass' passes
check 'another mode: only its rules stand' one_set 7400
check_not 'another mode: nothing of nat is left' sh -c "ip netns exec '$LAB_ROUTER' iptables-save -t raw | grep quicward"
check 'ended' stop_quicward
start 7400 nat || exit 1
check 'and back: packets pass' passes
check 'ended' stop_quicward
before=
for kind in $(kinds) $(kinds); do
    use "$kind"
    start 7600 nat 'rules_backend = "iptables";' || exit 1
    check "iptables-$kind${before:+ after iptables-$before}: packets pass" passes
    check "iptables-$kind: one set of rules stands" one_set 7600
    [ "$before" = "$kind" ] || [ -z "$before" ] ||
        check_not "iptables-$kind: nothing of the other" sh -c "ip netns exec '$LAB_ROUTER' iptables-$before-save | grep quicward"
    kill -KILL "$QUICWARD_PID" && wait "$QUICWARD_PID" 2>/dev/null
    before=$kind
done
PATH=$PATH_BEFORE
check 'rules --remove' rules_remove
check_not 'leaves nothing, whichever tool made it' rules_installed

# As releases before instances made them, with nft where the kernel has its queue.
for tool in iptables ip6tables; do
    printf '%s\n' '*mangle' ':quicward-7300 - [0:0]' ':quicward-7300-between - [0:0]' '-A quicward-7300 -p udp -g quicward-7300-between' \
        '-A quicward-7300-between -i lan0 -o wan0 -j NFQUEUE --queue-num 7300' '-A FORWARD -j quicward-7300' COMMIT |
        in_router $tool-restore --noflush
done
in_router nft -f - <<<'table inet quicward_7300 { chain forward { type filter hook forward priority mangle; policy accept; meta l4proto udp drop; }; }'
start 7400 nat || exit 1
check 'an earlier release: packets pass' passes
check 'an earlier release: nothing is left' status_is 1 grep 7300 <(rules_installed)

check 'the same instance is refused' shows "process $QUICWARD_PID runs as instance \"main\"" \
    in_router timeout 20 "$QUICWARD" run -c <(sed 's/7400/7700/; s,/control",/control2",' "$LAB_DIR/quicward.conf")
# Its name begins with that of the first one, "main".
ip link add lan9 netns "$LAB_ROUTER" type veth peer name lan8
quicward_conf "mode = \"firewall\"; inside = [\"lan9\"]; instance = \"mainly\"; queue = { first = 7700; }; control = \"$LAB_DIR/control2\";" \
    >"$LAB_DIR/second.conf"
lab_spawn "$LAB_ROUTER" second "$QUICWARD" run -c "$LAB_DIR/second.conf"
second=$LAB_PID
check 'another instance runs beside it' wait_for 20 grep -q ' mode, queue' "$LAB_DIR/second.log"
check 'the first one goes on' passes
! in_router iptables -t mangle -C FORWARD -j quicward-mainly 2>/dev/null ||
    check 'a rule of it goes' in_router iptables -t mangle -D FORWARD -j quicward-mainly
sleep 0.5
check 'which are no changes of the first one' not_put_back
check 'each has its rules' shows quicward.mainly sh -c "ip netns exec '$LAB_ROUTER' iptables-save; ip netns exec '$LAB_ROUTER' nft list tables"
check 'the first one ends' stop_quicward
check 'and is removed' rules_remove
check_not 'with nothing left' sh -c "ip netns exec '$LAB_ROUTER' iptables-save | grep -E 'quicward-main([ -]|\$)'"
check 'the second one still has its rules' rules_installed
check 'it ends' lab_stop "$second"
check 'and is removed' in_router sh -c "'$QUICWARD' rules -c '$LAB_DIR/second.conf' --remove | sh"
check_not 'nothing is left' rules_installed
case_end
