# shellcheck shell=bash
# The lab of three routers that share their hosts: a owns the first address and the first prefixes, b the second ones, c nothing; each
# may take over all.
#
#   client c0 10.0.0.2, hosts -- bridge -- lan0 10.0.0.11 / 12 / 13   a / b / c   wan0 198.51.100.11 / 12 / 13 -- bridge -- s0 server
#          2001:db8:1::2                   2001:db8:1::11 ...                     2001:db8:2::11 ...              198.51.100.2 and more
#   sync0 172.16.0.1, 2, 3 of each, on a bridge of their own
#
# The client spreads flows over the three; the server does for hosts inside that it knows (mode firewall, IPv6). Whoever owns the
# first thing has 198.51.100.7 and 2001:db8:2::7, the second 198.51.100.8 and 2001:db8:2::8. By the mark of a router what comes from inside
# is routed to its lan0, and what comes from outside to its wan0. Files of router X stand in LAB_DIR/X. What
# is one router's alone is done by the functions of pair.sh.
# shellcheck disable=SC2034,SC2153 # read by the case and by other parts
declare -A TRIO_REDIS=() TRIO_NUMBER=([a]=11 [b]=12 [c]=13)
TRIO=(a b c)
TRIO_HOSTS=24 # of each family: half of them in each of the prefixes

trio_host4() { echo "10.0.0.$(($1 < TRIO_HOSTS / 2 ? 32 + $1 : 192 + $1))"; } # N: below and above 10.0.0.128
trio_host6() { echo "2001:db8:1:$(($1 < TRIO_HOSTS / 2 ? 1 : 2))::$((16 + $1))"; }

trio_lab_up() {
    local router bridges
    C4=10.0.0.2 C6=2001:db8:1::2 S4=198.51.100.2 S6=2001:db8:2::2
    lab_name
    PAIR_DAEMON=() TRIO_REDIS=()
    bridges=$LAB_TRANSIT
    PAIR_NS=([a]=$LAB_ROUTER [b]=qw-$LAB_ID-second [c]=qw-$LAB_ID-third)
    LAB_OTHERS=("${PAIR_NS[b]}" "${PAIR_NS[c]}")
    lab_namespaces "$LAB_CLIENT" "$LAB_SERVER" "$bridges" "${PAIR_NS[@]}" || return 1
    for router in lan wan sync; do
        ip -n "$bridges" link add $router type bridge && ip -n "$bridges" link set $router up || return 1
    done
    trio_cable "$LAB_CLIENT" c0 lan-end && trio_cable "$LAB_SERVER" s0 wan-end || return 1
    for router in "${TRIO[@]}"; do
        mkdir -p "$LAB_DIR/$router"
        trio_cable "${PAIR_NS[$router]}" lan0 "lan-$router" && trio_cable "${PAIR_NS[$router]}" wan0 "wan-$router" &&
            trio_cable "${PAIR_NS[$router]}" sync0 "sync-$router" || return 1
        trio_router "$router"
    done
    lab_no_bundles
    trio_ends
    trio_own a 7 && trio_own b 8
    lab_hosts
}

trio_cable() { # NAMESPACE INTERFACE PORT: to the bridge that the port's name begins with
    ip link add "$2" netns "$1" type veth peer name "$3" netns "$LAB_TRANSIT" || return 1
    ip -n "$LAB_TRANSIT" link set "$3" master "${3%-*}"
    ip -n "$LAB_TRANSIT" link set "$3" up
}

# Its addresses, and the operator's rules of routing: by the mark of each other router to that. Packets that go back by where they
# came from must not have their senders told of a better way (redirects).
trio_router() { # ROUTER
    local ns=${PAIR_NS[$1]} number=${TRIO_NUMBER[$1]} other family
    lab_sysctl "$ns" net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.conf.all.send_redirects=0 \
        net.ipv4.conf.default.send_redirects=0 net.ipv6.conf.all.keep_addr_on_down=1
    lab_sysctl "$ns" net.ipv4.conf.lan0.send_redirects=0 net.ipv4.conf.wan0.send_redirects=0
    lab_link "$ns" lan0 "10.0.0.$number/24" "2001:db8:1::$number/60"
    lab_link "$ns" wan0 "198.51.100.$number/24" "2001:db8:2::$number/64"
    lab_link "$ns" sync0 "172.16.0.$number/24" "fd00::$number/64"
    for other in "${TRIO[@]}"; do
        [ "$other" = "$1" ] || trio_way "$ns" "${TRIO_NUMBER[$other]}"
    done
}

trio_way() { # NAMESPACE NUMBER: of the other router, which is its mark, too
    ip -n "$1" rule add pref 100 iif lan0 fwmark "$2/0x3ffffff" lookup "1$2"
    ip -n "$1" -6 rule add pref 100 iif lan0 fwmark "$2/0x3ffffff" lookup "1$2"
    ip -n "$1" rule add pref 100 iif wan0 fwmark "$2/0x3ffffff" lookup "2$2"
    ip -n "$1" -6 rule add pref 100 iif wan0 fwmark "$2/0x3ffffff" lookup "2$2"
    ip -n "$1" route add default via "10.0.0.$2" dev lan0 table "1$2"
    ip -n "$1" -6 route add default via "2001:db8:1::$2" dev lan0 table "1$2"
    ip -n "$1" route add default via "198.51.100.$2" dev wan0 table "2$2"
    ip -n "$1" -6 route add default via "2001:db8:2::$2" dev wan0 table "2$2"
}

trio_ends() {
    local i
    lab_sysctl "$LAB_CLIENT" net.ipv4.fib_multipath_hash_policy=1 net.ipv6.fib_multipath_hash_policy=1 \
        net.ipv4.conf.c0.accept_redirects=0 net.ipv6.conf.c0.accept_redirects=0
    lab_sysctl "$LAB_SERVER" net.ipv4.fib_multipath_hash_policy=1 net.ipv6.fib_multipath_hash_policy=1 \
        net.ipv4.conf.s0.accept_redirects=0 net.ipv6.conf.s0.accept_redirects=0
    lab_link "$LAB_CLIENT" c0 "$C4/24" "$C6/60"
    lab_link "$LAB_SERVER" s0 "$S4/24" "$S6/64"
    for ((i = 0; i < TRIO_HOSTS; i++)); do
        ip -n "$LAB_CLIENT" addr add "$(trio_host4 $i)/24" dev c0
        ip -n "$LAB_CLIENT" addr add "$(trio_host6 $i)/60" dev c0 nodad
    done
    trio_routes 11 12 13
}

# trio_routes NUMBER...: flows are spread over these routers.
trio_routes() {
    local number lan4='' lan6='' wan4='' wan6=''
    for number in "$@"; do
        lan4="$lan4 nexthop via 10.0.0.$number dev c0"
        lan6="$lan6 nexthop via 2001:db8:1::$number dev c0"
        wan4="$wan4 nexthop via 198.51.100.$number dev s0"
        wan6="$wan6 nexthop via 2001:db8:2::$number dev s0"
    done
    # shellcheck disable=SC2086 # words
    ip -n "$LAB_CLIENT" route replace default $lan4
    ip -n "$LAB_CLIENT" -6 route del default 2>/dev/null
    # shellcheck disable=SC2086
    ip -n "$LAB_CLIENT" -6 route add default $lan6
    # shellcheck disable=SC2086
    ip -n "$LAB_SERVER" route replace 10.0.0.0/24 $wan4
    ip -n "$LAB_SERVER" -6 route del 2001:db8:1::/60 2>/dev/null
    # shellcheck disable=SC2086
    ip -n "$LAB_SERVER" -6 route add 2001:db8:1::/60 $wan6
}

# trio_own ROUTER 7|8, trio_disown ROUTER 7|8: as a VRRP daemon does.
trio_own() {
    local ns=${PAIR_NS[$1]} mac
    ip -n "$ns" addr add "198.51.100.$2/24" dev wan0
    ip -n "$ns" addr add "2001:db8:2::$2/64" dev wan0 nodad
    mac=$(ip -n "$ns" -j link show dev wan0 | jq -r '.[0].address')
    ip -n "$LAB_SERVER" neigh replace "198.51.100.$2" lladdr "$mac" nud reachable dev s0
}

trio_disown() {
    ip -n "${PAIR_NS[$1]}" addr del "198.51.100.$2/24" dev wan0
    ip -n "${PAIR_NS[$1]}" addr del "2001:db8:2::$2/64" dev wan0
} 2>/dev/null

# trio_redis ROUTER: its own store, and a copy of each of the others'.
trio_redis() {
    local other
    trio_redis_server "$1" own --bind "172.16.0.${TRIO_NUMBER[$1]}" --port 6379 --repl-diskless-sync-delay 0 || return 1
    for other in "${TRIO[@]}"; do
        [ "$other" = "$1" ] || trio_redis_server "$1" "$other" --port 0 --replicaof "172.16.0.${TRIO_NUMBER[$other]}" 6379 \
            --repl-timeout 10 || return 1
    done
}

trio_redis_server() { # ROUTER NAME OPTION...
    pair_redis_server "$@"
    TRIO_REDIS[$1]="${TRIO_REDIS[$1]:-} $LAB_PID"
    wait_for 5 test -S "$LAB_DIR/$1/$2.sock"
}

# trio_conf ROUTER MODE
trio_conf() {
    local dir=$LAB_DIR/$1 other peers=''
    for other in "${TRIO[@]}"; do
        [ "$other" = "$1" ] ||
            peers="$peers${peers:+, }{ router = \"$other\"; store = \"$dir/$other.sock\"; mark = ${TRIO_NUMBER[$other]}; }"
    done
    router_conf "$1" "$2" '"198.51.100.7", "198.51.100.8"' "peers = ( $peers ); owners = ( $(trio_owners "$2") );"
}

trio_owners() { # MODE
    local first='"2001:db8:1:1::/64"' second='"2001:db8:1:2::/64"'
    [ "$1" = nat ] || first="$first, \"10.0.0.0/25\"" second="$second, \"10.0.0.128/25\""
    echo "{ address = \"198.51.100.7\"; prefixes = [$first]; routers = [\"a\", \"b\", \"c\"]; },"
    echo "{ address = \"198.51.100.8\"; prefixes = [$second]; routers = [\"b\", \"a\", \"c\"]; }"
}

# trio_count ROUTER FILTER: a number of its `quicward stats --json`.
trio_count() {
    pair_ask "$1" stats --json | jq ".stats | $2"
}

# trio_power_loss ROUTER: all of it stops at once, links first.
trio_power_loss() {
    local ns=${PAIR_NS[$1]} link
    for link in lan0 wan0 sync0; do ip -n "$ns" link set $link down; done
    # shellcheck disable=SC2086 # pids
    kill -KILL "${PAIR_DAEMON[$1]}" ${TRIO_REDIS[$1]}
    # shellcheck disable=SC2086
    wait "${PAIR_DAEMON[$1]}" ${TRIO_REDIS[$1]} 2>/dev/null
    TRIO_REDIS[$1]=''
    rm -f "$LAB_DIR/$1"/*.state
}

# trio_power_back ROUTER: it owns nothing, and knows nothing. Routes went with the links.
trio_power_back() {
    local ns=${PAIR_NS[$1]} link other
    for link in lan0 wan0 sync0; do ip -n "$ns" link set $link up; done
    for other in "${TRIO[@]}"; do
        [ "$other" = "$1" ] || trio_way "$ns" "${TRIO_NUMBER[$other]}"
    done 2>/dev/null
    trio_redis "$1" && pair_start "$1"
}
