#!/usr/bin/env bash
# N9: a client that changes its port gets another mapping at once, be it migration or rebinding: the server sees the new address
# and validates it, and from then on no packet of the client uses the old mapping. What looks like a stateless reset (RFC 9000
# 10.3) reaches the client, also on a connection that migrated.
# O4: reports have a hint of the rebinding, whose connection IDs stay, and none of the migration.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without gtlsclient gtlsserver tcpdump
case_nat
certificate_make && serve_gtls 4433 && serve_gtls 4434 && serve_gtls 4435 && server=$LAB_PID || exit 1
capture_start outside && capture_start client || exit 1

# two_ports PORT: the client used two external ports, and none of its packets returned to the first.
two_ports() {
    captured outside "src host $X4 and dst port $1" | awk '{ print $3 }' | uniq | tee /dev/stderr | sort | uniq -c |
        awk '{ n++; if ($1 > 1) again++ } END { exit !(n == 2 && !again) }'
}

# server_follows PORT: the server's last packet goes to the port that the client's last came from.
server_follows() {
    local from to
    from=$(captured outside "src host $X4 and dst port $1" | awk 'END { print $3 }')
    to=$(captured outside "dst host $X4 and src port $1" | awk 'END { sub(/:$/, "", $5); print $5 }')
    echo "client $from, server to $to"
    [ -n "$from" ] && [ "$from" = "$to" ]
}

# hinted PORT: one flow to the server there may go on with the other, says it and its event.
hinted() {
    local flow older first
    read -r flow older < <(flows_json | jq -r --arg s "$S4:$1" 'select(.server == $s and .continues) | "\(.id) \(.continues)"')
    first=$(flows_json | jq -r --arg s "$S4:$1" 'select(.server == $s and .state == "confirmed") | .id')
    echo "flow ${flow:-none} goes on with ${older:-none}, confirmed is $first"
    [ -n "$older" ] && [ "$older" = "$first" ] && quicward_ask events --json |
        jq -e --argjson flow "$flow" --argjson older "$older" 'select(.event == "flow-continues" and .flow == $flow and .continues == $older)'
}

# Looks like a stateless reset: a short header and bytes that nobody can read.
reset() {
    local external
    external=$(flows_json | jq -r --arg s "$S4:4435" 'select(.server == $s) | .external')
    in_server "$QW_TOOLS/udp_send" "$S4:4435" "$external" 'Alike-a-stateless-reset-to-everybody-who-looks'
}

check 'migration' shows 'frm rx.*PATH_RESPONSE' client_gtls 4 4433 --change-local-addr=100ms --delay-stream=400ms
check 'the stream arrives on the second path' confirmed 4 4433
check 'rebinding: the server validates the new address' shows 'frm rx.*PATH_CHALLENGE' \
    client_gtls 4 4434 --change-local-addr=100ms --nat-rebinding --delay-stream=400ms
check 'its first path was confirmed' confirmed 4 4434
check 'a hint of the rebinding' wait_for 2 hinted 4434
check_not 'and none of the migration' hinted 4433
sleep 0.2

client_gtls 4 4435 --delay-stream=5s >"$LAB_DIR/reset.log" 2>&1 &
check 'a connection for a reset' confirmed 4 4435
kill -KILL "$server"
check 'the reset reaches the client' sees "$LAB_CLIENT" c0 "udp src port 4435 and udp[8:4] == 0x416c696b" reset
capture_stop outside
capture_stop client
kill $! 2>/dev/null
wait $! 2>/dev/null

for port in 4433 4434; do
    check "port $port: two mappings, the old one is not used again" two_ports $port
    check "port $port: the server speaks to the new one" server_follows $port
done
check 'quicward ends cleanly' stop_quicward
case_end
