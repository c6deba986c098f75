#!/usr/bin/env bash
# M6: with UDP segmentation offload on, where the router meets bundles larger than any wire packet, transfers are whole.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without gtlsclient gtlsserver tcpdump
lab_trap
lab_up gso || exit 1
start_quicward || exit 1
certificate_make && serve_gtls 4433 || exit 1
head -c 1000000 /dev/urandom >"$LAB_DIR/www/large"

bundles_seen() {
    in_router timeout 120 tcpdump -Z root --immediate-mode -n -c 1 -i wan0 'udp and greater 2000' 2>"$LAB_DIR/tcpdump.log"
}

fetched_whole() { # FAMILY
    mkdir -p "$LAB_DIR/down$1"
    QW_PATH=large client_gtls "$1" 4433 --download="$LAB_DIR/down$1" -q
    cmp "$LAB_DIR/www/large" "$LAB_DIR/down$1/large"
}

bundles_seen >/dev/null &
watcher=$!
wait_for 3 grep -q listening "$LAB_DIR/tcpdump.log"
for family in 4 6; do
    check "IPv$family a megabyte arrives whole" fetched_whole $family
    check "IPv$family its flow is confirmed" confirmed $family 4433
done
check 'the router met bundles' wait $watcher
check 'quicward ends cleanly' stop_quicward
case_end
