# shellcheck shell=bash
# The demo's connections, for the demo and for other scripts that count what went well in `good` and what did not in `bad`.
good=0 bad=0

title() {
    printf '\n== %s\n' "$*"
}

demo_servers() {
    certificate_make && serve_gtls 4433 && serve_gtls 4434 -V && serve_caddy 4435 && serve_knot
}

# connects FAMILY PORT NAME PATTERN COMMAND...: one attempt; then the flow must be confirmed.
connects() {
    local family=$1 port=$2 name=$3 pattern=$4 began word=PASS what=confirmed
    shift 4
    began=$(date +%s%N)
    "$@" >"$LAB_DIR/client.log" 2>&1
    local ms=$((($(date +%s%N) - began) / 1000000))
    grep -qE "$pattern" "$LAB_DIR/client.log" || { word=FAIL what='the client failed'; tail -n 3 "$LAB_DIR/client.log"; }
    [ $word = FAIL ] || confirmed "$family" "$port" 2>/dev/null || { word=FAIL what='not confirmed'; }
    if [ $word = PASS ]; then good=$((good + 1)); else bad=$((bad + 1)); fi
    printf '%s  IPv%s  %-38s %5d ms  %s\n' $word "$family" "$name" $ms "$what"
}

demo_clients() {
    local family
    for family in 4 6; do
        connects $family 4433 'gtlsclient -> gtlsserver' 'status: 200' client_gtls $family 4433
        connects $family 4434 'gtlsclient -> gtlsserver with Retry' 'type=Retry' client_gtls $family 4434
        connects $family 4435 'gtlsclient -> caddy' 'status: 200' client_gtls $family 4435
        connects $family 4433 'chromium -> gtlsserver' hello-quic client_chromium $family 4433
        connects $family 4435 'chromium -> caddy' hello-quic client_chromium $family 4435
        connects $family 853 'kdig +quic -> knotd' hello-dns client_doq $family
    done
}
