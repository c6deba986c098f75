#!/usr/bin/env bash
# W2, W5, C1, C4: programs of Debian 13 get through and show their names: curl --http3-only (OpenSSL's QUIC), and QUIC v2 of
# ngtcp2, chosen by the client or by a compatible change. Runs when QW_DEBIAN13 names a folder with such a system
# (debootstrap trixie; packages curl, ngtcp2-client, ngtcp2-server, ca-certificates).
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without_debian13 curl gtlsclient gtlsserver
skip_without caddy

client_curl() { # FAMILY
    in_debian13 "$LAB_CLIENT" curl -sS -k --http3-only -o /dev/null -w '%{http_version} %{http_code}\n' \
        "https://v$1.server.test:4435/index.html"
}

client_v2() { # FAMILY OPTION...
    local family=$1
    shift
    in_debian13 "$LAB_CLIENT" gtlsclient --exit-on-all-streams-close --no-quic-dump "$@" \
        "v$family.server.test" 4436 "https://v$family.server.test:4436/index.html"
}

serve_v2() {
    spawn_debian13 "$LAB_SERVER" gtlsserver-4436 gtlsserver -q --preferred-versions=v2,v1 -d /mnt/lab/www '*' 4436 \
        /mnt/lab/tls/key.pem /mnt/lab/tls/cert.pem
    serve_wait 4436
}

# shown FAMILY PORT VERSION: confirmed in this version, with the name that was asked for.
shown() {
    # shellcheck disable=SC2016 # jq's variables
    flow_is '.server == $s and .state == "confirmed" and .version == $v and .sni == $n' \
        --arg s "$(endpoint "$1" "$2")" --arg v "$3" --arg n "v$1.server.test"
}

case_lab
certificate_make && serve_caddy 4435 && serve_v2 || exit 1
for family in 4 6; do
    check "IPv$family curl --http3-only" shows '^3 200' client_curl $family
    check "IPv$family its name" shown $family 4435 v1
    check "IPv$family ngtcp2, v2 from the start" shows 'status: 200' client_v2 $family -v v2
    check "IPv$family its name and version" shown $family 4436 v2
done
check 'IPv4 ngtcp2, v1 changed to v2' shows 'status: 200' \
    client_v2 4 -v v1 --preferred-versions=v2,v1 --available-versions=v2,v1
check 'all were confirmed at their first attempt' attempt_count 5
check 'quicward ends cleanly' stop_quicward
case_end
