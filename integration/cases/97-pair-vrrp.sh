#!/usr/bin/env bash
# K1 K2 O5: keepalived moves the addresses of a pair that is set up by the files of conf/cluster, with TLS and passwords between its stores. Amid
# downloads and idle connections of ngtcp2, chromium and kdig the active router loses its power, returns, and then the other one does: no
# connection ends, no endpoint changes, no server sees a path change. Mode nat, IPv4 and IPv6. integration/failovers.sh does it in both
# modes, with hundreds. A Prometheus has the series of the pair.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without keepalived redis-server redis-cli gtlsclient gtlsserver chromium kdig curl prometheus python3
go_peer patient
lab_trap
DOWNLOADS=10 IDLE=12 PROMETHEUS=http://127.0.0.1:9490

gap_of() { # NAME
    awk -v name="$1" '$1 == name { print $2 }' "$LAB_DIR/gaps"
}

# What quicward adds to VRRP's own gap, on a machine that lets both run.
gap_is_that_of_vrrp() {
    local name noise
    cat "$LAB_DIR/gaps"
    noise=$(($(gap_of beat) + $(gap_of beat-outside)))
    for name in quicward4 quicward6; do
        [ "$(gap_of $name)" -le $(($(gap_of vrrp-inside4) + 150 * PATIENCE + 2 * noise)) ] || return 1
    done
}

prometheus_reads() { # ROUTER
    sed "s/15s/1s/; s|quicward.rules.yml|$QW_ROOT/conf/prometheus/&|" "$QW_ROOT/conf/prometheus/prometheus.yml" >"$LAB_DIR/prometheus.yml"
    lab_spawn "${PAIR_NS[$1]}" prometheus prometheus --config.file="$LAB_DIR/prometheus.yml" --storage.tsdb.path="$LAB_DIR/prometheus" \
        --web.listen-address=127.0.0.1:9490 --log.level=warn
}

# shellcheck disable=SC2016 # Grafana's variables
cluster_queries() {
    jq -r '.panels[].targets[]?.expr' "$QW_ROOT/conf/grafana/quicward.json" | grep quicward_cluster_ |
        sed 's/\$__rate_interval/5m/g; s/\$instance/.*/g'
}

has_data() { # EXPRESSION
    ip netns exec "${PAIR_NS[b]}" curl -sf --max-time 5 -G --data-urlencode "query=$1" "$PROMETHEUS/api/v1/query" |
        jq -e '.data.result | length > 0' >/dev/null
}

cluster_queries_have_data() {
    local expression count=0
    while read -r expression; do
        count=$((count + 1))
        has_data "$expression" || { echo "no data: $expression" && return 1; }
    done < <(cluster_queries)
    [ $count -ge 12 ]
}

loses_power() { # FROM TO
    local from=$1 to=$2
    check "$from's store has what its table has" wait_for 10 pair_level "$from"
    check "$to knows of the flows" wait_for 20 pair_is "$to" ".peer.flows >= $STANDING"
    check "each record is what the table has" wait_for 5 pair_store_equals "$from"
    check "all flows are there" failover_remember "$from"
    check "nothing is over" failover_none_over
    failover_gaps "$LAB_DIR/gaps"
    check "$from loses its power" pair_power_loss "$from"
    check "$to takes over" wait_for 5 failover_takes "$to"
    check "none is refused" pair_is "$to" '.refused == 0 and .conflicts == 0 and .bad == 0'
    sleep 1
    failover_gaps "$LAB_DIR/gaps"
    check "no endpoint is another" failover_changed "$to"
    check "the gap is VRRP's" gap_is_that_of_vrrp
    sed 's/^/  /' "$LAB_DIR/gaps" | grep -E 'quicward|vrrp|beat' | tr '\n' ';'
    echo
}

paths_stayed() {
    local changed all
    read -r changed all < <(failover_paths)
    echo "$changed of $all"
    [ "$changed" = 0 ] && [ "$all" -ge "$STANDING" ]
}

# What paths_stayed looks for is there when a client comes from another port, and stays for a while.
path_change_is_seen() {
    [ -e "$LAB_DIR/www/some.txt" ] || head -c 200000 /dev/zero | tr '\0' a >"$LAB_DIR/www/some.txt"
    QW_PATH=some.txt client_gtls 4 4433 --change-local-addr=100ms --nat-rebinding --delay-stream=500ms >/dev/null
    [ "$(failover_paths | cut -d' ' -f1)" -ge 1 ]
}

failover_up || exit 1
failover_routers check nat 'metrics = "9477";'
check "b stands by" wait_for 5 pair_is b '.role == "standby" and .peer.active'
check "what the operator is told to look at is well" wait_for 5 pair_ask b cluster check
check "the way through" lab_reachable
prometheus_reads b
failover_beat
check "connections stand" failover_clients $DOWNLOADS $IDLE
check "Prometheus has each series of a pair" wait_for 10 cluster_queries_have_data
loses_power a b
check "a returns" pair_power_back a
check "and stands by" wait_for 5 pair_is a '.role == "standby" and .peer.active'
check_not "without the addresses" pair_owns a
loses_power b a
failover_release
check "no connection is lost" failover_lost
check "no server saw a path change" paths_stayed
check "which would be seen" wait_for 10 path_change_is_seen
check "a ends cleanly" lab_stop "${PAIR_DAEMON[a]}"
case_end
