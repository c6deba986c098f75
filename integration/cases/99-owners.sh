#!/usr/bin/env bash
# K3 K1 N1: three routers share their hosts, and flows come in by whichever they like. Every packet reaches the router that owns its
# host or its address; each host has one external address, and no external endpoint stands for two inside. Modes nat and firewall,
# IPv4 and IPv6, plain UDP and downloads of QUIC. Then an owner loses its power: the next one of the list has its flows, and the
# third one sends its packets there.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=/dev/null
. "$QW_ROOT/integration/lib/owners.sh"
skip_without redis-server redis-cli gtlsclient gtlsserver
lab_trap
FLOWS=3     # of each host and family
DOWNLOADS=6 # of each family

# speaks HOST FAMILY PORT: a host's question is answered; twice, so that the flow is one that is copied.
speaks() {
    local from to try
    if [ "$2" = 4 ]; then from="$(trio_host4 "$1"):$3" to=$S4:7000; else from="[$(trio_host6 "$1")]:$3" to="[$S6]:7000"; fi
    for try in 1 2; do
        in_client "$QW_TOOLS/udp_ask" "$from" "$to" question "${ASK_MS:-5000}" || { echo "no answer to $from, question $try" && return 1; }
    done
}

# all_speak: each host in each family, by several flows.
all_speak() {
    local host pids=() pid missing=0
    for ((host = 0; host < TRIO_HOSTS; host++)); do
        host_speaks $host &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do wait "$pid" || missing=$((missing + 1)); done
    echo "$missing of $TRIO_HOSTS hosts without an answer"
    [ $missing = 0 ]
}

host_speaks() { # HOST
    local family flow status=0
    for family in 4 6; do
        for ((flow = 0; flow < FLOWS; flow++)); do
            speaks "$1" $family $((5000 + 2 * flow)) || status=1
        done
    done
    return $status
}

# Each router that packets go to has sent some of them on, and none was lost for want of a way.
wrong_sides_were_sent_on() { # ROUTER...
    local router marked elsewhere
    for router in "$@"; do
        marked=$(trio_count "$router" .marked) elsewhere=$(trio_count "$router" .reasons.elsewhere)
        echo "$router: $marked packets with a mark, $elsewhere dropped as another's"
        [ "$marked" -gt 0 ] && [ "$elsewhere" = 0 ] || return 1
    done
}

# flows_of ROUTER: "ROUTER CLIENT" of flows in its table.
flows_of() {
    pair_ask "$1" flows --json | jq -r --arg router "$1" '"\($router) \(.client)"'
}

endpoints_of() { # ROUTER...: "INSIDE EXTERNAL" of the mappings of the routers
    local router
    for router in "$@"; do pair_ask "$router" mappings --json | jq -r '"\(.inside) \(.external)"'; done | sort
}

# No host's flows stand in the tables of two of these routers; a third one has none.
hosts_have_one_router() { # ROUTER...
    local router
    for router in "$@"; do flows_of "$router"; done | sed -E 's/:[0-9]+$//' | sort -u | awk '
        { routers[$2]++; count[$1]++ }
        END {
            for (host in routers) { hosts++; if (routers[host] > 1) { print host " has " routers[host] " routers"; bad = 1 } }
            for (router in count) print router, count[router], "hosts"
            if (hosts < wanted) { print hosts " hosts of " wanted; bad = 1 }
            exit bad
        }' wanted=$((2 * TRIO_HOSTS))
}

endpoints_are_right() { # ROUTER...
    endpoints_of "$@" | awk '
        { split($1, inside, ":"); split($2, external, ":")
          if ((inside[1] in of) && of[inside[1]] != external[1]) { print inside[1] " has two addresses"; bad = 1 }
          of[inside[1]] = external[1]
          if ($2 in stands) { print $2 " stands for two"; bad = 1 }
          stands[$2] = 1; count[external[1]]++ }
        END { for (address in count) print address, count[address]; exit bad || length(count) != 2 }'
}

# ---- QUIC ----

# Each download has a server address of its own, and by the route to that a host of its own.
begin_downloads() {
    local family n address host
    DOWNLOADING=()
    rm -f "$LAB_DIR"/download-*
    for family in 4 6; do
        for ((n = 0; n < DOWNLOADS; n++)); do
            host=$((n * 4 + 1))
            if [ $family = 4 ]; then address=198.51.100.$((60 + n)); else address=2001:db8:2::$((60 + n)); fi
            download $family $n $host $address &
            DOWNLOADING+=($!)
        done
    done
    wait_for 15 all_confirmed
}

# The client's source address, and the three ways.
download() { # FAMILY NUMBER HOST SERVER-ADDRESS
    local hosts=$LAB_DIR/hosts-$1-$2
    sed -E "s/^[^ ]+ (v$1\.server)/$4 \1/" "$LAB_DIR/hosts" >"$hosts"
    LAB_HOSTS=$hosts QW_PATH=payload.txt client_gtls "$1" 4433 >"$LAB_DIR/download-$1-$2" 2>&1
    echo $? >"$LAB_DIR/download-$1-$2.status"
}

download_routes() { # NUMBER...: as trio_routes, with the source
    local n number lan4='' lan6=''
    for number in "$@"; do
        lan4="$lan4 nexthop via 10.0.0.$number dev c0"
        lan6="$lan6 nexthop via 2001:db8:1::$number dev c0"
    done
    for ((n = 0; n < DOWNLOADS; n++)); do
        # shellcheck disable=SC2086 # words
        ip -n "$LAB_CLIENT" route replace 198.51.100.$((60 + n)) src "$(trio_host4 $((n * 4 + 1)))" $lan4
        ip -n "$LAB_CLIENT" -6 route del 2001:db8:2::$((60 + n)) 2>/dev/null
        # shellcheck disable=SC2086
        ip -n "$LAB_CLIENT" -6 route add 2001:db8:2::$((60 + n)) src "$(trio_host6 $((n * 4 + 1)))" $lan6
    done
}

serve_downloads() {
    local n
    certificate_make || return 1
    for ((n = 0; n < DOWNLOADS; n++)); do
        ip -n "$LAB_SERVER" addr add 198.51.100.$((60 + n))/24 dev s0
        ip -n "$LAB_SERVER" addr add 2001:db8:2::$((60 + n))/64 dev s0 nodad
    done
    serve_gtls 4433 || return 1
    ip netns exec "$LAB_TRANSIT" tc qdisc add dev lan-end root tbf rate 24mbit burst 32k latency 100ms || return 1
    head -c 4000000 /dev/zero | tr '\0' a >"$LAB_DIR/www/payload.txt"
}

all_confirmed() {
    local router count=0
    for router in "${ACTIVE[@]}"; do
        count=$((count + $(pair_ask "$router" flows --json | jq -s 'map(select(.state == "confirmed")) | length')))
    done
    [ $count -ge $((2 * DOWNLOADS)) ]
}

downloads_ended() {
    local file status=0
    wait "${DOWNLOADING[@]}"
    for file in "$LAB_DIR"/download-*.status; do
        [ "$(cat "$file")" = 0 ] || { echo "$file: $(cat "$file")" && tail -n 3 "${file%.status}" && status=1; }
    done
    return $status
}

none_was_over() {
    ! compgen -G "$LAB_DIR/download-*.status"
}

# ---- turns ----

is_owner() { # ROUTER NUMBER
    pair_is "$1" ".owners[$2].role == \"active\" and .owners[$2].epoch > 0"
}

goes_to() { # ROUTER NUMBER OTHER
    pair_is "$1" ".owners[$2].role == \"standby\" and .owners[$2].router == \"$3\" and .owners[$2].mark == ${TRIO_NUMBER[$3]}"
}

copies_are_level() { # ROUTER OF
    pair_is "$2" '.level and .store_up' && pair_is "$1" ".peers | map(select(.router == \"$2\"))[0] | .store_up and .age < 3 and .flows > 0"
}

remember() {
    endpoints_of a b | grep -F 198.51.100.8 >"$LAB_DIR/endpoints"
    [ "$MODE" = firewall ] || [ -s "$LAB_DIR/endpoints" ]
}

# b dies: routing takes it out, and its address goes to a.
b_dies() {
    trio_power_loss b
    trio_routes 11 13
    download_routes 11 13
    trio_disown b 8
    trio_own a 8
    wait_for 5 is_owner a 1
}

b_returns() {
    trio_power_back b && trio_routes 11 12 13 && download_routes 11 12 13
}

# A host of b's, by a flow that c gets: without a rule of routing its packet has no way, and c must not let it out itself.
without_a_way() {
    local before after
    ip -n "${PAIR_NS[c]}" rule flush pref 100
    ip -n "${PAIR_NS[c]}" -6 rule flush pref 100
    trio_routes 13
    before=$(trio_count c .reasons.elsewhere)
    ! { ASK_MS=300 speaks $((TRIO_HOSTS - 1)) 6 6000 || ASK_MS=300 speaks 0 6 6000; } || return 1
    after=$(trio_count c .reasons.elsewhere)
    trio_way "${PAIR_NS[c]}" 11
    trio_way "${PAIR_NS[c]}" 12
    trio_routes 11 12 13
    echo "c dropped $((after - before))"
    [ $((after - before)) -ge 2 ] && [ "$(flows_of c | wc -l)" = 0 ]
}

in_mode() { # MODE
    local router
    MODE=$1 ACTIVE=(a b)
    serve_echo 7000 || exit 1
    serve_downloads || exit 1
    download_routes 11 12 13
    for router in "${TRIO[@]}"; do
        trio_conf "$router" "$MODE" >"$LAB_DIR/$router/quicward.conf"
        check "$MODE: $router has its stores" trio_redis "$router"
        check "$MODE: $router starts" pair_start "$router"
    done
    check "$MODE: a owns the first" wait_for 5 is_owner a 0
    check "$MODE: b owns the second" wait_for 5 is_owner b 1
    check "$MODE: c knows it of a" wait_for 5 goes_to c 0 a
    check "$MODE: c knows it of b" wait_for 5 goes_to c 1 b
    check "$MODE: without a rule of routing nothing leaves by another router" without_a_way
    check "$MODE: every flow is answered, by whichever router it comes" all_speak
    check "$MODE: wrong sides were sent on" wrong_sides_were_sent_on a b
    check "$MODE: by the third router, too" test "$(trio_count c .marked)" -gt 0
    check "$MODE: each host has one router" hosts_have_one_router a b c
    [ "$MODE" = firewall ] || check "$MODE: each host has one address, and each endpoint one host" endpoints_are_right a b
    check "$MODE: downloads run" begin_downloads
    check "$MODE: b's flows are in the copy of a" wait_for 10 copies_are_level a b
    check "$MODE: they have mappings" remember
    check "$MODE: no download is over" none_was_over
    check "$MODE: b loses its power, a has its address" b_dies
    check "$MODE: flows were adopted, none refused" pair_is a \
        ".adopted >= $((TRIO_HOSTS * FLOWS / 2)) and .refused == 0 and .conflicts == 0 and .bad == 0"
    check "$MODE: c sends its packets to a" wait_for 5 goes_to c 1 a
    check "$MODE: no endpoint outside is another" pair_kept a
    check "$MODE: no download fails" downloads_ended
    check "$MODE: every flow is answered still" all_speak
    [ "$MODE" = firewall ] || check "$MODE: each host has one address still" endpoints_are_right a
    check "$MODE: b comes back" b_returns
    check "$MODE: it sends packets of both to a" wait_for 5 goes_to b 1 a
    check "$MODE: every flow is answered by three routers again" all_speak
    trio_disown a 8
    trio_own b 8
    check "$MODE: b has its address again" wait_for 5 is_owner b 1
    check "$MODE: a sends its packets there" wait_for 5 goes_to a 1 b
    check "$MODE: so does c" wait_for 5 goes_to c 1 b
    check "$MODE: no endpoint outside is another then" pair_kept b
    check "$MODE: every flow is answered at last" all_speak
    check "$MODE: nothing was lost for want of a way" wrong_sides_were_sent_on a b
    check "$MODE: nothing is amiss" wait_for 10 pair_ask c cluster check
    for router in "${TRIO[@]}"; do
        check "$MODE: $router ends cleanly" lab_stop "${PAIR_DAEMON[$router]}"
    done
}

for mode in nat firewall; do
    lab_down
    trio_lab_up || exit 1
    in_mode "$mode"
done
case_end
