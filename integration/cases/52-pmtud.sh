#!/usr/bin/env bash
# M1, M6: QUIC's search for a larger packet size through a limit of 1350: transfers are whole both ways, probes above the limit are dropped
# and nothing larger leaves. With UDP segmentation offload on, bundles pass whose segments fit.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without gtlsclient gtlsserver tcpdump
lab_trap
lab_up gso || exit 1
start_quicward 'size_limits = ( { class = "quic"; limit = 1350; } );' || exit 1
certificate_make && serve_gtls 4433 || exit 1
head -c 1000000 /dev/urandom >"$LAB_DIR/www/large"

transfer() { # FAMILY
    mkdir -p "$LAB_DIR/down$1"
    QW_PATH=large client_gtls "$1" 4433 --download="$LAB_DIR/down$1" -q
    cmp "$LAB_DIR/www/large" "$LAB_DIR/down$1/large"
}

bundles_seen() {
    in_router timeout 20 tcpdump -Z root --immediate-mode -n -c 1 -i wan0 'udp and greater 2000' 2>"$LAB_DIR/tcpdump.log"
}

too_big() {
    stat_of 'reasons["too-big"]'
}

# Packets of the client that left the router longer than the limit.
larger_left() { # FAMILY
    local longer='ip[2:2] > 1350'
    [ "$1" = 4 ] || longer='ip6[4:2] + 40 > 1350'
    captured_count server "udp dst port 4433 and $longer"
}

bundles_seen >/dev/null &
watcher=$!
wait_for 3 grep -q listening "$LAB_DIR/tcpdump.log"
for family in 4 6; do
    before=$(too_big)
    capture_start server || exit 1
    check "IPv$family a megabyte arrives whole" transfer $family
    capture_stop server
    check "IPv$family its flow is confirmed" confirmed $family 4433
    check "IPv$family probes were dropped" [ "$(too_big)" -gt "$before" ]
    check "IPv$family packets left" [ "$(captured_count server 'udp dst port 4433')" -gt 10 ]
    check "IPv$family none longer than the limit" [ "$(larger_left $family)" = 0 ]
done
check 'the router met bundles' wait $watcher
check 'PTBs were sent for them' [ "$(stat_of ptbs)" -gt 0 ]
check 'quicward ends cleanly' stop_quicward
case_end
