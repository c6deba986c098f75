#!/usr/bin/env bash
# slow: it stops a daemon, and a fast path outlives that for a while
# S5: while no daemon runs, be it ended, killed or stopped in its tracks, no UDP from inside leaves untranslated and none from
# outside gets in, though both sides have a route. The router's own DNS server and client work on the external address all the
# time and are not translated. Only what `quicward rules --remove` prints ends that.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without tcpdump
case_nat
serve_echo 7000 || exit 1
# Servers of the router: on the addresses of both sides, and one on every address.
lab_spawn "$LAB_ROUTER" echo-outside "$QW_TOOLS/udp_echo" "$X4:53"
lab_spawn "$LAB_ROUTER" echo-inside "$QW_TOOLS/udp_echo" "$R4:53"
lab_spawn "$LAB_ROUTER" echo-any "$QW_TOOLS/udp_echo" 0.0.0.0:123
wait_for 5 listening "$LAB_ROUTER" 123 || exit 1

# router_works WHEN: server and client of the router, seen from both sides.
router_works() {
    check "$1: the router's server answers the outside" in_server "$QW_TOOLS/udp_ask" "$S4:6000" "$X4:53" question 20000
    check "$1: one on every address does" in_server "$QW_TOOLS/udp_ask" "$S4:6000" "$X4:123" question 20000
    check "$1: the inside is answered" ask "$C4:6000" "$R4:53"
    check "$1: also on the external address" ask "$C4:6001" "$X4:53"
    check "$1: the router's client is answered" in_router "$QW_TOOLS/udp_ask" "$X4:6053" "$S4:7000" question 20000
}

# nothing_passes WHEN: neither way, new or known.
nothing_passes() {
    capture_start outside && capture_start client || exit 1
    check_not "$1: a known flow" ask "$C4:5000" "$S4:7000" 300
    check_not "$1: a new flow" ask "$C4:5001" "$S4:7000" 300
    check "$1: an ICMP error about UDP" in_client "$QW_TOOLS/icmp_send" "$C4" "$S4:7000" "$C4:5000"
    check "$1: the server speaks to the mapping" in_server "$QW_TOOLS/udp_send" "$S4:7000" "$external" late
    check "$1: and to the client" in_server "$QW_TOOLS/udp_send" "$S4:7000" "$C4:5000" late
    capture_stop outside
    capture_stop client
    check "$1: nothing left" status_is 1 grep . <(captured outside 'net 10.0.0.0/8 and not dst host 10.0.0.2')
    check "$1: no UDP left at all" [ "$(captured_count outside "udp and src host $X4")" = 0 ]
    check "$1: nothing got in" status_is 1 grep . <(captured client "udp and src host $S4")
}

check 'a flow' ask "$C4:5000" "$S4:7000"
external=$(external_of "$C4:5000")
router_works running
check 'what is the router'"'"'s own has no mapping' mapping_count 1

kill -STOP "$QUICWARD_PID"
nothing_passes stopped
router_works stopped
kill -CONT "$QUICWARD_PID"
check 'it goes on' wait_for 3 ask "$C4:5002" "$S4:7000"

kill -KILL "$QUICWARD_PID"
wait "$QUICWARD_PID" 2>/dev/null
nothing_passes killed
router_works killed

start_nat || exit 1
check 'started again, it translates' ask "$C4:5000" "$S4:7000"
check 'it ends cleanly' stop_quicward
nothing_passes ended
router_works ended
check_not 'no rule stands twice' rules_repeated
check 'the rules are still there' rules_installed
check 'they are removed' in_router sh -c "'$QUICWARD' rules -c '$LAB_DIR/quicward.conf' --remove | sh"
check_not 'none is left' rules_installed
case_end
