#!/usr/bin/env bash
# long: 240 s
# S5, S4: whatever another program does to the kernel's tables, no UDP leaves with an inside address and none comes in unasked,
# also while it happens; within seconds the rules are as before, which is logged, counted and shown; reload puts them back, too.
# Nothing passes either when nobody is there to put them back.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without tcpdump nft iptables python3

put_back() {
    stat_of kernel_rules.put_back
}

standing() { # as they were, counters and the position before others aside
    in_router sh -c 'iptables-save; ip6tables-save; iptables-legacy-save; ip6tables-legacy-save; nft -s list ruleset; ip rule; ip -6 rule' 2>/dev/null |
        grep -iE 'quicward|queue|blackhole' | sed 's/\[[0-9:]*\]//' | sort
}

as_before() {
    diff <(standing) "$LAB_DIR/standing"
}

# A packet that a processor carries from PREROUTING to FORWARD at the moment of a flush has its mark already, and finds nothing more
# before it: one a processor at most, and each side has one process that sends.
IN_FLIGHT=1
NEVER_OUT='udp and src net 10.0.0.0/8'

put_back_since() { # BEFORE
    [ "$(put_back)" -gt "$1" ]
}

# change WHAT COMMAND...: what another program does, once.
change() {
    local what=$1 before
    shift
    before=$(put_back)
    capture_start outside && capture_start client || exit 1
    "$@" || return 1
    check "$what: noticed" wait_for 10 put_back_since "$before"
    check "$what: the rules are as before" wait_for 10 as_before
    check "$what: questions are answered" wait_for 5 ask "$C4:0" "$S4:7000"
    capture_stop outside
    capture_stop client
    check "$what: nothing left as it is" [ "$(captured_count outside "$NEVER_OUT")" -le "$IN_FLIGHT" ]
    check "$what: nothing came in" [ "$(captured_count client "udp and (src host $SB4 or src host $S6)")" -le "$IN_FLIGHT" ]
}

restore_others() { # a program that loads a whole table of its own
    printf '%s\n' '*mangle' '-A FORWARD -p tcp -j ACCEPT' COMMIT | in_router iptables-restore
}

kind() { # nft|legacy
    local tool end
    mkdir -p "$LAB_DIR/bin"
    for tool in iptables ip6tables; do
        for end in '' -save -restore; do
            ln -sfn "$(command -v "$tool-$1$end")" "$LAB_DIR/bin/$tool$end" || return 1
        done
    done
}

changes() { # WORDS
    change "$1 -t mangle -F" in_router iptables -t mangle -F
    change "$1 -t raw -F" in_router iptables -t raw -F
    change "$1 -t mangle -F FORWARD" in_router iptables -t mangle -F FORWARD
    change "$1: one rule deleted" in_router iptables -t mangle -D quicward-main-between 1
    change "$1: a jump removed" in_router iptables -t raw -D PREROUTING -j quicward-main-before
    change "$1: another program's restore" restore_others
    change "$1: a rule before ours" in_router iptables -t mangle -I FORWARD -p udp -j ACCEPT
    in_router iptables -t mangle -F FORWARD
    wait_for 10 as_before
    change "$1: IPv6" in_router ip6tables -t mangle -F
}

lab_trap
nat_lab_up && serve_echo 7000 || exit 1
PATH_BEFORE=$PATH
for what in nft legacy; do
    command -v "iptables-$what-restore" >/dev/null || continue
    kind $what || exit 1
    PATH=$LAB_DIR/bin:$PATH_BEFORE
    in_router iptables -t mangle -S >/dev/null 2>&1 || continue
    start_nat 'external = "auto";' 'rules_backend = "iptables";' || exit 1
    standing >"$LAB_DIR/standing"
    [ -n "${FLOODS:-}" ] || flood_both_sides
    FLOODS=yes
    changes "iptables-$what"
    [ $what = legacy ] || change 'nft flush ruleset' in_router nft flush ruleset
    change 'the routing rules are deleted' in_router ip rule del pref "$(in_router ip rule | sed -n 's/^\([0-9]*\):.*blackhole.*/\1/p' | head -n 1)"
    check 'it is in the log' grep -q 'warning: the kernel rules were' "$LAB_DIR/quicward.log"
    check 'and among the events' shows '"event":"rules-restored"' quicward_ask events --json
    check 'and in the statistics' shows 'kernel rules +as installed, by iptables; repaired [1-9]' quicward_ask stats
    in_router iptables -t mangle -F
    check 'reload puts them back' quicward_ask reload
    check 'when it is done' as_before
    # Nobody is there.
    kill -KILL "$QUICWARD_PID" && wait "$QUICWARD_PID" 2>/dev/null
    capture_start outside && capture_start client || exit 1
    if [ $what = nft ]; then in_router nft flush ruleset; else in_router iptables -t mangle -F; in_router iptables -t raw -F; in_router ip6tables -t mangle -F; fi
    sleep 1
    capture_stop outside
    capture_stop client
    check 'flushed without a daemon: nothing leaves' [ "$(captured_count outside "$NEVER_OUT")" -le "$IN_FLIGHT" ]
    check 'nor comes in' [ "$(captured_count client "udp and (src host $SB4 or src host $S6)")" -le "$IN_FLIGHT" ]
    check 'what rules --remove prints' rules_remove
    check_not 'leaves none' rules_installed
done
case_end
