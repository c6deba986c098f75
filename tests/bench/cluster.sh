# shellcheck shell=bash disable=SC2154 # the names that run.sh and its parts share
# What the copy of a router's flows costs: three Redis servers as docs/cluster.md sets them up, in a namespace of their own,
# because replicas speak TCP. Sourced by run.sh.
cluster=qwb-$$-cluster

redis() { # NAME OPTION...
    local name=$1
    shift
    ip netns exec "$cluster" redis-server - --unixsocket "$folder/$name.sock" --dir "$folder" "$@" \
        >"$folder/redis-$name.log" 2>&1 < <(grep -vE '^(#|bind|port|unixsocket|dir|aclfile|replicaof|masteruser|masterauth)' \
            conf/cluster/redis-own.conf) &
    background+=("$!")
    echo "$!" >"$folder/$name.pid"
}

# redis_says NAME COMMAND... PATTERN: waits until it does.
redis_says() {
    local name=$1 pattern=${*: -1} tries
    for ((tries = 0; tries < 100; tries++)); do
        redis-cli -s "$folder/$name.sock" "${@:2:$# - 2}" 2>/dev/null | grep -q "$pattern" && return
        sleep 0.1
    done
    cat "$folder/redis-$name.log" >&2
    die "the Redis \"$name\" does not say $pattern"
}

cluster() {
    ip netns add "$cluster" || die 'no namespaces: are you root?'
    ip -n "$cluster" link set lo up
    redis own --bind 127.0.0.1 --port 6379
    redis other --port 0
    redis_says own ping PONG
    redis_says other ping PONG
    redis copy --port 0 --replicaof 127.0.0.1 6379
    redis_says copy info replication master_link_status:up
    "$build/tests/bench/bench_cluster" "$folder"
}
