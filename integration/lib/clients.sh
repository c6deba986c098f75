# shellcheck shell=bash
# Real clients in the client namespace, one attempt each. FAMILY is 4 or 6. QW_DOMAIN is the domain that they ask for: server.test
# (none for DNS over QUIC) or blocked.test; QW_CLIENT_S how many seconds ngtcp2's client, chromium and kdig may take (60).

server_address() { # FAMILY: as a program takes it alone
    if [ "$1" = 4 ]; then echo "$S4"; else echo "$S6"; fi
}

client_address() { # FAMILY
    if [ "$1" = 4 ]; then echo "$C4"; else echo "$C6"; fi
}

# endpoint FAMILY PORT: the server's endpoint as quicward writes it.
endpoint() {
    if [ "$1" = 4 ]; then echo "$S4:$2"; else echo "[$S6]:$2"; fi
}

# inside FAMILY [PORT]: the client's endpoint as quicward writes it; its beginning when no port is given.
inside() {
    if [ "$1" = 4 ]; then echo "$C4:${2:-}"; else echo "[$C6]:${2:-}"; fi
}

# with_hosts COMMAND...: in the client namespace, where the server's names resolve.
with_hosts() {
    # shellcheck disable=SC2016 # expanded by the inner shell
    in_client sh -c 'mount --bind "$1" /etc/hosts && mount --bind "$0/resolv.conf" /etc/resolv.conf && shift && exec "$@"' \
        "$LAB_DIR" "${LAB_HOSTS:-$LAB_DIR/hosts}" "$@"
}

# client_gtls FAMILY PORT [OPTION...]: ngtcp2's example client.
client_gtls() {
    local name=v$1.${QW_DOMAIN:-server.test} port=$2
    shift 2
    with_hosts timeout "${QW_CLIENT_S:-60}" gtlsclient --exit-on-all-streams-close --no-quic-dump "$@" \
        "$name" "$port" "https://$name:$port/${QW_PATH:-index.html}"
}

# client_chromium FAMILY PORT: headless, QUIC only.
client_chromium() {
    local home
    home=$(mktemp -d "$LAB_DIR/chromium.XXXXXX") || return 1
    chromium_in "$home" "${QW_DOMAIN:-server.test}:$2" "$1" "$2"
}

# client_browser FAMILY PORT HOME: chromium as people have it, by TCP or QUIC. What it learned stays in HOME: at its first visit
# that the server speaks QUIC, at its second that QUIC works here.
client_browser() {
    # Another port of the host: its certificate is then taken over QUIC too, and QUIC is not forced.
    chromium_in "$3" "${QW_DOMAIN:-server.test}:9" "$1" "$2"
}

# On a machine under load chromium hangs now and then before it sends anything: then it is started anew.
chromium_in() { # HOME FORCED FAMILY PORT
    local status=0 tries
    for tries in 1 2; do
        status=0
        chromium_once "$@" || status=$?
        [ $status = 124 ] || break
        echo "chromium hung, try $tries" >&2
    done
    return $status
}

chromium_once() { # HOME FORCED FAMILY PORT
    local home=$1 forced=$2 name=${QW_DOMAIN:-server.test} port=$4 address
    address=$(server_address "$3")
    [ "$3" = 4 ] || address="[$address]"
    in_client env HOME="$home" timeout "${QW_CLIENT_S:-60}" chromium --headless --no-sandbox --disable-gpu --no-first-run \
        --disable-background-networking --disable-component-update --disable-sync --disable-default-apps \
        --disable-extensions --disable-dev-shm-usage --user-data-dir="$home/profile" --enable-quic \
        --origin-to-force-quic-on="$forced" \
        --ignore-certificate-errors-spki-list="$(certificate_spki)" \
        --host-resolver-rules="MAP $name $address, MAP * ~NOTFOUND" \
        --dump-dom "https://$name:$port/${QW_PATH:-index.html}"
}

# client_firefox FAMILY PORT: headless, no TCP server needed. True when it painted what it got; what that was, a flow shows.
client_firefox() {
    local name=v$1.${QW_DOMAIN:-server.test} port=$2 home
    home=$(mktemp -d "$LAB_DIR/firefox.XXXXXX") || return 1
    firefox_preferences "$name" "$port" >"$home/user.js"
    certutil -N -d "sql:$home" --empty-password
    certutil -A -d "sql:$home" -n lab -t C,, -i "$LAB_DIR/tls/ca.pem"
    with_hosts env HOME="$home" timeout 120 firefox-esr --headless --no-remote --profile "$home" \
        --screenshot "$home/page.png" "https://$name:$port/index.html"
    [ -s "$home/page.png" ]
}

firefox_preferences() { # NAME PORT
    local key
    printf 'user_pref("network.http.http3.alt-svc-mapping-for-testing", "%s;h3=:%s");\n' "$1" "$2"
    # With an authority of one's own firefox leaves QUIC alone; the others would ask the world for things.
    for key in network.http.http3.disable_when_third_party_roots_found network.captive-portal-service.enabled \
        network.connectivity-service.enabled browser.region.update.enabled; do
        printf 'user_pref("%s", false);\n' "$key"
    done
}

# client_doq FAMILY [OPTION...]: DNS over QUIC.
client_doq() {
    local server sni=()
    server=$(server_address "$1")
    [ -z "${QW_DOMAIN:-}" ] || sni=("+tls-sni=v$1.$QW_DOMAIN")
    shift
    in_client timeout "${QW_CLIENT_S:-60}" kdig "${sni[@]}" +quic +short +timeout=200 +retry=0 "$@" -p 853 "@$server" hello.test TXT
}

# client_dns FAMILY: plain DNS.
client_dns() {
    in_client timeout 60 kdig +short +timeout=20 +retry=0 "@$(server_address "$1")" hello.test TXT
}

# Where integration/install.sh puts the optional client.
QW_BUN=${QW_BUN:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/quicward/bun/node_modules/@oven/bun-linux-x64/bin/bun}

# client_bun FAMILY PORT: lsquic.
client_bun() {
    # shellcheck disable=SC2016 # JavaScript
    with_hosts timeout 60 "$QW_BUN" -e 'const r = await fetch(process.argv[1],
        {protocol: "http3", tls: {rejectUnauthorized: false}}); console.log(r.status, await r.text());' \
        "https://v$1.server.test:$2/index.html"
}
