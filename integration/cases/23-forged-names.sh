#!/usr/bin/env bash
# alone
# F5: Initials that somebody forged with the blocked name, whole or in part, from the very addresses and ports that a client
# uses, stop no connection of that client: not before it, not during its handshake, not once it stands. IPv4 and IPv6, with a
# rule that blocks one name and with rules that let only one through.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without gtlsclient gtlsserver chromium
BLOCK='rules = ( { name = "ads"; sni = ".blocked.test"; action = "reject"; } );'
ALLOW='default_out = "drop"; rules = ( { name = "ours"; sni = ".server.test"; action = "accept"; } );'
case_lab "$BLOCK"
certificate_make && serve_gtls 4433 || exit 1

# The client gets few ports, so that a forger cannot miss; new ones each time, for a flow that was let through stays so.
PORTS=8
first=40000
new_ports() {
    first=$((first + PORTS))
    lab_sysctl "$LAB_CLIENT" net.ipv4.ip_local_port_range="$first $((first + PORTS - 1))"
}

# forge FAMILY PIECES: two attempts from each of the client's ports to the server's.
forge() {
    local i
    for i in 1 2; do
        in_client "$QW_TOOLS/hello_send" "$(inside "$1" $first)" "$(endpoint "$1" 4433)" www.blocked.test "$2" $PORTS spread ||
            return $i
    done
}

keep_forging() { # FAMILY PIECES
    while forge "$1" "$2"; do
        sleep 0.02
    done
}

# among FAMILY PIECES COMMAND...: while somebody forges.
among() {
    local forger status=0
    keep_forging "$1" "$2" >/dev/null 2>&1 &
    forger=$!
    "${@:3}" || status=$?
    kill $forger
    wait $forger 2>/dev/null
    return $status
}

forged_against() { # FAMILY WHAT
    local pieces patience=--handshake-timeout=900ms # less than it takes to send anything twice
    for pieces in 0 12 21 1 2; do
        new_ports
        check "IPv$1 $2, forged before, pieces $pieces" forge "$1" $pieces
        check "IPv$1 $2, gtlsclient connects" shows 'status: 200' client_gtls "$1" 4433 $patience
        check "IPv$1 $2, its flow is confirmed" confirmed "$1" 4433
    done
    for pieces in 0 1; do
        new_ports
        check "IPv$1 $2, gtlsclient among forged, pieces $pieces" among "$1" $pieces \
            shows 'status: 200' client_gtls "$1" 4433 $patience --delay-stream=100ms
        check "IPv$1 $2, its flow is confirmed" confirmed "$1" 4433
        new_ports
        check "IPv$1 $2, chromium among forged, pieces $pieces" among "$1" $pieces shows hello-quic client_chromium "$1" 4433
        check "IPv$1 $2, its flow is confirmed" confirmed "$1" 4433
    done
}

for family in 4 6; do
    forged_against $family 'one blocked'
done
check 'the forged ones that were read were refused' [ "$(stat_of reasons.rule)" -ge 96 ]
quicward_conf "$ALLOW" >"$LAB_DIR/quicward.conf"
check 'reload' quicward_ask reload
for family in 4 6; do
    forged_against $family 'one allowed'
done
check 'the forged ones that were read were refused' [ "$(stat_of reasons.default)" -ge 96 ]
check 'quicward ends cleanly' stop_quicward
case_end
