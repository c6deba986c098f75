#!/usr/bin/env bash
# slow: bundles pass as bundles, and it looks for packets that are too long
# M1, M6: QUIC under a size limit. A megabyte arrives whole, the server sending bundles that are far longer than the limit and
# whose segments fit; the probes by which the ends look for larger packets (RFC 9000 14.3) are dropped and told, and none goes
# on; nobody needs a second attempt. UDP that is no QUIC is not of the class. IPv4 and IPv6.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without gtlsclient gtlsserver tcpdump
LIMIT=1350
lab_trap
lab_up gso || exit 1
start_quicward "size_limits = ( { class = \"quic\"; limit = $LIMIT; } );" || exit 1
certificate_make && serve_gtls 4433 && serve_echo 7000 || exit 1
head -c 1000000 /dev/urandom >"$LAB_DIR/www/large"
OVER="udp and greater $((LIMIT + 15))" # with the Ethernet header

fetched_whole() { # FAMILY
    mkdir -p "$LAB_DIR/down$1"
    QW_PATH=large client_gtls "$1" 4433 --download="$LAB_DIR/down$1" -q
    cmp "$LAB_DIR/www/large" "$LAB_DIR/down$1/large"
}

mtu_known() { # NAMESPACE FAMILY ADDRESS
    shows "mtu $LIMIT" ip netns exec "$1" ip "-$2" route get "$3"
}

# What the server sends reaches the router in bundles.
bundles_start() {
    : >"$LAB_DIR/tcpdump.log"
    in_router timeout 120 tcpdump -Z root --immediate-mode -n -c 1 -i wan0 -Q in 'udp and greater 3000' 2>"$LAB_DIR/tcpdump.log" &
    BUNDLES=$!
    wait_for 3 grep -q listening "$LAB_DIR/tcpdump.log"
}

bundles_start >/dev/null
for family in 4 6; do
    capture_start client && capture_start server || exit 1
    check "IPv$family a megabyte arrives whole" fetched_whole $family
    check "IPv$family its flow is confirmed" confirmed $family 4433
    capture_stop client
    capture_stop server
    mine=$(protocol $family)
    check "IPv$family the client probed above the limit" [ "$(captured_count client "$mine and dst port 4433 and $OVER")" -gt 0 ]
    check "IPv$family it was told for each probe" [ "$(captured_count client "$(ptb $family)")" = \
        "$(captured_count client "$mine and dst port 4433 and $OVER")" ]
    check "IPv$family no probe went on" [ "$(captured_count server "$mine and $OVER")" = 0 ]
    check "IPv$family none of the server's came in" [ "$(captured_count client "$mine and src port 4433 and $OVER")" = 0 ]
    check "IPv$family the client's kernel knows the limit" mtu_known "$LAB_CLIENT" $family "$(server_address $family)"
    check "IPv$family so does the server's" mtu_known "$LAB_SERVER" $family "$(client_address $family)"
done
check 'the router met bundles' wait "$BUNDLES"
check 'nobody needed a second attempt' attempt_count 2

all_went_on() {
    [ "$(captured_count server "dst port 7000 and $OVER")" = 6 ]
}

before=$(stat_of 'reasons["too-big"]')
capture_start server
for family in 4 6; do
    check "IPv$family UDP that is no QUIC" in_client "$QW_TOOLS/big_send" "$(inside $family 5000)" "$(endpoint $family 7000)" 1450 3
done
check 'is not limited' wait_for 2 all_went_on
capture_stop server
check 'nor counted' [ "$(stat_of 'reasons["too-big"]')" = "$before" ]
check 'quicward ends cleanly' stop_quicward
case_end
