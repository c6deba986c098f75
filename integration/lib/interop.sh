# shellcheck shell=bash
# The cases of the public quic-interop-runner that a router can spoil, over lanes: lane 0 is a plain router, the others have quicward. One
# round runs a case once in all lanes at the same time, with the same seed: what differs between lanes is the router.
# shellcheck disable=SC2034 # read by the cases
INTEROP_LANES=(plain block allow nat)
INTEROP_BLOCK='rules = ( { name = "ads"; sni = ".blocked.test"; action = "drop"; } );'
INTEROP_ALLOW='default_out = "drop"; rules = ( { name = "ours"; sni = ".server.test"; action = "accept"; } );'
# Who can play what; a client's name is that of its function below.
INTEROP_CASES=(handshake handshakeloss handshakecorruption amplificationlimit-client amplificationlimit-server retry zerortt v2
    longrtt rebind-port connectionmigration)
INTEROP_PAYLOAD=1000000 # bytes, where a case needs a transfer
INTEROP_FAMILY=4        # of the round

interop_up() {
    lanes_up "${INTEROP_LANES[@]}" || return 1
    lane_quicward 1 "$INTEROP_BLOCK" && lane_quicward 2 "$INTEROP_ALLOW" &&
        lane_quicward 3 "mode = \"nat\"; nat = { external = [\"10.30.3.1\"]; }; $INTEROP_BLOCK" || return 1
    certificate_make && certificate_large && interop_servers
}

# A leaf so large that a server's first flight is over three times a client's Initial (RFC 9000 8.1).
certificate_large() {
    local dir=$LAB_DIR/tls names i
    names='DNS:server.test,DNS:*.server.test'
    for ((i = 0; i < 250; i++)); do
        names+=,DNS:name-$i-of-a-large-certificate.server.test
    done
    printf '%s\n' "subjectAltName=$names" basicConstraints=CA:FALSE >"$dir/large.ext"
    openssl x509 -req -in "$dir/request.pem" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" -CAcreateserial -days 30 \
        -out "$dir/large.pem" -extfile "$dir/large.ext" 2>/dev/null
}

interop_servers() {
    head -c $INTEROP_PAYLOAD /dev/zero | tr '\0' a >"$LAB_DIR/www/payload.txt"
    serve_gtls 4433 && serve_gtls 4434 -V && interop_gtls_large 4435 || return 1
    if [ -n "$QUICGO" ]; then
        serve_quicgo '[::]' 5434 retry || return 1
    fi
    if interop_can_debian13; then
        spawn_debian13 "$LAB_SERVER" gtlsserver-6433 gtlsserver -q --preferred-versions=v2,v1 -d /mnt/lab/www '*' 6433 \
            /mnt/lab/tls/key.pem /mnt/lab/tls/cert.pem
        serve_wait 6433 || return 1
    fi
}

interop_gtls_large() { # PORT
    lab_spawn "$LAB_SERVER" "gtlsserver-$1" gtlsserver -q -d "$LAB_DIR/www" '*' "$1" "$LAB_DIR/tls/key.pem" "$LAB_DIR/tls/large.pem"
    serve_wait "$1"
}

interop_can_debian13() {
    [ -x "${QW_DEBIAN13:-/nonexistent}/usr/bin/curl" ] && [ -x "$QW_DEBIAN13/usr/sbin/gtlsserver" ]
}

# interop_clients: those that are here.
interop_clients() {
    echo ngtcp2
    [ -z "$QUICGO" ] || echo quic-go
    ! command -v chromium >/dev/null || echo chromium
    [ ! -x "$QW_BUN" ] || echo bun
    ! interop_can_debian13 || printf '%s\n' curl ngtcp2-13
}

# interop_plays CASE CLIENT: the client can play it. Others have no option for it, or bring no server that could.
interop_plays() {
    case $1:$2 in
    zerortt:ngtcp2 | zerortt:ngtcp2-13 | v2:ngtcp2-13 | connectionmigration:ngtcp2 | connectionmigration:ngtcp2-13) true ;;
    zerortt:* | v2:* | connectionmigration:*) false ;;
    rebind-port:quic-go) false ;; # it asks for nothing that takes time
    *) true ;;
    esac
}

# interop_links CASE SEED: NEAR and FAR of lane_run. quic-go's server behind a Retry loses the second of two Initials that come
# within some 0.2 ms (peers/quicgo): a paced link keeps that throw of a coin out of all lanes.
interop_links() {
    NEAR="delay=15 seed=$2" FAR=
    case $1 in
    retry) FAR='pace=2' ;;
    handshakeloss) NEAR+=' drop-client=30% drop-server=30% burst=3' ;;
    handshakecorruption) NEAR+=' corrupt-client=30% corrupt-server=30%' ;;
    amplificationlimit-client) NEAR+=' drop-client=2-7' ;;
    amplificationlimit-server) FAR='drop-client=2-7' ;;
    longrtt) NEAR="delay=750 seed=$2" ;;
    rebind-port) NEAR+=' rebind=12,40' ;;
    esac
}

interop_port() { # CASE: of the server's kind, its last digits
    case $1 in
    retry) echo 34 ;;
    amplificationlimit-*) echo 35 ;;
    *) echo 33 ;;
    esac
}

# interop_play LANE CASE CLIENT: one connection. True when the client got what it asked for.
interop_play() {
    local lane=$1 case=$2 port options=() QW_PATH=index.html QW_EXPECT=hello-quic
    port=$(interop_port "$case")
    [ "$case" != rebind-port ] || { QW_PATH=payload.txt QW_EXPECT=aaaaaaaa; }
    case $3 in
    ngtcp2)
        mapfile -t options < <(interop_gtls_options "$lane" "$case")
        lane_gtls "$lane" $INTEROP_FAMILY "44$port" "${options[@]}"
        ;;
    quic-go) interop_quicgo "$lane" "$case" "$port" ;;
    chromium) lane_chromium "$lane" $INTEROP_FAMILY "44$port" ;;
    bun) interop_bun "$lane" "44$port" ;;
    curl) interop_curl "$lane" "44$port" ;;
    ngtcp2-13) interop_gtls13 "$lane" "$case" "$port" ;;
    esac
}

interop_gtls_options() { # LANE CASE: a line each
    case $2 in
    zerortt) printf '%s\n' "--session-file=$LAB_DIR/session$1" "--tp-file=$LAB_DIR/parameters$1" ;;
    connectionmigration) printf '%s\n' --change-local-addr=100ms --delay-stream=300ms ;;
    v2) printf '%s\n' -v v2 ;;
    esac
}

# Its own server where that does more than others: two Retries for a ClientHello of two datagrams, and short connection IDs.
interop_quicgo() { # LANE CASE PORT
    if [ "$2" = retry ]; then
        lane_quicgo "$1" $INTEROP_FAMILY 5434 big
    else
        lane_quicgo "$1" $INTEROP_FAMILY "44$3" h3 big
    fi
}

interop_bun() { # LANE PORT
    local LAB_HOSTS
    LAB_HOSTS=$(lane_hosts "$1")
    # shellcheck disable=SC2016 # JavaScript
    with_hosts timeout 20 "$QW_BUN" -e 'const r = await fetch(process.argv[1],
        {protocol: "http3", tls: {rejectUnauthorized: false}}); console.log(r.status, (await r.text()).length);' \
        "https://v$INTEROP_FAMILY.server.test:$2/$QW_PATH" | grep '^200'
}

interop_curl() { # LANE PORT
    local LAB_HOSTS
    LAB_HOSTS=$(lane_hosts "$1")
    in_debian13 "$LAB_CLIENT" curl -sS -k --http3-only -m 20 -o /dev/null -w '%{http_version} %{http_code}\n' \
        "https://v$INTEROP_FAMILY.server.test:$2/$QW_PATH" | grep '^3 200'
}

# ngtcp2 of Debian 13 has a ClientHello of two datagrams, and version 2 at both ends.
interop_gtls13() { # LANE CASE PORT
    local LAB_HOSTS port=44$3 options
    [ "$2" != v2 ] || port=6433
    LAB_HOSTS=$(lane_hosts "$1")
    mapfile -t options < <(interop_gtls_options "$1" "$2" | sed "s|$LAB_DIR|/mnt/lab|")
    in_debian13 "$LAB_CLIENT" gtlsclient --exit-on-all-streams-close --no-quic-dump "${options[@]}" "v$INTEROP_FAMILY.server.test" "$port" \
        "https://v$INTEROP_FAMILY.server.test:$port/$QW_PATH" 2>&1 | grep 'status: 200'
}

# interop_ms LANE CASE: of the last run: until the client was connected, or until it was done where more than a handshake is asked.
interop_ms() {
    case $2 in
    rebind-port | connectionmigration) run_done "$1" ;;
    *) run_value "$1" connected ;;
    esac
}

# Families take turns; a ticket is for one name.
interop_family() { # CASE SEED
    if [ "$1" = zerortt ]; then echo 4; else echo $((6 - 2 * ($2 % 2))); fi
}

# interop_round CASE CLIENT SEED: appends a line to $LAB_DIR/rounds: LANE CASE CLIENT MS, "-" for a connection that failed.
interop_round() {
    local lane ms NEAR FAR
    interop_links "$1" "$3"
    INTEROP_FAMILY=$(interop_family "$1" "$3")
    lanes_run "$NEAR" "$FAR" interop_play "$1" "$2"
    for lane in "${!LANES[@]}"; do
        ms=$(interop_ms "$lane" "$1")
        [ "$(cat "$LAB_DIR/run-$lane.status")" = 0 ] || ms=
        echo "$lane $1 $2 ${ms:--}" >>"$LAB_DIR/rounds"
    done
}

# interop_case CASE CLIENT ROUNDS [MORE]: so many rounds; for 0-RTT one more that gets the tickets. MORE times as many again while
# the lanes do not compare well: with losses by chance a median of few says little.
interop_case() {
    local round=0 try
    rm -f "$LAB_DIR"/session* "$LAB_DIR"/parameters*
    INTEROP_FAMILY=4
    [ "$1" != zerortt ] || lanes_run delay=15 '' interop_play "$1" "$2"
    for ((try = 0; try <= ${4:-0}; try++)); do
        for ((; round < $3 * (try + 1); round++)); do
            interop_round "$1" "$2" $((round + 1))
        done
        interop_compare "$1" "$2" >/dev/null && return
    done
}

# interop_result CASE CLIENT LANE: "MEDIAN-MS LOST", the median of those that succeeded.
interop_result() {
    awk -v c="$1" -v who="$2" -v lane="$3" '$1 == lane && $2 == c && $3 == who { print $4 }' "$LAB_DIR/rounds" |
        sort -n | awk '$1 == "-" { lost++; next } { v[++n] = $1 }
            END { printf "%s %d\n", n ? (n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2) : "-", lost }'
}

# interop_waits CASE CLIENT LANE: the second half of its ClientHello is lost until late, and half a ClientHello never passes an allow
# list: the client waits for its own timers, where through a plain router the server asks for the rest.
interop_waits() {
    [ "$1:${LANES[$3]}" = amplificationlimit-client:allow ] && [ "$2" != ngtcp2 ]
}

# interop_compare CASE CLIENT: no lane is slower than 1.5 times lane 0 in the median, and none lost more. Prints what each took.
interop_compare() {
    local lane plain plain_lost ms lost status=0
    read -r plain plain_lost <<<"$(interop_result "$1" "$2" 0)"
    for lane in "${!LANES[@]}"; do
        read -r ms lost <<<"$(interop_result "$1" "$2" "$lane")"
        echo "${LANES[$lane]}: median $ms ms, $lost lost"
        [ "$lost" -le "$plain_lost" ] || status=1
        [ "$plain" = - ] || interop_waits "$1" "$2" "$lane" || run_no_slower "$plain" "${ms#-}" || status=1
    done
    return $status
}
