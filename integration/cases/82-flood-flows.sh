#!/usr/bin/env bash
# F7, T4: one host with as many flows as it can get, all of them proven, and others: these keep all. Flows of one host end at
# flows.per_host; without that limit, at its fair share once the table is scarce. IPv4 and IPv6.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without python3
case_nat '' 'flows = { max = 1024; };'
flood_lab
flood_answer "$LAB_SERVER" "$S4" 7000 && flood_answer "$LAB_SERVER" "$S6" 7000 || exit 1

# Refused ones are not waited for: the host asks with little patience.
greedy() { # FROM TO COUNT
    flood_py "$LAB_CLIENT" ask "$1" "$2" 7000 "$3" 0.05
}

flows_of() { # ADDRESS
    flows_json | jq -s --arg a "$1" 'map(select(.client | startswith($a))) | length'
}

greedy 10.0.0.9 "$S4" 200
check 'an eighth of the table is for one host' [ "$(flows_of 10.0.0.9:)" = 128 ]
check 'the others get theirs' flood_ask "$LAB_CLIENT" 10.0.0.8 "$S4" 7000 20
check 'it is counted' [ "$(stat_of 'reasons["flow-limit"]')" -ge 70 ]
check 'an event names the host' event_is '.event == "flow-limit" and (.client | startswith("10.0.0.9:"))'
greedy "$C6" "$S6" 200
check 'likewise for an IPv6 /64' [ "$(flows_of "[$C6]:")" = 128 ]
check 'quicward ends cleanly' stop_quicward

start_nat '' 'flows = { max = 256; per_host = 1000; };' || exit 1
for host in 3 4 5 6 7 8; do
    check "10.0.0.$host has something" flood_ask "$LAB_CLIENT" 10.0.0.$host "$S4" 7000 2
done
greedy 10.0.0.9 "$S4" 300
check 'four fifths of the table are in use' [ "$(flows_of 10.0.0)" -ge 190 ]
check "not all" [ "$(flows_of 10.0.0)" -le 225 ]
for host in 3 4 5 6 7 8 10 11; do
    check "10.0.0.$host gets more" flood_ask "$LAB_CLIENT" 10.0.0.$host "$S4" 7000 3
done
check 'the share refused the greedy one' [ "$(stat_of 'reasons["flow-share"]')" -ge 50 ]
check 'the table refused nobody' [ "$(stat_of 'reasons["table-full"]')" = 0 ]
check 'quicward ends cleanly' stop_quicward
case_end
