# shellcheck shell=bash
# A pair of routers with keepalived, and many real connections through it, half of them by IPv6: downloads, on which only the server speaks
# of itself, and idle ones, on which nobody does. They last until failover_release. For cases/97-pair-vrrp.sh and failovers.sh.
#
# Downloads are ngtcp2's, but for some of chromium's. Idle are, in equal parts, ngtcp2's, of which the client speaks first when it is
# over, ngtcp2's of which the server does, and kdig's; and as many of chromium's as it downloads.
#
# Beside the client stands another host, 10.0.0.3, whose link carries nothing but its own beat (beat.py): what the downloads wait for in
# their queue is no gap.
# shellcheck disable=SC2034 # read by those that use it
FAILOVER_PORTS=3 # of chromium's downloads, and of its idle connections, of each family
FAILOVER_SIZE= # of ngtcp2's downloads: what takes three minutes

# failover_up: namespaces, and the servers. Nobody has the addresses yet.
failover_up() {
    pair_lab_up vrrp || return 1
    BEAT_NS=qw-$LAB_ID-beat
    LAB_OTHERS+=("$BEAT_NS" "$LAB_CLIENT")
    lab_namespaces "$BEAT_NS" || return 1
    ip link add g0 netns "$BEAT_NS" type veth peer name lan-g netns "$LAB_TRANSIT" || return 1
    ip -n "$LAB_TRANSIT" link set lan-g master lan up
    lab_link "$BEAT_NS" g0 10.0.0.3/24 2001:db8:1::3/64
    ip -n "$BEAT_NS" route add default via 10.0.0.1
    ip -n "$BEAT_NS" -6 route add default via 2001:db8:1::1
    failover_servers
}

failover_servers() {
    local n ports=() dir=$LAB_DIR/patient
    mkdir -p "$LAB_DIR/qlog" "$dir" && certificate_make || return 1
    serve_gtls 4433 --timeout=300s --handshake-timeout=60s --qlog-dir="$LAB_DIR/qlog" || return 1
    for ((n = 0; n < 2 * FAILOVER_PORTS; n++)); do ports+=("$S4:$((4450 + n))" "[$S6]:$((4450 + n))"); done
    lab_spawn "$LAB_SERVER" patient-h3 "$GO_PEER" "$dir" "$LAB_DIR/tls/cert.pem" "$LAB_DIR/tls/key.pem" h3 "${ports[@]}"
    lab_spawn "$LAB_SERVER" patient-doq "$GO_PEER" "$dir" "$LAB_DIR/tls/cert.pem" "$LAB_DIR/tls/key.pem" doq "$S4:853" "[$S6]:853"
    serve_wait 853 && serve_wait $((4449 + 2 * FAILOVER_PORTS)) && serve_echo 7000
}

# failover_beat: begins to beat inside and, of VRRP alone, on both sides.
failover_beat() {
    lab_spawn "$BEAT_NS" beat python3 "$QW_ROOT/integration/lib/beat.py" "quicward4=udp:$S4:7000" "quicward6=udp:[$S6]:7000" \
        vrrp-inside4=ping:10.0.0.1 'vrrp-inside6=ping:[2001:db8:1::1]'
    BEATS=("$LAB_PID")
    lab_spawn "$LAB_SERVER" beat-outside python3 "$QW_ROOT/integration/lib/beat.py" "vrrp-outside4=ping:$X4" 'vrrp-outside6=ping:[2001:db8:2::1]'
    BEATS+=("$LAB_PID")
}

# failover_gaps FILE: the lines of both since the last call.
failover_gaps() {
    local reports
    reports=$(failover_reports)
    kill -USR1 "${BEATS[@]}"
    wait_for 2 failover_reported $((reports + 2))
    tail -n 5 "$LAB_DIR/beat.log" >"$1"
    tail -n 3 "$LAB_DIR/beat-outside.log" | sed 's/^beat/beat-outside/' >>"$1"
}

failover_reported() { # COUNT
    [ "$(failover_reports)" = "$1" ]
}

failover_reports() {
    cat "$LAB_DIR/beat.log" "$LAB_DIR/beat-outside.log" | grep -c '^beat '
}

# ---- clients ----

# failover_client NAME COMMAND...: in the background. Its output is in clients/NAME, its status, when it is over, in clients/NAME.status.
failover_client() {
    local name=$LAB_DIR/clients/$1
    shift
    (
        QW_CLIENT_S=500 "$@" >"$name" 2>&1
        echo $? >"$name.status"
    ) &
    CLIENTS+=($!)
    [ $((${#CLIENTS[@]} % 4)) != 0 ] || sleep 0.1
}

failover_gtls() { # NAME FAMILY PORT PATH [OPTION...]
    local name=$1 family=$2 port=$3 path=$4
    shift 4
    mkdir -p "$LAB_DIR/got/$name"
    QW_PATH=$path failover_client "$name" client_gtls "$family" "$port" -q --timeout=300s --handshake-timeout=60s --download="$LAB_DIR/got/$name" "$@"
}

failover_chromium() { # FAMILY
    local n forced='' scripts='' base
    for ((n = 0; n < 2 * FAILOVER_PORTS; n++)); do
        base=server.test:$((4450 + n))
        forced+=,$base
        if [ "$n" -lt "$FAILOVER_PORTS" ]; then scripts+=",https://$base/drip?n=$n"; else scripts+=",https://$base/late?n=$n"; fi
    done
    QW_PATH="page?scripts=${scripts#,}" failover_client "chromium-$1" chromium_in "$(mktemp -d "$LAB_DIR/chromium.XXXXXX")" "${forced#,}" "$1" 4450
}

# failover_clients DOWNLOADS IDLE: so many of each, half of them of each family; 8 of each at least.
failover_clients() {
    local family n downloads=$(($1 / 2 - FAILOVER_PORTS)) idle=$(($2 / 2 - FAILOVER_PORTS))
    local rate=$((500 + 70 * $1)) # kbit/s
    CLIENTS=() STANDING=$(($1 / 2 * 2 + $2 / 2 * 2)) FAILOVER_SIZE=$((rate * 125 * 180 / (2 * downloads)))
    head -c "$FAILOVER_SIZE" /dev/zero | tr '\0' a >"$LAB_DIR/www/payload.txt"
    # A window of ngtcp2's is 4 KiB here, so that all of them wait in this queue and none is dropped: each gets its share. Slower at first, or
    # those that begin first would have theirs before the last ones stand.
    failover_rate add $((rate / 2)) || return 1
    mkdir -p "$LAB_DIR/clients" "$LAB_DIR/got"
    # On a busy machine chromium fails to connect now and then, and asks anew.
    failover_chromium 4
    failover_chromium 6
    wait_for 12 failover_stands a $((4 * FAILOVER_PORTS)) || return 1
    touch "$LAB_DIR/patient/standing"
    for family in 4 6; do
        for ((n = 0; n < downloads; n++)); do
            failover_gtls "download-$family-$n" $family 4433 payload.txt --max-data=4K --max-stream-data-bidi-local=4K
        done
        for ((n = 0; n < idle; n++)); do
            case $((n % 3)) in
            0) failover_gtls "silent-$family-$n" $family 4433 index.html --delay-stream="${FAILOVER_SILENT_S:-150}s" ;;
            1) failover_gtls "late-$family-$n" $family 4450 "late?n=$n" ;;
            2) failover_client "kdig-$family-$n" client_doq $family +timeout=500 ;;
            esac
        done
    done
    wait_for 30 failover_stands a && failover_rate change $rate
}

failover_rate() { # add|change KBIT
    ip netns exec "$LAB_TRANSIT" tc qdisc "$1" dev lan-c root tbf rate "$2"kbit burst 32k limit 6mb
}

# failover_stands ROUTER [COUNT]: it knows that many connections.
failover_stands() {
    local flows
    flows=$(pair_ask "$1" flows --json | jq -s 'map(select(.state == "confirmed")) | length')
    echo "$flows of ${2:-$STANDING}"
    [ "$flows" -ge "${2:-$STANDING}" ]
}

failover_none_over() {
    local over
    over=$(compgen -G "$LAB_DIR/clients/*.status") || return 0
    echo "over already: $over"
    return 1
}

failover_release() {
    ip netns exec "$LAB_TRANSIT" tc qdisc del dev lan-c root
    touch "$LAB_DIR/patient/release"
}

# failover_lost: prints a line for each connection that came to no good end; true when there is none.
failover_lost() {
    local file name n lost=0
    wait "${CLIENTS[@]}"
    for file in "$LAB_DIR"/clients/*.status; do
        name=$(basename "$file" .status)
        [ "$(cat "$file")" = 0 ] && failover_whole "$name" && continue
        echo "lost: $name, status $(cat "$file"): $(tail -n 2 "${file%.status}" | tr '\n' ' ' | cut -c1-200)"
        lost=$((lost + 1))
    done
    [ $lost = 0 ]
}

failover_whole() { # NAME
    local n
    case $1 in
    download-*) [ "$(cat "$LAB_DIR/got/$1"/* | wc -c)" = "$FAILOVER_SIZE" ] ;;
    silent-*) grep -q hello-quic "$LAB_DIR/got/$1"/* ;;
    late-*) grep -q -- '-whole' "$LAB_DIR/got/$1"/* ;;
    kdig-*) grep -q hello-dns "$LAB_DIR/clients/$1" ;;
    chromium-*)
        for ((n = 0; n < 2 * FAILOVER_PORTS; n++)); do
            grep -q -- "$n-whole" "$LAB_DIR/clients/$1" || { echo "chromium lacks $n" && return 1; }
        done
        ;;
    esac
}

# ---- what became of it ----

# failover_paths: how many connections of the servers saw their path change, and of how many that they tell of. A server that meets
# another address of the client sends PATH_CHALLENGE (RFC 9000, 9.3), and so does a client that moves.
failover_paths() {
    local logs
    logs=$(find "$LAB_DIR/qlog" "$LAB_DIR/patient/qlog" -type f)
    echo "$(xargs -r grep -lE '"frame_type":"path_(challenge|response)"' <<<"$logs" | wc -l) $(xargs -r grep -l 'packet_received"' <<<"$logs" | wc -l)"
}

# The table says so too: what stood before stands for the same.
failover_remember() { # ROUTER
    pair_endpoints "$1" >"$LAB_DIR/endpoints-before" 2>/dev/null # mode firewall has none
    pair_flows "$1" >"$LAB_DIR/flows-before"
    [ "$(wc -l <"$LAB_DIR/flows-before")" -ge "$STANDING" ]
}

# failover_changed ROUTER: prints what ROUTER has not; true when there is nothing such.
failover_changed() {
    local lost
    lost=$(comm -23 "$LAB_DIR/endpoints-before" <(pair_endpoints "$1" 2>/dev/null); comm -23 "$LAB_DIR/flows-before" <(pair_flows "$1"))
    [ -z "$lost" ] || { printf 'changed: %s\n' "$lost" && return 1; }
}

failover_takes() { # ROUTER
    pair_owns "$1" && pair_is "$1" '.role == "active"'
}

# failover_routers RUN MODE [SNIPPET]: a, which becomes active, and b, with the files of conf/cluster. Each step is RUN WHAT COMMAND....
# In mode firewall an address of the pair's says who is active.
failover_routers() {
    local run=$1 mode=$2 snippet=${3:-} router keys=''
    [ "$mode" = nat ] || keys="address = \"$X4\";"
    for router in a b; do
        "$run" "the files of $router" pair_redis_files $router
        pair_conf $router "$mode" "$snippet" "$PAIR_KEYS $keys" >"$LAB_DIR/$router/quicward.conf"
        "$run" "$router has its stores" pair_redis $router
        "$run" "$router starts" pair_start $router
        "$run" "$router has keepalived" pair_vrrp $router
        [ $router = b ] || "$run" 'a is active' wait_for 5 failover_takes a
    done
}
