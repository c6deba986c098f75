#!/usr/bin/env bash
# N1, N2, N3, N5, N14, F3: an inside endpoint has one external endpoint whoever it speaks to, no other has the same, its parity
# is kept; who was asked may answer from another port, a stranger may not; flows, mappings and events show what happened. IPv6
# passes as in firewall mode. S2: reading the configuration again ends none.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
case_nat
serve_echo 7000 || exit 1
lab_spawn "$LAB_SERVER" echo-other "$QW_TOOLS/udp_echo" "$SB4:7000"
wait_for 5 serve_both_families 7000 || exit 1

# from_server FROM TO: a datagram that nobody asks for.
from_server() {
    in_server "$QW_TOOLS/udp_send" "$1" "$2" unsolicited
}

# followed INSIDE: `events --follow` told of its mapping.
followed() {
    grep '"mapping-created"' "$LAB_DIR/follow.log" | grep -F "\"$1\""
}

# source_is INSIDE-PORT AT ENDPOINT: the server's AT sees ENDPOINT.
source_is() {
    shows "^${3//./\\.} " hears_at "$LAB_SERVER" "$2" in_client "$QW_TOOLS/udp_send" "$C4:$1" "$2" hello
}

# external_fits PORT: the port of its external endpoint is in the pool and of the same parity.
external_fits() {
    local external port
    external=$(external_of "$C4:$1")
    port=${external##*:}
    echo "$external"
    [ "${external%:*}" = "$X4" ] && [ "$port" -ge 1024 ] && [ $((port % 2)) = $(($1 % 2)) ]
}

lab_spawn "$LAB_ROUTER" follow "$QUICWARD" events -s "$LAB_DIR/control" --json --follow
for port in 5000 5001 5002 5003 700 701; do
    check "$port asks and is answered" ask "$C4:$port" "$S4:7000"
    check "its external port fits" external_fits $port
done
check 'another host with the same port' ask 10.0.0.3:5000 "$S4:7000"
check 'has another external endpoint' [ "$(external_of "$C4:5000")" != "$(external_of 10.0.0.3:5000)" ]
check 'reading the configuration again' quicward_ask reload
check 'ends no mapping' [ "$(external_of 10.0.0.3:5000)" != '' ]
external=$(external_of "$C4:5000")
check 'another server port sees the same endpoint' source_is 5000 "$S4:7001" "$external"
check 'another server sees it too' source_is 5000 "$SB4:7001" "$external"
check 'there are seven mappings' mapping_count 7 '.forward == false and .sessions > 0'
check 'the flow shows it' flow_is ".client == \"$C4:5000\" and .server == \"$S4:7000\" and .external == \"$external\""
check 'an event told of it' event_is ".event == \"mapping-created\" and .inside == \"$C4:5000\" and .external == \"$external\""

before=$(stat_of reasons.unsolicited)
check 'a server that was asked reaches it from any port' hears_at "$LAB_CLIENT" "$C4:5000" from_server "$SB4:9" "$external"
check 'who follows the events sees the next one' wait_for 2 followed 10.0.0.3:5000
external=$(external_of "$C4:5001")
check 'one that was not does not' status_is 1 hears_at "$LAB_CLIENT" "$C4:5001" from_server "$SB4:7000" "$external"
check 'nothing gets to a port without mapping' status_is 1 hears_at "$LAB_CLIENT" "$C4:999" from_server "$S4:7000" "$X4:999"
check 'both are counted' [ "$(($(stat_of reasons.unsolicited) - before))" = 2 ]
check 'inside addresses are not reached from outside' status_is 1 \
    hears_at "$LAB_CLIENT" "$C4:5001" from_server "$S4:7000" "$C4:5001"

check 'IPv6 passes' ask "[$C6]:5000" "[$S6]:7000"
check 'untranslated' flow_is ".client == \"[$C6]:5000\" and .external == null"
check 'IPv6 that nobody asked for does not' status_is 1 \
    hears_at "$LAB_CLIENT" "[$C6]:5001" from_server "[$S6]:7000" "[$C6]:5001"
check 'quicward ends cleanly' stop_quicward
case_end
