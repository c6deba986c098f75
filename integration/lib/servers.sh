# shellcheck shell=bash
# Real servers in the server namespace. Each waits until it listens; LAB_PID is its pid.

serve_wait() { # PORT
    wait_for 10 listening "$LAB_SERVER" "$1"
}

# serve_gtls PORT [OPTION...]: ngtcp2's example server. -V: always Retry.
serve_gtls() {
    local port=$1
    shift
    lab_spawn "$LAB_SERVER" "gtlsserver-$port" gtlsserver -q "$@" -d "$LAB_DIR/www" '*' "$port" \
        "$LAB_DIR/tls/key.pem" "$LAB_DIR/tls/cert.pem"
    serve_wait "$port"
}

# serve_caddy PORT...: quic-go, and TCP. Bound to its addresses, for a wildcard would answer from whichever it likes.
serve_caddy() {
    local port
    printf '{\n\tadmin off\n\tauto_https off\n}\n' >"$LAB_DIR/Caddyfile"
    for port in "$@"; do
        caddy_site "$port" >>"$LAB_DIR/Caddyfile"
    done
    lab_spawn "$LAB_SERVER" caddy env HOME="$LAB_DIR" XDG_DATA_HOME="$LAB_DIR" XDG_CONFIG_HOME="$LAB_DIR" \
        caddy run --config "$LAB_DIR/Caddyfile" --adapter caddyfile
    for port in "$@"; do
        serve_wait "$port" && wait_for 5 serve_both_families "$port" || return 1
    done
}

caddy_site() { # PORT
    cat <<EOF
https://server.test:$1, https://*.server.test:$1, https://blocked.test:$1, https://*.blocked.test:$1 {
	bind $S4 $S6
	tls $LAB_DIR/tls/cert.pem $LAB_DIR/tls/key.pem
	root * $LAB_DIR/www
	file_server
}
EOF
}

serve_both_families() {
    [ "$(in_server ss -Hlun "sport = :$1" | wc -l)" -ge 2 ]
}

# serve_knot: DNS on port 53, DNS over QUIC on 853. Debian 12's knotd speaks QUIC only through an XDP socket.
serve_knot() {
    local dir=$LAB_DIR/knot
    mkdir -p "$dir/zones" "$dir/db"
    knot_conf "$dir" >"$dir/knot.conf"
    printf '%s\n' 'test. 60 SOA ns.test. root.test. 1 60 60 60 60' 'test. 60 NS ns.test.' "ns.test. 60 A $S4" \
        'hello.test. 60 TXT "hello-dns"' >"$dir/zones/test.zone"
    lab_spawn "$LAB_SERVER" knotd knotd -c "$dir/knot.conf"
    serve_wait 53 && wait_for 10 grep -q 'server started' "$LAB_DIR/knotd.log"
}

knot_conf() {
    cat <<EOF
server:
    rundir: "$1"
    user: root:root
    listen: [ $S4@53, $S6@53 ]
xdp:
    listen: s0
    quic: on
    quic-port: 853
    udp: off
database:
    storage: "$1/db"
template:
  - id: default
    storage: "$1/zones"
zone:
  - domain: test
    file: test.zone
log:
  - target: stderr
    any: info
EOF
}

# serve_echo PORT: answers every datagram with itself, IPv4 and IPv6.
serve_echo() {
    local port=$1
    lab_spawn "$LAB_SERVER" "echo4-$port" "$QW_TOOLS/udp_echo" "$S4:$port"
    lab_spawn "$LAB_SERVER" "echo6-$port" "$QW_TOOLS/udp_echo" "[$S6]:$port"
    wait_for 5 serve_both_families "$port"
}
