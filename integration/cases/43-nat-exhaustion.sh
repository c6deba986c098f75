#!/usr/bin/env bash
# N10, N2, N13: a whole address in use, some 64,000 mappings: only first packets of new mappings are dropped, with ICMP host
# unreachable, counted and told as an event; whoever has a mapping keeps it. A port that was released rests for two minutes; then
# it works at once.
# long: 280 s
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
EXISTING=40
lab_trap
nat_lab_up || exit 1
# Ports that the router may take for itself are not handed out.
lab_sysctl "$LAB_ROUTER" net.ipv4.ip_local_port_range='65400 65500'
start_nat 'per_host = 65000;' 'flows = { max = 200000; };' || exit 1
serve_echo 7000 || exit 1
# Nobody answers here, and nobody refuses.
lab_spawn "$LAB_SERVER" silent "$QW_TOOLS/udp_hear" "$S4:7001" 600000
serve_wait 7001 || exit 1

# All hosts ask for the same, so that none is held to less by its fair share.
hosts=("$C4")
for ((host = 3; host < NAT_HOSTS + 2; host++)); do
    hosts+=("10.0.0.$host")
done

# Twice, and on a slow machine more often: what a full queue lost comes again.
fill() {
    local pass
    for ((pass = 0; pass < 2 || (pass < 10 && $(stat_of 'reasons["no-port"]') == 0); pass++)); do
        in_client "$QW_TOOLS/many_send" "$S4:7001" 10000 3600 "${hosts[@]}" || return 1
        echo "pass $pass: $(mapped) mapped after $((SECONDS - began)) s"
    done
}

# rest_until SECONDS: after the last of them was asked for.
rest_until() {
    local left=$((filled + $1 - SECONDS))
    [ $left -le 0 ] || sleep $left
}

existing_asked() {
    local port
    for ((port = 5000; port < 5000 + EXISTING; port++)); do
        ask "$C4:$port" "$S4:7000" || return 1
    done
}

existing_ports() {
    mappings_json | jq -r --arg c "$C4:50" 'select(.inside | startswith($c)) | "\(.inside) \(.external)"' | sort
}

# unreachable PORT: its first packet is refused, as an ICMP error to the sender.
unreachable() {
    shows 'No route to host' ask "$C4:$1" "$S4:7000"
}

few_mapped() {
    [ "$(mapped)" -lt 1000 ]
}

mapped() {
    stat_of nat.mappings
}

check "$EXISTING flows" existing_asked
existing=$(existing_ports)
began=$SECONDS
check 'tens of thousands more' fill
filled=$SECONDS
check "every port is in use ($(mapped))" [ "$(mapped)" -gt 63500 ]
refused=$(stat_of 'reasons["no-port"]')
check 'more were asked for' [ "$refused" -gt 0 ]
check 'one more is refused' unreachable 5998
check 'and one of the other parity' unreachable 5999
check 'it is counted' [ "$(stat_of 'reasons["no-port"]')" -ge $((refused + 2)) ]
check 'an event tells of it' event_is '.event == "no-port" and .count > 0'
check 'those that were there go on' existing_asked
check 'by the same endpoints' [ "$(existing_ports)" = "$existing" ]

rest_until 125
check 'those that stay in use go on' existing_asked
check 'the others ended' wait_for 10 few_mapped
check 'their ports rest' unreachable 5997
rest_until 250
check 'then the next one works at once' ask "$C4:5998" "$S4:7000"
check 'and one of the other parity' ask "$C4:5999" "$S4:7000"
check 'those that stay in use go on' existing_asked
check 'by the same endpoints' [ "$(existing_ports | head -n $EXISTING)" = "$existing" ]
check 'quicward ends cleanly' stop_quicward
case_end
