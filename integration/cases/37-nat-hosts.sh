#!/usr/bin/env bash
# N1, N2, N9, C1: 1,000 QUIC connections (fewer on a slow machine) from 20 inside hosts share one external address, and not one
# fails. Every one of them has a mapping of its own.
# long: 100 s
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without gtlsclient gtlsserver setpriv
CONNECTIONS=$(paced 1000)
case_nat
certificate_make && serve_gtls 4433 || exit 1

# Each host is a user: the routing rule for it chooses the host's address.
for ((host = 0; host < NAT_HOSTS; host++)); do
    ip -n "$LAB_CLIENT" route add default via "$R4" src 10.0.0.$((host + 2)) table $((100 + host))
    ip -n "$LAB_CLIENT" rule add uidrange $((64000 + host))-$((64000 + host)) lookup $((100 + host))
done
chmod 755 "$LAB_DIR"

# One attempt of host $0 % 20.
connections() {
    # shellcheck disable=SC2016 # expanded by the inner shell
    seq "$CONNECTIONS" | with_hosts xargs -P 4 -I N sh -c '
        setpriv --reuid=$((64000 + $1 % $2)) --clear-groups timeout 60 gtlsclient -q --exit-on-all-streams-close \
            v4.server.test 4433 https://v4.server.test:4433/index.html >/dev/null 2>&1 || echo "connection $1 failed"' \
        _ N "$NAT_HOSTS" >"$LAB_DIR/connections.log" 2>&1
    cat "$LAB_DIR/connections.log"
    [ ! -s "$LAB_DIR/connections.log" ]
}

# A host now and then gives a later connection the port of one that is over: that is the same flow, so there are a few
# flows less than connections.
all_confirmed() {
    flows_json | jq -se --arg s "$S4:4433" --argjson least $((CONNECTIONS * 98 / 100)) \
        'map(select(.server == $s)) | length >= $least and all(.[]; .state == "confirmed")'
}

one_endpoint_each() {
    flows_json | jq -se --argjson hosts "$NAT_HOSTS" 'map({host: (.client | sub(":.*"; "")), external}) |
        (map(.host) | unique | length) == $hosts and (map(.external) | unique | length) == length and
        (map(.external | sub(":.*"; "")) | unique | length) == 1'
}

check "$CONNECTIONS connections, none fails" connections
check 'all are confirmed' wait_for 3 all_confirmed
check "from $NAT_HOSTS hosts, each flow with an endpoint of its own, all on one address" one_endpoint_each
check 'nothing was refused' [ "$(stat_of dropped)" = 0 ]
check 'quicward ends cleanly' stop_quicward
case_end
