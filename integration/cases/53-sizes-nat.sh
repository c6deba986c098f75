#!/usr/bin/env bash
# M2, M5: the PTB about a probe of a real client behind NAT quotes it byte for byte as the client sent it, before translation,
# so that the checks of RFC 9000 14.2.1 accept it: addresses, ports and connection ID are the client's own. PTBs of a router
# beyond reach the sender: as they came in mode firewall, IPv4 and IPv6; in mode nat translated back to just what the sender
# sent.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without gtlsclient gtlsserver tcpdump
case_nat '' 'size_limits = ( { class = "quic"; limit = 1350; } );'
certificate_make && serve_gtls 4433 && serve_echo 7000 || exit 1
ip netns exec "$LAB_CLIENT" ethtool -K c0 tx off >/dev/null # whole checksums in what is captured there
OVER='greater 1365'                                         # with the Ethernet header

# sent_and_told FAMILY FILTER BYTES COMMAND...: COMMAND leads to a PTB, which quotes the packet that matches FILTER.
sent_and_told() {
    local family=$1 filter=$2 bytes=$3
    shift 3
    capture_start client || return 1
    "$@" >/dev/null 2>&1
    wait_for 2 ptb_captured "$family"
    capture_stop client
    captured client "$(ptb "$family")"
    quoted_as_sent client "$family" "$filter" "$bytes"
}

ptb_captured() {
    [ "$(captured_count client "$(ptb "$1")")" -gt 0 ]
}

# The router quotes as much as fits 576 bytes, or 1280.
check "a QUIC client's probe is quoted as it was sent" \
    sent_and_told 4 "src host $C4 and udp dst port 4433 and $OVER" 548 client_gtls 4 4433
check 'over IPv6, which is not translated, too' \
    sent_and_told 6 "src host $C6 and udp dst port 4433 and $OVER" 1232 client_gtls 6 4433
for family in 4 6; do
    check "IPv$family the connection was confirmed all the same" confirmed $family 4433
done

# A link beyond that carries less.
ip -n "$LAB_TRANSIT" link set t1 mtu 1300
ip -n "$LAB_SERVER" link set s0 mtu 1300
big() { # FAMILY: with DF, or over IPv6, from a socket that waits for errors: bash leaves path MTU discovery on
    # shellcheck disable=SC2016 # expanded by the inner shell
    in_client bash -c 'exec 3<>"/dev/udp/$0/7000" && printf "%1290s" >&3 && sleep 0.3' "$(server_address "$1")"
}

beyond() { # MODE
    local family
    for family in 4 6; do
        check "$1: IPv$family a PTB from beyond comes with the sender's packet" \
            sent_and_told $family 'udp dst port 7000' "$((family == 4 ? 548 : 1232))" big $family
        check "$1: IPv$family and its MTU" shows 'mtu 1300' captured client "$(ptb $family)"
        check "$1: IPv$family whose kernel takes it" shows 'mtu 1300' in_client ip -$family route get "$(server_address $family)"
    done
    check "$1: nothing of it was dropped" [ "$(stat_of 'reasons["unsolicited-icmp"]')" = 0 ]
}

beyond nat
check 'quicward ends cleanly' stop_quicward
in_router "$QUICWARD" rules --remove -c "$LAB_DIR/quicward.conf" | in_router sh
start_quicward || exit 1
for family in 4 6; do
    in_client ip -$family route flush cache
done
beyond firewall
check 'quicward ends cleanly' stop_quicward
case_end
