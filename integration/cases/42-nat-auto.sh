#!/usr/bin/env bash
# N11: external = "auto" follows the address of the outside interface: when it changes the old mappings and flows end, new ones
# stand on the new address, forwards move along; while there is none nothing leaves. Events tell of it.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without tcpdump traceroute
case_nat 'external = "auto"; forwards = ( { port = 8443; to = "10.0.0.3:7000"; } );'
serve_echo 7000 || exit 1
lab_spawn "$LAB_CLIENT" echo-inside "$QW_TOOLS/udp_echo" 10.0.0.3:7000

address_gone() { # ADDRESS
    ip -n "$LAB_ROUTER" addr del "$1/24" dev wan0
}

address_new() { # ADDRESS
    ip -n "$LAB_ROUTER" addr add "$1/24" dev wan0 && ip -n "$LAB_ROUTER" route replace default via "$T4"
}

# on ADDRESS: the forward and every mapping are on it.
on() {
    mappings_json | tee /dev/stderr | jq -se "length > 0 and all(.[]; .external | startswith(\"$1:\"))" >/dev/null
}

moved() {
    event_is ".event == \"address-changed\" and .external == \"$1\""
}

check 'a flow on the first address' ask "$C4:5000" "$S4:7000"
check 'all is on it' on "$X4"
address_gone "$X4"
check 'without an address' wait_for 3 event_is '.event == "address-changed" and .external == null'
ip -n "$LAB_ROUTER" route replace default via "$T4" dev wan0 onlink
capture_start outside
check_not 'no new flow' ask "$C4:5001" "$S4:7000" 300
check_not 'nor the old one' ask "$C4:5000" "$S4:7000" 300
capture_stop outside
check 'nothing left' [ "$(captured_count outside 'udp and src net 10.0.0.0/8')" = 0 ]
check 'it is counted' [ "$(stat_of 'reasons["no-address"]')" -ge 2 ]

check 'another address' address_new 198.51.100.9
check 'is told' wait_for 3 moved 198.51.100.9
check 'the old mapping ended' event_is ".event == \"mapping-removed\" and .inside == \"$C4:5000\""
check 'the flow begins anew' ask "$C4:5000" "$S4:7000"
check 'new flows too' ask "$C4:5001" "$S4:7000"
check 'all is on it' on 198.51.100.9
check 'the forward too' in_server "$QW_TOOLS/udp_ask" "$S4:6000" 198.51.100.9:8443 question 20000
check 'and from inside' ask 10.0.0.4:6000 198.51.100.9:8443
check 'traceroute from inside shows the router' shows '^ 1  198\.51\.100\.9' \
    in_client timeout 60 traceroute -n -q 1 -w 1 -m 1 -U -p 8443 198.51.100.9
check 'events number without a gap' status_is 0 \
    jq -se '[.[].number] | . == [range(.[0]; .[0] + length)]' <(events_json)
check 'quicward ends cleanly' stop_quicward
case_end
