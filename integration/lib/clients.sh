# shellcheck shell=bash
# Real clients in the client namespace, one attempt each. FAMILY is 4 or 6.

server_address() { # FAMILY: as a program takes it alone
    if [ "$1" = 4 ]; then echo "$S4"; else echo "$S6"; fi
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
    in_client sh -c 'mount --bind "$0" /etc/hosts && exec "$@"' "$LAB_DIR/hosts" "$@"
}

# client_gtls FAMILY PORT [OPTION...]: ngtcp2's example client.
client_gtls() {
    local family=$1 port=$2
    shift 2
    with_hosts timeout 20 gtlsclient --exit-on-all-streams-close --no-quic-dump "$@" \
        "v$family.server.test" "$port" "https://v$family.server.test:$port/${QW_PATH:-index.html}"
}

# client_chromium FAMILY PORT: headless, QUIC only.
client_chromium() {
    local port=$2 home address
    address=$(server_address "$1")
    [ "$1" = 4 ] || address="[$address]"
    home=$(mktemp -d "$LAB_DIR/chromium.XXXXXX") || return 1
    in_client env HOME="$home" timeout 40 chromium --headless --no-sandbox --disable-gpu --no-first-run \
        --disable-background-networking --disable-component-update --disable-sync --disable-default-apps \
        --disable-extensions --disable-dev-shm-usage --user-data-dir="$home/profile" --enable-quic \
        --origin-to-force-quic-on="server.test:$port" \
        --ignore-certificate-errors-spki-list="$(certificate_spki)" \
        --host-resolver-rules="MAP server.test $address, MAP * ~NOTFOUND" \
        --dump-dom "https://server.test:$port/index.html"
}

# client_doq FAMILY: DNS over QUIC.
client_doq() {
    in_client timeout 10 kdig +quic +short +timeout=5 +retry=0 -p 853 "@$(server_address "$1")" hello.test TXT
}

# client_dns FAMILY: plain DNS.
client_dns() {
    in_client timeout 10 kdig +short +timeout=3 +retry=0 "@$(server_address "$1")" hello.test TXT
}

# Where integration/install.sh puts the optional client.
QW_BUN=${QW_BUN:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/quicward/bun/node_modules/@oven/bun-linux-x64/bin/bun}

# client_bun FAMILY PORT: lsquic.
client_bun() {
    # shellcheck disable=SC2016 # JavaScript
    with_hosts timeout 20 "$QW_BUN" -e 'const r = await fetch(process.argv[1],
        {protocol: "http3", tls: {rejectUnauthorized: false}}); console.log(r.status, await r.text());' \
        "https://v$1.server.test:$2/index.html"
}
