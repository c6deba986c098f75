#!/usr/bin/env bash
# S5, S4: over start, restart and stop nothing unsolicited comes in and nothing untranslated leaves while when_down is "drop", and
# everything passes with "pass"; rules can be installed without a daemon or an interface; an interface that is missing is waited for
# while the others are served; a file with a mistake changes nothing; systemd is told when all of it stands.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without tcpdump python3

unsolicited() {
    captured_count client "udp and (src host $SB4 or src host $S6)"
}

untranslated() {
    captured_count outside 'udp and src net 10.0.0.0/8'
}

watched() { # COMMAND...: both ends are watched meanwhile
    capture_start outside && capture_start client || return 1
    "$@"
    sleep 0.3
    capture_stop outside
    capture_stop client
}

accepts_local() { # INTERFACE
    [ "$(in_router cat "/proc/sys/net/ipv4/conf/$1/accept_local")" = 2 ]
}

restart() { # SNIPPET
    stop_quicward && start_quicward "$1"
}

mistake() {
    echo 'mode = "nat"; nonsense = 1;' >"$LAB_DIR/wrong.conf"
    in_router "$QUICWARD" run -c "$LAB_DIR/wrong.conf"
    in_router "$QUICWARD" rules -c "$LAB_DIR/wrong.conf" --install
    sleep 0.3
}

lab_trap
nat_lab_up && serve_echo 7000 || exit 1
NAT='mode = "nat"; inside = ["lan0", "wg0"]; nat = { external = "auto"; };'
FIREWALL='mode = "firewall"; queue = { first = 7400; when_down = "drop"; };'
# Before the network: no interface of these names, no daemon.
ip -n "$LAB_ROUTER" link set lan0 down && ip -n "$LAB_ROUTER" link set lan0 name later0
quicward_conf "$NAT" >"$LAB_DIR/quicward.conf"
# Small systems have no /etc/protocols.
without_names() {
    # shellcheck disable=SC2016 # expanded by the inner shell
    in_router sh -c '[ ! -e /etc/protocols ] || mount --bind /dev/null /etc/protocols; exec "$@"' - "$@"
}

check 'rules --install, no interface, no daemon, no names of protocols' without_names "$QUICWARD" rules -c "$LAB_DIR/quicward.conf" --install
check 'the rules stand' rules_installed
check 'with those that stand by for a flush' [ "$(in_router ip rule | grep -c blackhole)" = 3 ]
ip -n "$LAB_ROUTER" link set later0 name lan0 && ip -n "$LAB_ROUTER" link set lan0 up
ip -n "$LAB_ROUTER" addr add 2001:db8:1::1/64 dev lan0 nodad 2>/dev/null
flood_both_sides
watched sleep 0.5
check 'then nothing leaves untranslated' [ "$(untranslated)" = 0 ]
check 'and nothing comes in' [ "$(unsolicited)" = 0 ]

check 'it starts without wg0' start_quicward "$NAT"
check 'and says so' grep -q 'there is no interface wg0' "$LAB_DIR/quicward.log"
check 'the others are served' ask "$C4:0" "$S4:7000"
ip link add wg0 netns "$LAB_ROUTER" type veth peer name c1 netns "$LAB_CLIENT"
ip -n "$LAB_ROUTER" addr add 10.0.9.1/24 dev wg0 && ip -n "$LAB_ROUTER" link set wg0 up
ip -n "$LAB_CLIENT" addr add 10.0.9.2/24 dev c1 && ip -n "$LAB_CLIENT" link set c1 up
ip -n "$LAB_CLIENT" rule add from 10.0.9.2 lookup 99 && ip -n "$LAB_CLIENT" route add default via 10.0.9.1 dev c1 table 99
check 'wg0 comes and is served' wait_for 10 ask 10.0.9.2:0 "$S4:7000"
check 'which is in the log' grep -q 'interface wg0 has appeared' "$LAB_DIR/quicward.log"
check 'its settings are made' wait_for 10 accepts_local wg0
in_router sysctl -qw net.ipv4.conf.all.rp_filter=1
check 'with strict reverse paths, too' ask "$C4:0" "$S4:7000"
in_router sysctl -qw net.ipv4.conf.all.rp_filter=0
ip -n "$LAB_ROUTER" link del wg0
check 'it goes, which is in the log' wait_for 5 grep -q 'interface wg0 is gone' "$LAB_DIR/quicward.log"
check 'that is no change of the rules' [ "$(stat_of kernel_rules.put_back)" = 0 ]

watched restart "$NAT"
check 'nat, a restart: nothing leaves untranslated' [ "$(untranslated)" = 0 ]
check 'nat, a restart: nothing comes in' [ "$(unsolicited)" = 0 ]
watched restart "$FIREWALL"
check 'to firewall: nothing comes in' [ "$(unsolicited)" = 0 ]
watched restart "$FIREWALL"
check 'firewall, a restart: nothing comes in' [ "$(unsolicited)" = 0 ]
check 'it is open from inside' ask "$C4:0" "$S4:7000"
watched stop_quicward
check 'firewall, a stop: nothing comes in' [ "$(unsolicited)" = 0 ]
watched mistake
check 'a file with a mistake: nothing comes in' [ "$(unsolicited)" = 0 ]
check_not 'nor passes' ask "$C4:0" "$S4:7000"
check 'the rules are still there' rules_installed

PASS='mode = "firewall"; queue = { first = 7400; when_down = "pass"; };'
check 'when_down = "pass" takes the place' start_quicward "$PASS"
check_not 'without routing rules' sh -c "ip netns exec '$LAB_ROUTER' ip rule | grep blackhole"
kill -KILL "$QUICWARD_PID" && wait "$QUICWARD_PID" 2>/dev/null
check 'killed: packets pass' ask "$C4:0" "$S4:7000"
check 'it starts' start_quicward "$PASS"
check 'and ends' stop_quicward
check 'ended: packets pass' ask "$C4:0" "$S4:7000"
check_not 'no rule is left' rules_installed

# A boot, as the units do it.
boot() { # CONFIGURATION KEPT
    in_router "$QUICWARD" rules -c "$LAB_DIR/$1" --install --keep "$LAB_DIR/$2"
}

quicward_conf "$FIREWALL" >"$LAB_DIR/quicward.conf"
check 'a boot' boot quicward.conf kept.conf
rules_remove
check 'a boot with a mistake in the file fails' status_is 78 boot wrong.conf kept.conf
check 'with the rules of last time' rules_installed
watched sleep 0.5
check 'so nothing comes in' [ "$(unsolicited)" = 0 ]
rules_remove
chmod o+w "$LAB_DIR/kept.conf"
check 'what others may have written is not taken' status_is 78 boot wrong.conf kept.conf
check_not 'then there is no queue' sh -c "ip netns exec '$LAB_ROUTER' iptables-save | grep NFQUEUE; ip netns exec '$LAB_ROUTER' nft list ruleset | grep queue.*740"

# With nothing to go back to, what the file says without a mistake counts.
closed() { # WHAT
    capture_start outside && capture_start client || return 1
    sleep 0.5
    capture_stop outside
    capture_stop client
    check "$1: nothing leaves" [ "$(captured_count outside 'udp and (src net 10.0.0.0/8 or src net 2001:db8:1::/64)')" = 0 ]
    check "$1: nothing comes in" [ "$(unsolicited)" = 0 ]
}
open_again() { # WHAT: what rules --remove prints of a wrong file does it
    in_router sh -c "'$QUICWARD' rules -c '$LAB_DIR/$2' --remove 2>/dev/null | sh"
    check_not "$1: with nothing left" rules_installed
    check "$1: then UDP passes" passes_by
}
passes_by() {
    in_client "$QW_TOOLS/udp_ask" "[$C6]:0" "[$S6]:7000" question 2000
}
closed 'by another boot'
open_again 'by another boot' wrong.conf
check 'a first boot with a mistake fails, too' status_is 78 boot wrong.conf none.conf
closed 'a mistake, no interfaces'
open_again 'a mistake, no interfaces' wrong.conf
printf 'mode = "nat"; inside = ["lan0"' >"$LAB_DIR/cut.conf"
check 'a first boot with half a file fails' status_is 78 boot cut.conf none.conf
closed 'half a file'
open_again 'half a file' cut.conf
echo 'mode = "nat"; inside = ["lan0"]; outside = ["wan0"]; nat = { external = ["198.51.100.300"]; };' >"$LAB_DIR/sides.conf"
check 'a first boot with a mistake in another key fails' status_is 78 boot sides.conf none.conf
closed 'a mistake in another key'
in_router nft flush ruleset
closed 'a mistake in another key, tables flushed'
in_client "$QW_TOOLS/udp_ask" "$C4:0" "10.0.0.1:9" question 300 >"$LAB_DIR/refused" 2>&1
check 'the router itself answers' grep -qi refused "$LAB_DIR/refused"
open_again 'a mistake in another key' sides.conf
check 'a start with a mistake fails' status_is 78 in_router "$QUICWARD" run -c "$LAB_DIR/sides.conf"
closed 'a start with a mistake'
check 'a good start takes its place' start_quicward "$NAT"
check 'and serves' ask "$C4:0" "$S4:7000"
check 'ends' stop_quicward
rules_remove
check_not 'and removes all' rules_installed
check 'a start that knows no interfaces fails' status_is 78 in_router "$QUICWARD" run -c "$LAB_DIR/wrong.conf"
check_not 'and closes nothing' rules_installed
for open in 'mode = "monitor"' 'mode = "firewall"; queue = { when_down = "pass"; }' 'mode = "nat"; manage_rules = false'; do
    echo "$open; nonsense = 1;" >"$LAB_DIR/open.conf"
    check "a first boot with a mistake, $open" status_is 78 boot open.conf none.conf
    check_not 'closes nothing' rules_installed
done
check 'a first boot without a file fails' status_is 1 boot missing.conf none.conf
check_not 'and closes nothing' rules_installed

quicward_conf "$FIREWALL" >"$LAB_DIR/quicward.conf"
check 'a start keeps what the next boot needs' in_router "$QUICWARD" rules -c "$LAB_DIR/quicward.conf" --keep "$LAB_DIR/later.conf"
check_not 'and installs nothing' rules_installed
check 'it is what a boot keeps' diff "$LAB_DIR/later.conf" "$LAB_DIR/kept.conf"
quicward_conf "manage_rules = false; $FIREWALL" >"$LAB_DIR/own.conf"
check 'where others install the rules a boot does not' boot own.conf kept.conf
check_not 'so there are none' rules_installed
check_not 'and nothing is kept' [ -e "$LAB_DIR/kept.conf" ]

# What systemd is told, and when.
cat >"$LAB_DIR/notified.py" <<'P'
import json, os, socket, subprocess, sys
path, program, conf, control = sys.argv[1:]
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(path); s.settimeout(60)
p = subprocess.Popen([program, 'run', '-c', conf], env=dict(os.environ, NOTIFY_SOCKET=path))
said = s.recv(100)
rules = subprocess.run('iptables-save; nft list ruleset', shell=True, capture_output=True, text=True).stdout
answer = subprocess.run([program, 'stats', '--json', '-s', control], capture_output=True, text=True).stdout
bound = open('/proc/net/netfilter/nfnetlink_queue').read()
p.terminate(); print(said, s.recv(100), p.wait())
sys.exit(not (said == b'READY=1' and 'quicward' in rules and '7400' in bound and json.loads(answer)['stats']['kernel_rules']['standing']))
P
quicward_conf "$FIREWALL" >"$LAB_DIR/quicward.conf"
check 'READY=1 comes when rules, queues and control socket are there' \
    in_router python3 "$LAB_DIR/notified.py" "$LAB_DIR/notify" "$QUICWARD" "$LAB_DIR/quicward.conf" "$LAB_DIR/control"
check 'rules --remove' rules_remove
check_not 'leaves none' rules_installed
check 'the settings of interfaces are as before' \
    [ "$(in_router cat /proc/sys/net/ipv4/conf/{lan0,wan0}/{accept_local,src_valid_mark} | tr -d '\n')" = 0000 ]
case_end
