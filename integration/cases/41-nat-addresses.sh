#!/usr/bin/env bash
# N1, N11: with several external addresses each inside host keeps one of them for all its ports, and hosts are spread over them,
# be they addresses of the router or only routed to it; a forward stands on the address that it names. Traceroute to it from inside
# shows the router, whichever address the host has.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without traceroute
lab_trap
nat_lab_up || exit 1
ip -n "$LAB_ROUTER" addr add 198.51.100.8/24 dev wan0
# The third one is no address of the router: it is only routed there.
ip -n "$LAB_TRANSIT" route add 198.51.100.9/32 via "$X4"
start_nat 'external = ["198.51.100.7", "198.51.100.8", "198.51.100.9"];
    forwards = ( { external = "198.51.100.9"; port = 8443; to = "10.0.0.3:7000"; } );' || exit 1

# addresses: "HOST ADDRESS" of every mapping, each once.
addresses() {
    mappings_json | jq -r 'select(.forward | not) | "\(.inside | sub(":.*"; "")) \(.external | sub(":.*"; ""))"' | sort -u
}

# traced ADDRESS: a host that has this address outside sees the router answer on the way to the forward.
traced() {
    local host
    host=$(addresses | awk -v address="$1" '$2 == address { print $1; exit }')
    shows '^ 1  198\.51\.100\.' in_client timeout 60 traceroute -n -q 1 -w 1 -m 1 -U -s "$host" -p 8443 198.51.100.9
}

many_asked() {
    local host port
    for ((host = 2; host < NAT_HOSTS + 2; host++)); do
        for port in 5000 5001 6000 7777; do
            ask 10.0.0.$host:$port "$S4:7000" || return 1
        done
    done
}

serve_echo 7000 || exit 1
lab_spawn "$LAB_CLIENT" echo-inside "$QW_TOOLS/udp_echo" 10.0.0.3:7000
check 'of the one that is no address of the router the daemon says so' \
    [ "$(grep -o '[0-9.]* (nat.external) is not an address' "$LAB_DIR/quicward.log")" = '198.51.100.9 (nat.external) is not an address' ]
check "$NAT_HOSTS hosts with four ports each are answered" many_asked
check 'every host has one address' [ "$(addresses | wc -l)" = "$NAT_HOSTS" ]
check 'all three addresses serve' [ "$(addresses | cut -d' ' -f2 | sort -u | wc -l)" = 3 ]
check 'the forward stands on its address' in_server "$QW_TOOLS/udp_ask" "$S4:6000" 198.51.100.9:8443 question 20000
check 'and on no other' status_is 1 in_server "$QW_TOOLS/udp_ask" "$S4:6001" 198.51.100.8:8443 question 300
check 'from inside too' ask 10.0.0.4:6001 198.51.100.9:8443
for address in 198.51.100.7 198.51.100.8 198.51.100.9; do
    check "traceroute from inside, from $address" traced $address
done
check 'quicward ends cleanly' stop_quicward
case_end
