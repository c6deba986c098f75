#!/usr/bin/env bash
# O5: metrics as Prometheus reads them, while real connections pass. promtool finds nothing to complain of; numbers are those of
# `quicward stats`; in a Prometheus with the job, the rules and the dashboard that are shipped every query of the dashboard
# returns data, and every alert rule is sound. Readers that hang keep no packet, and others not for long. The place to listen at is
# the one that was written, and no other.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without curl promtool prometheus jq python3 gtlsclient gtlsserver
METRICS=http://127.0.0.1:9477/metrics PROMETHEUS=http://127.0.0.1:9490
SNIPPET='metrics = "9477"; throttles = ( { interface = "wan0"; direction = "out"; capacity = "1G"; } );'

metrics() {
    in_router curl -sf --max-time 5 $METRICS
}

metric() { # SERIES
    metrics | awk -v series="$1" '$1 == series { print $2 }'
}

# same_as_stats SERIES COUNTER: at rest, for both are asked one after the other.
same_as_stats() {
    local metric counter
    metric=$(metric "$1") counter=$(stat_of "$2")
    echo "$1 is $metric, $2 is $counter"
    [ -n "$metric" ] && [ "$metric" = "$counter" ]
}

at_least() { # NUMBER SERIES
    [ "$(metric "$2")" -ge "$1" ]
}

no_complaint() {
    metrics | in_router promtool check metrics
}

case_nat 'external = "auto"; ipfix = "udp:203.0.113.2:4739";' "$SNIPPET"
certificate_make && serve_gtls 4433 && serve_echo 7000 || exit 1
lab_spawn "$LAB_SERVER" spin-server python3 "$QW_ROOT/integration/lib/spin.py" server 7700
wait_for 5 listening "$LAB_SERVER" 7700 || exit 1
lab_spawn "$LAB_CLIENT" spin-client python3 "$QW_ROOT/integration/lib/spin.py" client 7800 "$S4" 7700
SPINNING=$LAB_PID

check 'a connection' shows 'status: 200' client_gtls 4 4433
check 'promtool likes the metrics' no_complaint
check 'the handshake is counted' wait_for 5 at_least 1 'quicward_handshakes_total{version="v1",outcome="confirmed"}'
check 'and its round trip' wait_for 5 at_least 1 quicward_handshake_rtt_seconds_count
check 'the spin bit is sampled' wait_for 20 at_least 2 quicward_spin_rtt_seconds_count
check 'above 160 ms' test "$(metric 'quicward_spin_rtt_seconds_bucket{le="0.16"}')" -lt "$(metric quicward_spin_rtt_seconds_count)"
check 'confirmed flows are those of the statistics' same_as_stats quicward_flows_confirmed_total confirmed
check 'so are mappings' same_as_stats quicward_nat_mappings nat.mappings
check 'and free ports' same_as_stats "quicward_nat_address_ports{address=\"$X4\",state=\"free\"}" 'nat.addresses[0].free'
check_not 'no other address leads there' in_router curl -sf --max-time 2 "http://$R4:9477/metrics"

# ---- readers that hang ----

for number in 1 2 3 4 5 6 7 8; do
    lab_spawn "$LAB_ROUTER" "hung$number" bash -c 'exec 3<>/dev/tcp/127.0.0.1/9477; printf "GET /metrics HTTP/1.1\r\n" >&3; exec sleep 100'
done
for port in 5000 5002 5004 5006; do
    check "packets pass while readers hang, port $port" ask "$C4:$port" "$S4:7000"
done
check 'the readers are cut off, and others have their answer' wait_for 15 metrics

# ---- Prometheus ----

# The shipped job, only faster.
sed "s/15s/1s/; s|quicward.rules.yml|$QW_ROOT/conf/prometheus/&|" "$QW_ROOT/conf/prometheus/prometheus.yml" >"$LAB_DIR/prometheus.yml"

# shellcheck disable=SC2016 # Grafana's variables
expressions() {
    jq -r '.panels[].targets[]?.expr' "$QW_ROOT/conf/grafana/quicward.json" | sed 's/\$__rate_interval/5m/g; s/\$instance/.*/g'
}

query() { # EXPRESSION
    in_router curl -sf --max-time 5 -G --data-urlencode "query=$1" "$PROMETHEUS/api/v1/query"
}

# NaN is what a mean of nothing is.
has_data() { # EXPRESSION
    query "$1" | jq -e '.data.result | length > 0 and any(.[]; .value[1] != "NaN")' >/dev/null
}

# A handshake counts only between two readings. This router has no other: case 97 looks at the series of a pair.
queries_have_data() {
    local expression bad=0 count=0
    client_gtls 4 4433 >/dev/null
    while read -r expression; do
        count=$((count + 1))
        has_data "$expression" || { echo "no data: $expression"; bad=$((bad + 1)); }
    done < <(expressions | grep -v quicward_cluster_)
    echo "$count queries, $bad without data"
    [ $bad = 0 ] && [ $count -gt 60 ]
}

rules_are_sound() {
    in_router curl -sf --max-time 5 "$PROMETHEUS/api/v1/rules" | jq -e '[.data.groups[].rules[]] | length >= 17 and all(.[]; .health == "ok")'
}

check 'the rules are sound' promtool check rules "$QW_ROOT/conf/prometheus/quicward.rules.yml"
check 'alerts fire on what they are for' promtool test rules "$QW_ROOT/tests/prometheus/alerts.yml"
check 'the job is sound' promtool check config "$LAB_DIR/prometheus.yml"
sed -i 's/^global:/&\n  evaluation_interval: 1s/' "$LAB_DIR/prometheus.yml"
lab_spawn "$LAB_ROUTER" prometheus prometheus --config.file="$LAB_DIR/prometheus.yml" --storage.tsdb.path="$LAB_DIR/prometheus" \
    --web.listen-address=127.0.0.1:9490 --log.level=warn
check 'Prometheus reads the metrics' wait_for 20 has_data 'quicward_packets_total'
check 'the spin bit goes on' not ended "$SPINNING"
check 'every query of the dashboard returns data' wait_for 1 queries_have_data
check 'every alert rule is evaluated' wait_for 10 rules_are_sound
check 'nothing is alerted of' test "$(query 'ALERTS{alertname!="QuicwardRestarted"}' | jq '.data.result | length')" = 0
check 'quicward ends' stop_quicward
check 'and Prometheus sees it' wait_for 10 has_data 'ALERTS{alertname="QuicwardDown"}'

# ---- places ----

check 'a unix socket' start_nat 'external = "auto";' "metrics = \"$LAB_DIR/metrics.sock\";"
check 'is answered' shows '^quicward_info' in_router curl -s --unix-socket "$LAB_DIR/metrics.sock" http://quicward/metrics
check_not 'and no port is open' metrics
check 'a second start finds it taken away' stop_quicward
check_not 'the socket is gone' test -e "$LAB_DIR/metrics.sock"
check 'another address' start_nat 'external = "auto";' "metrics = \"$R4:9477\";"
check 'is answered' in_client curl -sf --max-time 5 "http://$R4:9477/metrics"
check_not 'but not on the loopback one' metrics

takes_over() {
    local before=$QUICWARD_PID
    lab_spawn "$LAB_ROUTER" quicward "$QUICWARD" run -c "$LAB_DIR/quicward.conf" --take-over
    QUICWARD_PID=$LAB_PID
    wait_for 10 ended "$before" && wait_for 10 quicward_ready && ! ended "$QUICWARD_PID"
}

check 'another process takes over' takes_over
check 'and serves the metrics' wait_for 10 in_client curl -sf --max-time 5 "http://$R4:9477/metrics"
check 'quicward ends cleanly' stop_quicward
case_end
