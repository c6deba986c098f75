# shellcheck shell=bash
# The lab of a pair: a client, a server, two routers of which one has the addresses, and a link between these for their stores.
#
#   client c0 10.0.0.2 -- bridge -- lan0 10.0.0.11 / .12   a / b   wan0 198.51.100.11 / .12 -- bridge -- s0 198.51.100.2 server
#          2001:db8:1::2           2001:db8:1::11 / 12             2001:db8:2::11 / 12                2001:db8:2::2
#   sync0 172.16.0.1 (a) -- 172.16.0.2 (b)
#
# Whoever is active has 10.0.0.1, 198.51.100.7, 2001:db8:1::1 and 2001:db8:2::1 besides. Each router has two Redis servers: "own",
# which its quicward writes, and "copy", a replica of the other's. Files of router X stand in LAB_DIR/X.
# shellcheck disable=SC2034,SC2153 # read by the cases and by other parts
declare -A PAIR_NS=() PAIR_DAEMON=() PAIR_OWN=() PAIR_COPY=() PAIR_VRRP=() PAIR_SYNC=([a]=172.16.0.1 [b]=172.16.0.2)
PAIR_OTHER_OF() { if [ "$1" = a ]; then echo b; else echo a; fi; }

# pair_lab_up [vrrp]: a is active; with "vrrp" nobody is until pair_vrrp.
pair_lab_up() {
    local router bridges
    PAIR_VRRP=()
    C4=10.0.0.2 C6=2001:db8:1::2 S4=198.51.100.2 S6=2001:db8:2::2 X4=198.51.100.7
    lab_name
    mkdir -p "$LAB_DIR/a" "$LAB_DIR/b" || return 1
    PAIR_NS=([a]=$LAB_ROUTER [b]=qw-$LAB_ID-second)
    bridges=$LAB_TRANSIT
    LAB_OTHERS=("${PAIR_NS[b]}")
    lab_namespaces "$LAB_CLIENT" "${PAIR_NS[a]}" "${PAIR_NS[b]}" "$bridges" "$LAB_SERVER" || return 1
    ip -n "$bridges" link add lan type bridge && ip -n "$bridges" link add wan type bridge || return 1
    ip link add c0 netns "$LAB_CLIENT" type veth peer name lan-c netns "$bridges" || return 1
    ip link add s0 netns "$LAB_SERVER" type veth peer name wan-s netns "$bridges" || return 1
    for router in a b; do
        ip link add lan0 netns "${PAIR_NS[$router]}" type veth peer name lan-$router netns "$bridges" || return 1
        ip link add wan0 netns "${PAIR_NS[$router]}" type veth peer name wan-$router netns "$bridges" || return 1
    done
    ip link add sync0 netns "${PAIR_NS[a]}" type veth peer name sync0 netns "${PAIR_NS[b]}" || return 1
    lab_no_bundles
    pair_addresses "$bridges"
    lab_hosts
    [ "${1:-}" != vrrp ] || return 0
    pair_active a
    lab_reachable
}

pair_addresses() { # BRIDGES
    local port router number=11
    for port in lan-c lan-a lan-b wan-s wan-a wan-b; do
        ip -n "$1" link set $port master "${port%-*}"
        ip -n "$1" link set $port up
    done
    ip -n "$1" link set lan up
    ip -n "$1" link set wan up
    lab_link "$LAB_CLIENT" c0 "$C4/24" "$C6/64"
    lab_link "$LAB_SERVER" s0 "$S4/24" "$S6/64"
    for router in a b; do
        lab_link "${PAIR_NS[$router]}" lan0 10.0.0.$number/24 2001:db8:1::$number/64
        lab_link "${PAIR_NS[$router]}" wan0 198.51.100.$number/24 2001:db8:2::$number/64
        ip -n "${PAIR_NS[$router]}" addr add "${PAIR_SYNC[$router]}/30" dev sync0
        ip -n "${PAIR_NS[$router]}" link set sync0 up
        lab_sysctl "${PAIR_NS[$router]}" net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
        number=$((number + 1))
    done
    ip -n "$LAB_CLIENT" route add default via 10.0.0.1
    ip -n "$LAB_CLIENT" -6 route add default via 2001:db8:1::1
    ip -n "$LAB_SERVER" route add 10.0.0.0/24 via "$X4"
    ip -n "$LAB_SERVER" -6 route add 2001:db8:1::/64 via 2001:db8:2::1
}

# pair_active ROUTER: gives it the addresses, as a VRRP daemon does, and tells the neighbours.
pair_active() {
    local ns=${PAIR_NS[$1]} address
    ip -n "$ns" addr add "$X4/24" dev wan0
    ip -n "$ns" addr add 10.0.0.1/24 dev lan0
    ip -n "$ns" addr add 2001:db8:1::1/64 dev lan0 nodad
    ip -n "$ns" addr add 2001:db8:2::1/64 dev wan0 nodad
    for address in 10.0.0.1 2001:db8:1::1; do pair_neighbour "$LAB_CLIENT" c0 "$ns" lan0 "$address"; done
    for address in "$X4" 2001:db8:2::1; do pair_neighbour "$LAB_SERVER" s0 "$ns" wan0 "$address"; done
}

# What a gratuitous ARP, or an unsolicited neighbour advertisement, would tell.
pair_neighbour() { # WHERE INTERFACE ROUTER-NAMESPACE INTERFACE ADDRESS
    local mac
    mac=$(ip -n "$3" -j link show dev "$4" | jq -r '.[0].address')
    ip -n "$1" neigh replace "$5" lladdr "$mac" nud reachable dev "$2"
}

# pair_standby ROUTER: takes them away.
pair_standby() {
    local ns=${PAIR_NS[$1]}
    ip -n "$ns" addr del 10.0.0.1/24 dev lan0
    ip -n "$ns" addr del "$X4/24" dev wan0
    ip -n "$ns" addr del 2001:db8:1::1/64 dev lan0
    ip -n "$ns" addr del 2001:db8:2::1/64 dev wan0
} 2>/dev/null

# pair_vrrp ROUTER: its keepalived, with the file of conf/cluster; with its lines about conntrackd where a case has that.
pair_vrrp() {
    local router=$1 dir=$LAB_DIR/$1 priority=110
    [ "$router" = a ] || priority=100
    sed "s/priority 110/priority $priority/" "$QW_ROOT/conf/cluster/keepalived.conf" >"$dir/keepalived.conf" || return 1
    [ ! -s "$dir/conntrackd.conf" ] ||
        sed -Ei "s/# (script_user|enable_script|notify_master)/\1/; s|conntrackd -R|conntrackd -C $dir/conntrackd.conf -R|" "$dir/keepalived.conf"
    rm -f "$dir/keepalived.pid" "$dir/vrrp.pid"
    lab_spawn "${PAIR_NS[$router]}" "$router-keepalived" keepalived --dont-fork --log-console --log-detail --vrrp \
        --use-file "$dir/keepalived.conf" --pid "$dir/keepalived.pid" --vrrp_pid "$dir/vrrp.pid"
    PAIR_VRRP[$router]=$LAB_PID
    wait_for 5 test -s "$dir/vrrp.pid"
}

# pair_owns ROUTER: it has the addresses.
pair_owns() {
    ip -n "${PAIR_NS[$1]}" -o addr show to "$X4/32" | grep -q . && ip -n "${PAIR_NS[$1]}" -o addr show to 2001:db8:2::1/128 | grep -q .
}

# pair_redis_files ROUTER: writes the files of conf/cluster for it, with TLS between the routers and passwords; pair_redis takes them. As
# with Debian's units the servers are not root, and their sockets are for root only by its group: pair_start puts quicward into that.
pair_redis_files() {
    local router=$1 dir=$LAB_DIR/$1 which other
    other=$(PAIR_OTHER_OF "$1")
    pair_certificate "$router" || return 1
    for which in own copy; do
        install -d -o redis -g redis -m 2755 "$dir/$which" && ln -sfn "$which/redis.sock" "$dir/$which.sock" || return 1
        sed -E "s|/run/redis-$which|$dir/$which|; s|/etc/redis/quicward-users.acl|$dir/users.acl|
            s|^bind .*|bind ${PAIR_SYNC[$router]}|; s|^replicaof 172.16.0.2|replicaof ${PAIR_SYNC[$other]}|; s|^# (tls-)|\1|; s|^port 6379|port 0|
            s|/etc/redis/a\.|$dir/tls.|; s|/etc/redis/ca.crt|$LAB_DIR/sync-ca.crt|" \
            "$QW_ROOT/conf/cluster/redis-$which.conf" >"$dir/$which.conf" || return 1
    done
    sed 's/:edge1:/:lab:/; s/CHANGE-ME-TOO/of-the-replica/; s/CHANGE-ME/of-quicward/' "$QW_ROOT/conf/cluster/users.acl" >"$dir/users.acl"
    sed -i 's/CHANGE-ME-TOO/of-the-replica/' "$dir/copy.conf"
    echo 'user lab on nopass ~* &* +@all' >>"$dir/users.acl"
    chown redis:redis "$dir"/{own,copy}.conf "$dir/users.acl" "$dir"/tls.{key,crt}
    echo of-quicward >"$dir/password" && chmod 600 "$dir/password"
    PAIR_KEYS="user = \"quicward\"; password = \"$dir/password\";"
}

# An authority that both have, and a certificate of the router.
pair_certificate() { # ROUTER
    local ca=$LAB_DIR/sync-ca dir=$LAB_DIR/$1
    [ -s "$ca.crt" ] || { certificate_key "$ca.key" &&
        openssl req -x509 -key "$ca.key" -out "$ca.crt" -days 30 -subj /CN=pair || return 1; }
    certificate_key "$dir/tls.key" && openssl req -new -key "$dir/tls.key" -out "$dir/tls.csr" -subj "/CN=$1" &&
        openssl x509 -req -in "$dir/tls.csr" -CA "$ca.crt" -CAkey "$ca.key" -CAcreateserial -days 30 -out "$dir/tls.crt" 2>/dev/null
}

# pair_redis ROUTER: starts its two servers.
pair_redis() {
    pair_redis_own "$1" && pair_redis_copy "$1"
}

pair_redis_own() { # ROUTER [OPTION...]
    local router=$1
    shift
    if [ -s "$LAB_DIR/$router/own.conf" ]; then
        pair_redis_shipped "$router" own "$@"
    else
        pair_redis_plain_own "$router" "$@"
    fi
    PAIR_OWN[$router]=$LAB_PID
    wait_for 5 test -S "$LAB_DIR/$router/own.sock"
}

pair_redis_plain_own() { # ROUTER [OPTION...]
    local router=$1
    shift
    pair_redis_server "$router" own --bind "${PAIR_SYNC[$router]}" --port 6379 --repl-diskless-sync-delay 0 "$@"
}

pair_redis_copy() { # ROUTER
    if [ -s "$LAB_DIR/$1/copy.conf" ]; then
        pair_redis_shipped "$1" copy
    else
        pair_redis_plain_copy "$1"
    fi
    PAIR_COPY[$1]=$LAB_PID
    wait_for 5 test -S "$LAB_DIR/$1/copy.sock"
}

# pair_redis_shipped ROUTER own|copy [OPTION...]: with the file that pair_redis_files wrote.
pair_redis_shipped() {
    local router=$1 which=$2
    shift 2
    rm -f "$LAB_DIR/$router/$which/redis.sock"
    lab_spawn "${PAIR_NS[$router]}" "$router-$which" setpriv --reuid redis --regid redis --clear-groups \
        redis-server "$LAB_DIR/$router/$which.conf" "$@"
}

pair_redis_plain_copy() { # ROUTER
    pair_redis_server "$1" copy --port 0 --replicaof "${PAIR_SYNC[$(PAIR_OTHER_OF "$1")]}" 6379 --repl-timeout 10
}

pair_redis_server() { # ROUTER own|copy OPTION...
    local router=$1 which=$2
    shift 2
    rm -f "$LAB_DIR/$router/$which.sock"
    lab_spawn "${PAIR_NS[$router]}" "$router-$which" redis-server --save '' --appendonly no --protected-mode no \
        --dir "$LAB_DIR/$router" --unixsocket "$LAB_DIR/$router/$which.sock" --unixsocketperm 700 "$@"
}

pair_redis_ask() { # ROUTER own|copy COMMAND...
    local socket=$LAB_DIR/$1/$2.sock user=()
    [ ! -s "$LAB_DIR/$1/users.acl" ] || user=(--user lab --pass any --no-auth-warning)
    shift 2
    redis-cli -s "$socket" "${user[@]}" "$@"
}

# pair_store_equals ROUTER: its store has a record of each flow, and no other, field by field.
pair_store_equals() {
    local user=()
    [ ! -s "$LAB_DIR/$1/users.acl" ] || user=(lab any)
    pair_ask "$1" flows --json >"$LAB_DIR/$1/flows" &&
        python3 "$QW_ROOT/integration/lib/store.py" "$LAB_DIR/$1/own.sock" lab "$1" "${PAIR_REFRESH:-30}" "$LAB_DIR/$1/flows" "${user[@]}"
}

# router_conf ROUTER MODE EXTERNAL CLUSTER-KEYS: what all routers of a cluster have alike. EXTERNAL: addresses in quotes, for mode nat.
router_conf() {
    local dir=$LAB_DIR/$1
    cat <<EOF
mode = "$2";
inside = ["lan0"];
outside = ["wan0"];
queue = { first = 7400; workers = 2; };
control = "$dir/control";
secret = "$LAB_DIR/secret";
cluster = {
    store = "$dir/own.sock";
    site = "lab"; router = "$1";
    $4
};
EOF
    [ "$2" != nat ] || echo "nat = { external = [$3]; };"
    [ -z "${QW_BACKEND:-}" ] || echo "rules_backend = \"$QW_BACKEND\";"
}

# pair_conf ROUTER MODE [SNIPPET [CLUSTER-KEYS]]
pair_conf() {
    local snippet=${3:-}
    router_conf "$1" "$2" "\"$X4\"" "peer_store = \"$LAB_DIR/$1/copy.sock\"; peer = \"$(PAIR_OTHER_OF "$1")\"; ${4:-}"
    fast_conf
    printf '%s\n' "$snippet"
}

# pair_start ROUTER: its quicward, with the file LAB_DIR/ROUTER/quicward.conf.
pair_start() {
    local group=()
    [ ! -s "$LAB_DIR/$1/users.acl" ] || group=(setpriv --groups redis)
    mkdir -p "$LAB_DIR/$1"
    lab_spawn "${PAIR_NS[$1]}" "$1-quicward" "${group[@]}" "$QUICWARD" run -c "$LAB_DIR/$1/quicward.conf"
    PAIR_DAEMON[$1]=$LAB_PID
    wait_for 10 pair_ready "$1" && ! ended "${PAIR_DAEMON[$1]}" && return 0
    sed 's/^/    | /' "$LAB_DIR/$1-quicward.log"
    return 1
}

pair_ready() { # ROUTER
    ended "${PAIR_DAEMON[$1]}" || { grep -qs ' mode, queue' "$LAB_DIR/$1-quicward.log" && pair_ask "$1" cluster >/dev/null 2>&1; }
}

# pair_ask ROUTER COMMAND [OPTION...]
pair_ask() {
    local socket=$LAB_DIR/$1/control request=$2
    shift 2
    "$QUICWARD" "$request" -s "$socket" "$@"
}

# pair_is ROUTER FILTER: `quicward cluster --json` of it satisfies the jq FILTER. Prints it.
pair_is() {
    pair_ask "$1" cluster --json | tee /dev/stderr | jq -e ".cluster | $2" >/dev/null
}

# pair_level: nothing waits to be written by ROUTER, and what the other reads is that.
pair_level() { # ROUTER
    pair_is "$1" '.level and .store_up' && pair_is "$(PAIR_OTHER_OF "$1")" '.peer.known and .peer.store_up and .peer.age < 3'
} 2>/dev/null

# pair_endpoints ROUTER: "INSIDE EXTERNAL" of its mappings.
pair_endpoints() {
    pair_ask "$1" mappings --json | jq -r '"\(.inside) \(.external)"' | sort
}

# pair_begin FIRST COUNT: so many flows, from every second port; each is one that is copied.
pair_begin() {
    local n from
    for ((n = 0; n < $2; n++)); do
        from=$C4:$(($1 + 2 * n))
        in_client "$QW_TOOLS/udp_ask" "$from" "$S4:7000" question 5000 && in_client "$QW_TOOLS/udp_ask" "$from" "$S4:7000" again 5000 || return 1
    done >/dev/null
}

# pair_reached FIRST COUNT: the server speaks first, to where LAB_DIR/endpoints has them.
pair_reached() {
    local n inside external hearer
    for ((n = 0; n < $2; n++)); do
        inside=$C4:$(($1 + 2 * n))
        external=$(awk -v inside="$inside" '$1 == inside { print $2 }' "$LAB_DIR/endpoints")
        in_client "$QW_TOOLS/udp_hear" "$inside" $((500 * PATIENCE)) >"$LAB_DIR/heard" &
        hearer=$!
        wait_for 2 listening "$LAB_CLIENT" "${inside##*:}"
        in_server "$QW_TOOLS/udp_send" "$S4:7001" "$external" hello
        wait $hearer || { echo "$inside ($external) hears nothing" && return 1; }
    done
}

# pair_kept ROUTER: it has the mappings of LAB_DIR/endpoints.
pair_kept() {
    local lost
    lost=$(comm -23 "$LAB_DIR/endpoints" <(pair_endpoints "$1"))
    [ -z "$lost" ] || { echo "lost or changed: $lost" && return 1; }
}

pair_has_none() { # ROUTER
    [ -z "$(pair_endpoints "$1" | tee /dev/stderr)" ]
}

pair_link_is() { # STATE: of b's copy
    pair_redis_ask b copy info replication | tr -d '\r' | grep -x "master_link_status:$1"
}

# pair_towards ROUTER: its neighbours take it for the one that has the addresses.
pair_towards() {
    pair_neighbour "$LAB_CLIENT" c0 "${PAIR_NS[$1]}" lan0 10.0.0.1
    pair_neighbour "$LAB_SERVER" s0 "${PAIR_NS[$1]}" wan0 "$X4"
}

# pair_flows ROUTER: "CLIENT SERVER EXTERNAL" of its flows that both sides use.
pair_flows() {
    pair_ask "$1" flows --json | jq -r 'select(.state != "one-way") | "\(.client) \(.server) \(.external)"' | sort
}

# pair_power_loss ROUTER: all of it stops at once, links first.
pair_power_loss() {
    local ns=${PAIR_NS[$1]} link
    for link in lan0 wan0 sync0; do ip -n "$ns" link set $link down; done
    local pids=("${PAIR_DAEMON[$1]}" "${PAIR_OWN[$1]}" "${PAIR_COPY[$1]}")
    [ -z "${PAIR_VRRP[$1]:-}" ] || pids+=("${PAIR_VRRP[$1]}" "$(cat "$LAB_DIR/$1/vrrp.pid")")
    kill -KILL "${pids[@]}"
    wait "${PAIR_DAEMON[$1]}" "${PAIR_OWN[$1]}" "${PAIR_COPY[$1]}" ${PAIR_VRRP[$1]:+"${PAIR_VRRP[$1]}"} 2>/dev/null
    pair_standby "$1"
    rm -f "$LAB_DIR/$1"/*.state
}

# pair_power_back ROUTER: as a standby, with nothing left of what it knew.
pair_power_back() {
    local ns=${PAIR_NS[$1]} link
    for link in lan0 wan0 sync0; do ip -n "$ns" link set $link up; done
    pair_redis "$1" && pair_start "$1" && { [ -z "${PAIR_VRRP[$1]:-}" ] || pair_vrrp "$1"; }
}
