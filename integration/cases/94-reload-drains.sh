#!/usr/bin/env bash
# S2, N11: addresses and ports of the NAT change by reload, and nothing ends: what left lives until its flows end, also over a kill
# -9, and the kernel rules follow. Connections of quic-go speak before and after each change from the same external endpoint.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without_quicgo
lab_trap
# shellcheck disable=SC2119
nat_lab_up || exit 1
ip -n "$LAB_ROUTER" addr add 198.51.100.8/24 dev wan0
ip -n "$LAB_TRANSIT" route add 198.51.100.9/32 via "$X4"
start_nat 'external = ["198.51.100.7"]; ports = ["20000-23999"];' || exit 1
certificate_make && serve_quicgo "" 4434 && serve_echo 7000 || exit 1

# changed KEYS [SNIPPET]: the group nat has these keys from now on.
changed() {
    quicward_conf "mode = \"nat\"; nat = { $1 };
${2:-}" >"$LAB_DIR/quicward.conf"
    quicward_ask reload
}

refused() { # PATTERN KEYS
    changed "$2" >"$LAB_DIR/refused" 2>&1 && return 1
    shows "$1" cat "$LAB_DIR/refused"
}

# speaks PORT: an inside endpoint asks, and has the external endpoint that it had.
speaks() {
    ask "$C4:$1" "$S4:7000" && [ "$(external_of "$C4:$1")" = "${HAD[$1]}" ]
}

begins() { # PORT PATTERN: it is answered, and its external endpoint is like this
    ask "$C4:$1" "$S4:7000" || return 1
    HAD[$1]=$(external_of "$C4:$1")
    shows "$2" echo "${HAD[$1]}"
}

all_speak() { # PORT...
    local port
    for port in "$@"; do
        speaks "$port" || { echo "port $port: was ${HAD[$port]}, is $(external_of "$C4:$port")" && return 1; }
    done
}

# Asks, waits, and asks again, over all that happens meanwhile.
connection_begin() {
    in_client timeout 300 "$QUICGO" client "$(endpoint 4 4434)" server.test size=1000 wait=60000 >"$LAB_DIR/go" 2>&1 &
    CONNECTION=$!
}

rules_have() { # ADDRESS
    in_router sh -c 'iptables-save; iptables-legacy-save; nft list ruleset' 2>/dev/null | grep -q "${1//./\\.}\b"
}

declare -A HAD
check 'a flow on the first address' begins 5001 '^198\.51\.100\.7:2[0-3]'
connection_begin
check 'a connection of quic-go' wait_for 5 flow_is '.server == "203.0.113.2:4434" and .state == "confirmed"'
OUTER=$(flows_json | jq -r 'select(.server == "203.0.113.2:4434") | .external')

check 'other ports' changed 'external = ["198.51.100.7"]; ports = ["24000-27999"];'
check 'flows on those before go on' all_speak 5001
check 'new ones are on the others' begins 5003 '^198\.51\.100\.7:2[4-7]'

check 'two more addresses, and the first is gone' changed 'external = ["198.51.100.8", "198.51.100.9"]; ports = ["28000-31999"];'
check 'the flows go on' all_speak 5001 5003
check 'new flows of the same host are on another address' begins 5005 '^198\.51\.100\.[89]:(28|29|3)'
check 'the statistics show that the first one drains' \
    shows '198\.51\.100\.7 true' sh -c "'$QUICWARD' stats --json -s '$LAB_DIR/control' | jq -r '.stats.nat.addresses[] | \"\\(.address) \\(.draining)\"'"
check 'the rules have all three' eval 'rules_have 198.51.100.7 && rules_have 198.51.100.8 && rules_have 198.51.100.9'
check 'more addresses than there are places for are refused' \
    refused 'nat.external has too many new addresses' 'external = ["198.51.100.20", "198.51.100.21", "198.51.100.22", "198.51.100.23", "198.51.100.24"];'
check '"auto" in the place of addresses is refused' refused 'nat\.external' 'external = "auto";'
check 'nothing changed' all_speak 5001 5003 5005

changed 'external = ["198.51.100.8", "198.51.100.9"]; ports = ["28000-31999"];' >/dev/null
kill -KILL "$QUICWARD_PID"
wait "$QUICWARD_PID" 2>/dev/null
lab_spawn "$LAB_ROUTER" quicward "$QUICWARD" run -c "$LAB_DIR/quicward.conf"
QUICWARD_PID=$LAB_PID
check 'after a kill -9 it starts' wait_for 10 quicward_ready
check 'and all flows go on' all_speak 5001 5003 5005
check 'the state file is sound' "$QUICWARD" state check "$LAB_DIR/main.state"

check 'the first address comes back' changed 'external = ["198.51.100.7", "198.51.100.8"]; masquerade = true;'
check 'the flows go on' all_speak 5001 5003 5005
check 'masquerading came with it' wait_for 2 shows masquerade rules_all
check 'and goes' changed 'external = ["198.51.100.7", "198.51.100.8"];'
check_not 'without a trace' shows masquerade rules_all
check 'the connection of quic-go went on, from the same endpoint' \
    [ "$(flows_json | jq -r 'select(.server == "203.0.113.2:4434" and .state == "confirmed") | .external')" = "$OUTER" ]
kill $CONNECTION 2>/dev/null
wait $CONNECTION 2>/dev/null
check 'quicward ends cleanly' stop_quicward
case_end
