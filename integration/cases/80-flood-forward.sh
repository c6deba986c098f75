#!/usr/bin/env bash
# T4, F7: a forged flood of five times the table to a server inside, which answers each: connections from inside and from outside,
# of before and of meanwhile, all get through, and the table refuses nobody. The forged sources are of the honest clients' own
# networks. IPv4 by a forward, IPv6 by a rule.
# alone
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without python3
TABLE=2048
case_nat 'forwards = ( { port = 8443; to = "10.0.0.2:8443"; } );' "flows = { max = $TABLE; per_host = 400; };
rules = ( { name = \"server\"; direction = \"in\"; to = \"$C6\"; to_port = 8443; action = \"accept\"; } );"
flood_lab
flood_answer "$LAB_CLIENT" "$C4" 8443 && flood_answer "$LAB_CLIENT" "$C6" 8443 || exit 1
flood_answer "$LAB_SERVER" "$S4" 7000 && flood_answer "$LAB_SERVER" "$S6" 7000 || exit 1

# flooded FORWARD PREFIX INSIDE OUTSIDE INSIDE-SERVER: honest ones before, and while the flood lasts.
flooded() {
    local inside outside
    check "$1: connections from inside" flood_ask "$LAB_CLIENT" "$3" "$5" 7000 150
    check "$1: connections from outside" flood_ask "$LAB_SERVER" "$4" "$1" 8443 25
    lab_spawn "$LAB_SERVER" flood python3 "$QW_ROOT/integration/lib/flood.py" flood "$1" 8443 $((5 * TABLE)) 2000 "$2"
    flood=$LAB_PID
    flood_ask "$LAB_CLIENT" "$3" "$5" 7000 150 >"$LAB_DIR/inside.log" &
    inside=$!
    flood_ask "$LAB_SERVER" "$4" "$1" 8443 25 >"$LAB_DIR/outside.log" &
    outside=$!
    check "$1: from inside during the flood" wait $inside
    check "$1: from outside during the flood" wait $outside
    wait "$flood"
    cat "$LAB_DIR"/{flood,inside,outside}.log
    check "$1: the flood came, and stayed in its part" [ "$(stat_of evicted)" -gt $((2 * TABLE)) ]
}

flooded "$X4" 203.0.113.0/24 "$C4" "$S4" "$S4"
check 'the table refused nobody' [ "$(stat_of 'reasons["table-full"]')" = 0 ]
check 'nor did a share' [ "$(stat_of 'reasons["flow-share"]')" = 0 ]
flooded "$C6" 2001:db8:3::/112 "$C6" "$S6" "$S6"
check 'the table refused nobody' [ "$(stat_of 'reasons["table-full"]')" = 0 ]
check 'nor did a share' [ "$(stat_of 'reasons["flow-share"]')" = 0 ]
check 'quicward ends cleanly' stop_quicward
case_end
