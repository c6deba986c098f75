#!/usr/bin/env bash
# I2: what `quicward init` prints for a router fits it: started as it is, in each mode, it lets real QUIC clients through, of both
# families. It changes nothing of the router. What it cannot tell it says, and ends with another status.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without gtlsclient gtlsserver
lab_trap
nat_lab_up || exit 1
certificate_make && serve_gtls 4433 || exit 1

# init MODE: to a file of the lab.
init() {
    in_router "$QUICWARD" init --mode "$1" >"$LAB_DIR/$1.conf"
}

# start_as_it_is MODE: with folders of its own in the place of those that it names. The pid is the daemon's.
start_as_it_is() {
    # shellcheck disable=SC2016 # expanded by the inner shell
    lab_spawn "$LAB_ROUTER" quicward sh -c \
        'mount -t tmpfs none /run && mkdir -p /var/lib && mount -t tmpfs none /var/lib && exec "$0" run -c "$1"' \
        "$QUICWARD" "$LAB_DIR/$1.conf"
    DAEMON=$LAB_PID
    wait_for 10 started
}

started() {
    ended "$DAEMON" || asked stats >/dev/null 2>&1
}

# asked COMMAND...: the daemon, by the socket that its file names.
asked() {
    nsenter -t "$DAEMON" -m -n "$QUICWARD" "$@" -s /run/quicward/control.sock
}

# another_look MODE: beside the daemon, whose queues and rules are no others.
another_look() {
    in_router "$QUICWARD" init --mode "$1" | sed '1,/^$/d' | diff <(sed '1,/^$/d' "$LAB_DIR/$1.conf") -
}

confirmed_flows() {
    [ "$(asked flows --json | jq -s 'map(select(.state == "confirmed")) | length')" = "$1" ]
}

# router_state: all that somebody could change.
router_state() {
    in_router sh -c 'ip addr; ip route; ip -6 route; ip rule; nft list ruleset; iptables-save; ip6tables-save
        sysctl -a --pattern "^net.ipv4.conf|^net.ipv6.conf|forward"' 2>/dev/null | grep -vE 'valid_lft|^#|^:'
}

router_state >"$LAB_DIR/before"
for mode in monitor firewall nat; do
    check "$mode: a file is printed" init $mode
done
router_state >"$LAB_DIR/after"
check 'nothing was changed' diff "$LAB_DIR/before" "$LAB_DIR/after"

for mode in monitor firewall nat; do
    check "$mode: no mistakes, and no warnings" in_router "$QUICWARD" check --strict -c "$LAB_DIR/$mode.conf"
    check "$mode: starts as it is" start_as_it_is $mode
    for family in 4 6; do
        check "$mode: IPv$family gets through" shows 'status: 200' client_gtls $family 4433
    done
    check "$mode: both are confirmed" wait_for 3 confirmed_flows 2
    check "$mode: doctor finds nothing" nsenter -t "$DAEMON" -m -n "$QUICWARD" doctor -c "$LAB_DIR/$mode.conf"
    check "$mode: another look finds the same" another_look $mode
    check "$mode: ends cleanly" lab_stop "$DAEMON"
    in_router sh -c "'$QUICWARD' rules -c '$LAB_DIR/$mode.conf' --remove | sh"
done
# Without privileges rules cannot be seen, and the rest can.
check 'without privileges' shows 'kernel rules: not looked at, which needs root' in_router setpriv --reuid 65534 --regid 65534 \
    --clear-groups "$QUICWARD" init --mode nat
check 'it finds the sides' shows '^outside = \["wan0"\];$' in_router setpriv --reuid 65534 --regid 65534 --clear-groups \
    "$QUICWARD" init --mode nat
check 'without --mode it is monitor' shows 'mode = "monitor";' in_router "$QUICWARD" init

# Beside others.
in_router iptables -t nat -A POSTROUTING -o wan0 -j MASQUERADE
in_router iptables -A FORWARD -p tcp --dport 80 -j NFQUEUE --queue-num 7400
in_router sysctl -qw net.ipv4.ip_forward=0
ip -n "$LAB_ROUTER" link add docker0 type bridge
ip -n "$LAB_ROUTER" addr add 172.17.0.1/16 dev docker0
ip -n "$LAB_ROUTER" link set docker0 up
check 'others: a file is printed' init nat
check 'others: without mistakes' in_router "$QUICWARD" check --strict -c "$LAB_DIR/nat.conf"
check 'others: the NAT of the kernel stays' grep -q 'masquerade = false;' "$LAB_DIR/nat.conf"
check 'others: another queue' grep -q 'first = 7500;' "$LAB_DIR/nat.conf"
check 'others: forwarding is off, which is said' grep -q 'sysctl -w net.ipv4.ip_forward=1' "$LAB_DIR/nat.conf"
check "others: Docker's bridge is inside" grep -qx 'inside = \["lan0", "docker0"\];' "$LAB_DIR/nat.conf"
check 'others: in mode firewall' init firewall
check 'others: it is not' grep -qx 'inside = \["lan0"\];' "$LAB_DIR/firewall.conf"

# A router that says too little.
ip -n "$LAB_ROUTER" addr flush dev lan0
check 'no inside: status 1' status_is 1 init nat
check 'no inside: the file says so' grep -q 'inside = \["INSIDE"\]; # CHANGE THIS' "$LAB_DIR/nat.conf"
check 'no inside: without mistakes' in_router "$QUICWARD" check --strict -c "$LAB_DIR/nat.conf"
check 'another mode is refused' status_is 2 in_router "$QUICWARD" init --mode bridge
case_end
