#!/usr/bin/env bash
# K1: conntrackd beside quicward, by the files of conf/cluster: when the active router of a pair loses its power, and when the other one does,
# connections of TCP go on as those of UDP do, the server speaking alone, through a kernel that translates IPv4 and lets nothing in that
# nobody asked for.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without keepalived conntrackd conntrack redis-server redis-cli iptables curl python3
lab_trap

# Connections outlive a router that dies only where the other one knows them: SNAT, and what is new from outside is dropped.
tcp_rules() { # ROUTER
    local ns=${PAIR_NS[$1]} tool
    ip netns exec "$ns" iptables -t nat -A POSTROUTING -o wan0 -p tcp -s 10.0.0.0/24 -j SNAT --to-source "$X4" || return 1
    for tool in iptables ip6tables; do
        ip netns exec "$ns" $tool -A FORWARD -i wan0 -p tcp -m conntrack --ctstate ESTABLISHED -j ACCEPT &&
            ip netns exec "$ns" $tool -A FORWARD -i wan0 -p tcp -j DROP || return 1
    done
}

tcp_sync() { # ROUTER
    local dir=$LAB_DIR/$1
    sed "s|/var/lock/conntrack.lock|$dir/conntrackd.lock|; s|/var/run/conntrackd.ctl|$dir/conntrackd.ctl|; s|Syslog on|LogFile $dir/conntrackd.log|
        /UDP {/,/}/ { s|IPv4_address .*|IPv4_address ${PAIR_SYNC[$1]}|
        s|IPv4_Destination_Address .*|IPv4_Destination_Address ${PAIR_SYNC[$(PAIR_OTHER_OF "$1")]}| }" \
        "$QW_ROOT/conf/cluster/conntrackd.conf" >"$dir/conntrackd.conf" || return 1
    rm -f "$dir/conntrackd.lock" "$dir/conntrackd.ctl"
    lab_spawn "${PAIR_NS[$1]}" "$1-conntrackd" conntrackd -C "$dir/conntrackd.conf"
    SYNC[$1]=$LAB_PID
    wait_for 5 test -S "$dir/conntrackd.ctl"
}

connects() { # FAMILY
    lab_spawn "$LAB_CLIENT" "tcp$1" curl -sN --max-time 300 "telnet://$(if [ "$1" = 4 ]; then echo "$S4"; else echo "[$S6]"; fi):8000"
    wait_for 5 lines_after "$1" 0
}

lines() { # FAMILY
    wc -l <"$LAB_DIR/tcp$1.log"
}

lines_after() { # FAMILY NUMBER
    [ "$(lines "$1")" -gt "$2" ]
}

knows_tcp() { # ROUTER
    local family count=0
    for family in ipv4 ipv6; do
        count=$((count + $(ip netns exec "${PAIR_NS[$1]}" conntrack -L -f $family -p tcp --dport 8000 2>/dev/null | grep -c ASSURED)))
    done
    echo "$count connections"
    [ "$count" = 2 ]
}

goes_on() { # FAMILY
    local before
    before=$(lines "$1")
    wait_for 5 lines_after "$1" $((before + 20))
}

asks() {
    in_client "$QW_TOOLS/udp_ask" "$C4:5000" "$S4:7000" question 5000
}

loses_power() { # FROM TO
    check "$1 to $2: both know of TCP" wait_for 5 knows_tcp "$2"
    check "$1 to $2: $2 knows of UDP" wait_for 10 pair_is "$2" '.peer.flows >= 1'
    pair_endpoints "$1" >"$LAB_DIR/endpoints"
    kill -KILL "${SYNC[$1]}"
    wait "${SYNC[$1]}" 2>/dev/null
    pair_power_loss "$1"
    ip netns exec "${PAIR_NS[$1]}" conntrack -F 2>/dev/null
    check "$1 to $2: $2 has the addresses" wait_for 5 pair_is "$2" '.role == "active"'
    for family in 4 6; do
        check "$1 to $2: TCP over IPv$family goes on, the server speaking" goes_on $family
    done
    check "$1 to $2: so does UDP" asks
    check "$1 to $2: from the same endpoint" test -z "$(comm -23 "$LAB_DIR/endpoints" <(pair_endpoints "$2"))"
}

declare -A SYNC=()
pair_lab_up vrrp || exit 1
serve_echo 7000
for address in "$S4" "$S6"; do
    lab_spawn "$LAB_SERVER" "drip-$address" python3 "$QW_ROOT/integration/lib/drip.py" "$address" 8000
done
for router in a b; do
    pair_conf $router nat >"$LAB_DIR/$router/quicward.conf"
    check "$router: rules of the kernel's own" tcp_rules $router
    check "$router: conntrackd" tcp_sync $router
    check "$router: stores" pair_redis $router
    check "$router: quicward" pair_start $router
    check "$router: keepalived" pair_vrrp $router
    [ $router = b ] || check 'a is active' wait_for 5 pair_is a '.role == "active"'
done
check 'a way through' lab_reachable
check 'UDP' asks
check 'and again, so that it is copied' asks
for family in 4 6; do
    check "TCP over IPv$family" connects $family
done
loses_power a b
check 'a returns' pair_power_back a
check 'with its conntrackd' tcp_sync a
check 'and stands by' wait_for 5 pair_is a '.role == "standby" and .peer.active'
loses_power b a
case_end
