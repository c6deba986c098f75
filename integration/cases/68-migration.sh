#!/usr/bin/env bash
# F1, C7, C9: a connection whose client changes its port goes on behind an allow list, in mode firewall and nat, as it does through a
# plain router: ngtcp2's client after NAT rebinding and on a new socket, and a download whose port a NAT behind the router
# changes. IPv4 and IPv6. What inherits is shown with the first flow's rule; a forbidden name there stays refused, and another host or
# another server inherits nothing.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without gtlsclient gtlsserver ethtool
ALLOW='default_out = "drop"; rules = ( { name = "ours"; sni = ".server.test"; action = "accept"; } );'
lab_trap
lanes_up plain allow nat || exit 1
certificate_make && serve_gtls 4433 && serve_gtls 4434 || exit 1
head -c 500000 /dev/zero | tr '\0' a >"$LAB_DIR/www/payload.txt"
lane_quicward 1 "$ALLOW" && lane_quicward 2 "mode = \"nat\"; nat = { external = [\"10.30.2.1\"]; }; $ALLOW" || exit 1

all_got_it() {
    local lane status=0
    for lane in "${!LANES[@]}"; do
        echo "${LANES[$lane]}: status $(cat "$LAB_DIR/run-$lane.status"), $(grep -c ^flow "$LAB_DIR/run-$lane") flows"
        [ "$(cat "$LAB_DIR/run-$lane.status")" = 0 ] || status=1
    done
    return $status
}

# goes_on WHAT NEAR [OPTION...]: ngtcp2's client in all lanes.
goes_on() {
    lanes_run "delay=5 $2" '' lane_gtls $family 4433 --timeout=3s "${@:3}"
    check "IPv$family $1" all_got_it
}

# inherited LANE: the flow that began with short headers has the rule of the one before it.
inherited() {
    lane_ask "$1" flows --json | tee /dev/stderr |
        jq -se 'any(.[]; .state == "two-way" and .rule == "ours" and .sni == null)' >/dev/null
}

for family in 4 6; do
    goes_on 'NAT rebinding' '' --change-local-addr=50ms --nat-rebinding --delay-stream=200ms
    goes_on 'a new socket' '' --change-local-addr=50ms --delay-stream=200ms
    export QW_PATH=payload.txt
    goes_on 'a NAT behind the router forgets the port' rebind=8,30
    unset QW_PATH
done
check 'allow: they inherited the rule' inherited 1
check 'nat: they inherited the rule' inherited 2

blocked_connects() {
    QW_DOMAIN=blocked.test lane_run 1 '' '' lane_gtls 1 "$1" 4433 --handshake-timeout=1s
}
for family in 4 6; do
    check_not "IPv$family a forbidden name is refused as before" blocked_connects $family
done

# short_arrives LANE HOST SERVER-PORT: a datagram that begins like a short header, from host 10.20.LANE.HOST, arrives at the server.
short_arrives() {
    sees "$LAB_SERVER" "s$1" "udp and dst port $3 and udp[4:2] == 30" lane_run "$1" '' '' send_short "$@"
}

# The links end with the command, and the datagram may still wait for the server's MAC address then.
send_short() { # LANE HOST SERVER-PORT
    in_client "$QW_TOOLS/udp_send" "10.20.$1.$2:7001" "10.30.$1.2:$3" '@012345678901234567890'
    wait_for 2 test -s "$LAB_DIR/seen.log"
}
for lane in 1 2; do
    ip -n "$LAB_CLIENT" addr add "10.20.$lane.3/24" dev "c$lane"
    check "${LANES[$lane]}: short headers from a client that is connected there" short_arrives $lane 2 4433
    check_not "${LANES[$lane]}: none to a server port where it is not" short_arrives $lane 2 4434
    check_not "${LANES[$lane]}: none from another host" short_arrives $lane 3 4433
done
case_end
