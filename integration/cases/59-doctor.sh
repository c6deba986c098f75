#!/usr/bin/env bash
# slow: it lists all that the doctor says, who says more of a fast path
# I2: `quicward doctor` says nothing of a router that is well, in any mode, and finds what somebody did to it: a daemon that is down or
# hangs, rules that are flushed, drops in front of them, queues of others, forwarding, checks of source addresses, MTUs, offloads, routes,
# ports. What it says to do mends it.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without ethtool python3
lab_trap
nat_lab_up || exit 1

doctor() {
    in_router "$QUICWARD" doctor -c "$LAB_DIR/quicward.conf" "$@"
}

well() {
    doctor >"$LAB_DIR/doctor.text"
    local status=$?
    cat "$LAB_DIR/doctor.text"
    [ $status = 0 ] && [ "$(cat "$LAB_DIR/doctor.text")" = 'all is well' ]
}

# finds TOPIC PATTERN: exactly one fault, about that, and status 1.
finds() {
    local status=0
    doctor --json >"$LAB_DIR/doctor.json" || status=$?
    cat "$LAB_DIR/doctor.json"
    # shellcheck disable=SC2016 # jq's variables
    [ $status = 1 ] && jq -se --arg topic "$1" --arg what "$2" \
        'map(.finding // empty) | length == 1 and .[0].topic == $topic and .[0].level == "fault" and (.[0].what | test($what))' \
        "$LAB_DIR/doctor.json" >/dev/null
}

# do_as_told: runs the first command of the last finding.
do_as_told() {
    local command
    command=$(jq -r '.finding // empty | (.do // .what)' "$LAB_DIR/doctor.json" | head -n 1 |
        grep -oE '"(sysctl|ethtool|ip|iptables|quicward) [^"]*"' | head -n 1 | tr -d '"')
    echo "$command"
    [ -n "$command" ] && in_router sh -c "${command/#quicward /$QUICWARD }"
}

# fault WHAT TOPIC PATTERN: it is found, and what is said to do is done. That it mends it is seen by what is found next: one fault again,
# or none.
fault() {
    check "$1: found" finds "$2" "$3"
    check "$1: done as told" do_as_told
}

# pings: what the kernel forwards past quicward while doctor looks.
pings() {
    local pinger
    ip netns exec "$LAB_CLIENT" ping -q -f -w 20 "$S4" >/dev/null &
    pinger=$!
    doctor --json >"$LAB_DIR/doctor.json"
    local status=$?
    kill $pinger && wait $pinger
    cat "$LAB_DIR/doctor.json"
    [ $status = 0 ] && jq -se 'map(.finding // empty) | length == 1 and .[0].topic == "counters" and .[0].level == "note"' \
        "$LAB_DIR/doctor.json" >/dev/null
}

for mode in monitor firewall; do
    check "$mode: starts" start_quicward "mode = \"$mode\";"
    check "$mode: all is well" well
    check "$mode: packets that never come to it are noted" pings
    check "$mode: ends" stop_quicward
done
rules_remove
check 'nat: starts' start_nat 'forwards = ( { port = 5555; to = "10.0.0.2:5555"; } );'
check 'nat: all is well' well
check 'as JSON' shows '^\{"doctor":\{"faults":0,"notes":0,"rules_seen":true\}\}$' doctor --json

# Settings.
in_router sysctl -qw net.ipv4.ip_forward=0
fault 'IPv4 is not forwarded' forwarding 'ip_forward is 0'
in_router sysctl -qw net.ipv6.conf.all.forwarding=0
fault 'IPv6 is not forwarded' forwarding 'forwards no IPv6'
in_router sysctl -qw net.ipv4.conf.lan0.rp_filter=1
fault 'strict checks of source addresses' rp_filter 'lan0.rp_filter is 1'

# Links.
ip -n "$LAB_ROUTER" link set wan0 mtu 1300
fault 'MTUs' mtu 'lan0 .inside. is 1500 and that of wan0 .outside. 1300'
check 'all of them are mended' well
ip -n "$LAB_ROUTER" link set lan0 mtu 1500
ip -n "$LAB_ROUTER" link set wan0 mtu 1500
if in_router ethtool -K lan0 rx-udp-gro-forwarding on 2>/dev/null; then
    fault 'GRO' offloads 'rx-udp-gro-forwarding is on at lan0'
fi
ip -n "$LAB_CLIENT" link set c0 down
check 'no carrier' wait_for 5 finds interfaces 'lan0 .inside. has no carrier'
ip -n "$LAB_CLIENT" link set c0 up
ip -n "$LAB_ROUTER" link add other0 type veth peer name other1
ip -n "$LAB_ROUTER" link set other0 up
ip -n "$LAB_ROUTER" link set other1 up
ip -n "$LAB_ROUTER" route add default dev other0 metric 900
check 'another way out' finds interfaces 'uses other0, which is neither inside nor outside'
ip -n "$LAB_ROUTER" link del other0
check 'all is well again' wait_for 5 well

# Rules of others.
in_router iptables -I FORWARD -p udp -j DROP
check 'a drop behind ours' finds rules '"-A FORWARD -p udp -j DROP" .iptables, table filter. drops all UDP'
in_router iptables -F FORWARD
in_router iptables -t raw -I PREROUTING -i lan0 -p udp -j DROP
check 'a drop in front of ours' finds rules 'PREROUTING -i lan0 -p udp -j DROP'
in_router iptables -t raw -D PREROUTING -i lan0 -p udp -j DROP
in_router iptables -P FORWARD DROP
fault 'a policy that drops' rules 'FORWARD .iptables, table filter. drops all UDP between'
check 'mended' well
in_router iptables -P FORWARD ACCEPT
in_router iptables -F FORWARD

# Ports.
lab_spawn "$LAB_ROUTER" hears "$QW_TOOLS/udp_echo" 0.0.0.0:5555
wait_for 5 listening "$LAB_ROUTER" 5555
check 'a port that is to be forwarded' finds ports 'listens on UDP port 5555'
lab_stop "$LAB_PID"

# The daemon.
kill -STOP "$QUICWARD_PID"
check 'it hangs' finds daemon 'does not answer'
kill -CONT "$QUICWARD_PID"
check 'and goes on' wait_for 5 well
check 'it ends' stop_quicward
check 'it is down' finds daemon 'no daemon runs as instance "main".*is dropped meanwhile'
# shellcheck disable=SC2016 # expanded by the inner shell
in_router sh -c 'for table in raw mangle; do iptables -t $table -F; ip6tables -t $table -F; done
    nft delete table inet quicward_main' 2>/dev/null
rules_missing() {
    doctor | tee /dev/stderr | grep -q '^fault: rules: some or all of the kernel rules that feed the queues are missing'
}
check 'and rules are flushed' rules_missing
doctor --json | jq -c 'select(.finding.topic == "rules")' >"$LAB_DIR/doctor.json"
check 'done as told' do_as_told
check_not 'they are back' rules_missing
lab_spawn "$LAB_ROUTER" other "$QUICWARD" run -c <(quicward_conf \
    "mode = \"firewall\"; control = \"$LAB_DIR/other\"; manage_rules = false; instance = \"other\"; queue = { first = 7400; };")
wait_for 10 [ -S "$LAB_DIR/other" ]
check 'another program has the queue' shows '^fault: queues: queue 7400 is held by process [0-9]+ ' doctor
lab_stop "$LAB_PID"

# Who may not look, and what cannot be read.
check 'without privileges: status 3' status_is 3 in_router setpriv --reuid 65534 --regid 65534 --clear-groups \
    "$QUICWARD" doctor -c "$LAB_DIR/quicward.conf"
check 'no file: status 3' status_is 3 in_router "$QUICWARD" doctor -c "$LAB_DIR/none.conf"
echo 'mode = "bridge";' >"$LAB_DIR/wrong.conf"
check 'a wrong file: status 78' status_is 78 in_router "$QUICWARD" doctor -c "$LAB_DIR/wrong.conf"
case_end
