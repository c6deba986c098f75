#!/usr/bin/env bash
# K1: one of two routers loses its power amid downloads and idle connections, and the other goes on with all of them. No external
# port changes, and an endpoint outside stands for one inside. Modes nat and firewall, IPv4 and IPv6. Then the first one comes back
# and the second one dies.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without redis-server redis-cli gtlsclient gtlsserver curl
lab_trap
DOWNLOADS=6 # of each family

# begin_downloads NAME: slow ones of ngtcp2, in the background; their status goes to files.
begin_downloads() {
    local family n
    DOWNLOADING=()
    for family in 4 6; do
        for ((n = 0; n < DOWNLOADS; n++)); do
            (
                QW_PATH=payload.txt client_gtls $family 4433 >"$LAB_DIR/$1-$family-$n" 2>&1
                echo $? >"$LAB_DIR/$1-$family-$n.status"
            ) &
            DOWNLOADING+=($!)
        done
    done
    wait_for 10 all_confirmed
}

all_confirmed() {
    [ "$(pair_ask "$ACTIVE" flows --json | jq -s 'map(select(.state == "confirmed")) | length')" -ge $((2 * DOWNLOADS)) ]
}

downloads_ended() { # NAME
    local file status=0
    wait "${DOWNLOADING[@]}"
    for file in "$LAB_DIR/$1"-*.status; do
        [ "$(cat "$file")" = 0 ] || { echo "$file: $(cat "$file")" && tail -n 3 "${file%.status}" && status=1; }
    done
    return $status
}

none_was_over() { # NAME
    ! compgen -G "$LAB_DIR/$1-*.status"
}

remember() {
    pair_endpoints "$ACTIVE" >"$LAB_DIR/endpoints"
    [ "$MODE" = firewall ] || [ -s "$LAB_DIR/endpoints" ]
}

endpoints_kept() { # ROUTER
    local lost
    lost=$(comm -23 "$LAB_DIR/endpoints" <(pair_endpoints "$1"))
    [ -z "$lost" ] || { echo "lost or changed: $lost" && return 1; }
}

one_stands_for_one() { # ROUTER
    [ -z "$(pair_endpoints "$1" | awk '{ print $2 }' | uniq -d)" ]
}

# Each series of a pair that the dashboard asks for.
series_are_there() { # ROUTER
    local name missing=''
    ip netns exec "${PAIR_NS[$1]}" curl -sf --max-time 5 http://127.0.0.1:9477/metrics >"$LAB_DIR/metrics" || return 1
    while read -r name; do
        grep -qE "^${name}(\{| )" "$LAB_DIR/metrics" || missing="$missing $name"
    done < <(grep -o 'quicward_cluster_[a-z_]*' "$QW_ROOT/conf/grafana/quicward.json" | sort -u)
    [ -z "$missing" ] || { echo "missing:$missing" && return 1; }
}

moved() { # FROM TO
    pair_power_loss "$1"
    pair_active "$2"
    wait_for 5 pair_is "$2" '.role == "active"'
}

loses_power() { # NAME FROM TO
    local name=$1 from=$2 to=$3
    ACTIVE=$from
    check "$MODE, $name: downloads run" begin_downloads "$name"
    check "$MODE, $name: the store has what the table has" wait_for 5 pair_level "$from"
    check "$MODE, $name: $to knows of the flows" wait_for 10 pair_is "$to" ".peer.flows >= $((2 * DOWNLOADS))"
    check "$MODE, $name: they have mappings" remember
    check "$MODE, $name: no download is over" none_was_over "$name"
    check "$MODE, $name: $from loses its power, $to has the addresses" moved "$from" "$to"
    check "$MODE, $name: flows were adopted, none refused" pair_is "$to" \
        ".adopted >= $((2 * DOWNLOADS)) and .refused == 0 and .conflicts == 0 and .bad == 0"
    check "$MODE, $name: no endpoint outside is another" endpoints_kept "$to"
    check "$MODE, $name: each stands for one inside" one_stands_for_one "$to"
    check "$MODE, $name: no download fails" downloads_ended "$name"
    pair_ask "$to" events --json | jq -r 'select(.event == "takeover") | .text' | sed 's/^/  /'
    check "$MODE, $name: $from comes back" pair_power_back "$from"
    check "$MODE, $name: as a standby" wait_for 5 pair_is "$from" '.role == "standby" and .peer.active'
    check "$MODE, $name: nothing is amiss" wait_for 10 pair_ask "$to" cluster check
}

in_mode() { # MODE CLUSTER-KEYS
    local router
    MODE=$1
    certificate_make && serve_gtls 4433 || exit 1
    ip netns exec "$LAB_TRANSIT" tc qdisc add dev lan-c root tbf rate 24mbit burst 32k latency 100ms || exit 1
    head -c 4000000 /dev/zero | tr '\0' a >"$LAB_DIR/www/payload.txt"
    for router in a b; do
        pair_conf $router "$1" 'metrics = "9477";' "${2:-}" >"$LAB_DIR/$router/quicward.conf"
        check "$MODE: $router has its stores" pair_redis $router
        check "$MODE: $router starts" pair_start $router
    done
    check "$MODE: a is active, b stands by" wait_for 5 pair_is a '.role == "active" and .peer.known'
    check "$MODE: and knows it" wait_for 5 pair_is b '.role == "standby" and .peer.active'
    check "$MODE: metrics tell of the pair" wait_for 5 series_are_there b
    loses_power first a b
    loses_power second b a
    for router in a b; do
        check "$MODE: $router ends cleanly" lab_stop "${PAIR_DAEMON[$router]}"
    done
}

pair_lab_up || exit 1
in_mode nat
lab_down
pair_lab_up || exit 1
in_mode firewall "address = \"$X4\";"
case_end
