#!/usr/bin/env bash
# N4, N10: ports that the router listens on, and those that reflection attacks use, are never handed out; where the pool or the
# share of one host is used up a new mapping's first packet is refused with an ICMP error or, as configured, dropped without a
# word; existing ones go on. A pool that the router uses up itself is warned of.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
lab_trap
nat_lab_up || exit 1
serve_echo 7000 || exit 1

unreachable() { # FROM
    shows 'No route to host' ask "$1" "$S4:7000"
}

silent() { # FROM
    # shellcheck disable=SC2034 # read by ask
    local PATIENCE=1
    shows 'no answer' ask "$1" "$S4:7000" 500
}

ports_used() {
    mappings_json | jq -r '.external | sub(".*:"; "")' | sort | xargs
}

lab_spawn "$LAB_ROUTER" router-holds "$QW_TOOLS/udp_echo" "$X4:20000"
wait_for 5 listening "$LAB_ROUTER" 20000 || exit 1
start_nat 'ports = ["20000-20003", "1900-1901"];' || exit 1
check 'a mapping for an odd port' ask "$C4:5001" "$S4:7000"
check 'a second one' ask "$C4:5003" "$S4:7000"
check 'a third one' ask "$C4:5005" "$S4:7000"
check 'no fourth' unreachable "$C4:5007"
check 'a mapping for an even port' ask "$C4:5000" "$S4:7000"
check 'no second one' unreachable "$C4:5002"
check 'neither 20000, which the router holds, nor 1900' [ "$(ports_used)" = '1901 20001 20002 20003' ]
check 'it is counted' [ "$(stat_of 'reasons["no-port"]')" = 2 ]
check 'an event tells of it' event_is '.event == "no-port"'
check 'the others go on' ask "$C4:5005" "$S4:7000"
check 'also to other servers' not unreachable "$C4:5000"
check "the router's own goes on" in_server "$QW_TOOLS/udp_ask" "$S4:6000" "$X4:20000" question 20000
check 'quicward ends cleanly' stop_quicward

# The kernel keeps 32768 to 60999 for the router's own sockets unless told otherwise.
start_nat 'ports = "40000-50000";' || exit 1
check 'a pool of which the router leaves nothing is warned of, once for each parity' \
    [ "$(grep -c 'warning: no .* port of nat.ports is left' "$LAB_DIR/quicward.log")" = 2 ]
check 'nothing can be mapped' unreachable "$C4:5000"
lab_sysctl "$LAB_ROUTER" net.ipv4.ip_local_port_range='61000 65535'
check 'what it gives back is used within seconds' wait_for 5 ask "$C4:5000" "$S4:7000" 500
check 'quicward ends cleanly' stop_quicward

start_nat 'per_host = 2; exhausted = "drop";' || exit 1
check 'two mappings of a host' ask "$C4:5000" "$S4:7000"
check 'two mappings of a host' ask "$C4:5001" "$S4:7000"
check 'a third is dropped silently' silent "$C4:5002"
check 'another flow of the first two is not' not unreachable "$C4:5000"
check 'another host has its own share' ask 10.0.0.3:5000 "$S4:7000"
check 'it is counted' [ "$(stat_of 'reasons["host-limit"]')" = 1 ]
check 'an event tells of it' event_is ".event == \"host-limit\" and (.inside | startswith(\"$C4:\"))"
check 'quicward ends cleanly' stop_quicward
case_end
