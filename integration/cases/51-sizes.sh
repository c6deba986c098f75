#!/usr/bin/env bash
# M1, M2, M3, M4: a packet over a size limit that may not be fragmented is dropped, and its sender told by a PTB that quotes
# what it sent; its kernel takes the limit over. What may be fragmented, or comes in fragments, passes. A flood yields no more
# PTBs than configured. A limit that QUIC could not begin under is refused. IPv4 and IPv6.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without tcpdump
LIMIT=1350 PTB_RATE=40 PTB_PER_HOST=15
case_lab "size_limits = ( { class = \"udp\"; limit = $LIMIT; interface = \"wan0\"; } );
ptb = { rate = $PTB_RATE; per_host = $PTB_PER_HOST; };"
serve_echo 7000 || exit 1
for host in 3 4 5; do
    ip -n "$LAB_CLIENT" addr add 192.0.2.$host/24 dev c0
done

# datagram FAMILY BYTES: one with DF, or over IPv6, from a socket that waits for errors: bash leaves path MTU discovery on.
datagram() {
    # shellcheck disable=SC2016 # expanded by the inner shell
    in_client bash -c 'exec 3<>"/dev/udp/$0/7000" && printf "%$1s" >&3 && sleep 0.3' "$(server_address "$1")" "$2"
}

payload() { # FAMILY BYTES: that a packet of BYTES carries
    if [ "$1" = 4 ]; then echo $(($2 - 28)); else echo $(($2 - 48)); fi
}

mtu_known() { # FAMILY
    shows "mtu $LIMIT" in_client ip "-$1" route get "$(server_address "$1")"
}

# big FAMILY BYTES [COUNT [FROM]]: with DF, or over IPv6, whatever the kernel knows of the path.
big() {
    in_client "$QW_TOOLS/big_send" "${4:-$(inside "$1" 5000)}" "$(endpoint "$1" 7000)" "$2" "${3:-1}"
}

dropped() {
    stat_of 'reasons["too-big"]'
}

dropped_since() { # BEFORE NUMBER
    [ $(($(dropped) - $1)) = "$2" ]
}

went_on() { # FILTER NUMBER
    [ "$(captured_count server "$1")" = "$2" ]
}

told() { # FAMILY
    shows "mtu $LIMIT" captured client "$(ptb "$1")" && [ "$(captured_count client "$(ptb "$1")")" = 1 ]
}

# A router that puts an IP header before the error fills 576 bytes, or 1280.
quote_length() { # FAMILY
    if [ "$1" = 4 ]; then echo 548; else echo 1232; fi
}

for family in 4 6; do
    capture_start client && capture_start server || exit 1
    check "IPv$family a datagram that just fits gets its answer" \
        ask "$(inside $family 0)" "$(endpoint $family 7000)" 2000 "$(payload $family $LIMIT)"
    check_not "IPv$family the sender's kernel knows no limit yet" mtu_known $family
    before=$(dropped)
    check "IPv$family a byte more is sent" datagram $family $(($(payload $family $LIMIT) + 1))
    capture_stop client
    check "IPv$family its sender is told once, and the limit" told $family
    check "IPv$family whose kernel takes it over" mtu_known $family
    capture_start client || exit 1
    check "IPv$family and three more, from who does not care" big $family $((LIMIT + 1)) 3
    check "IPv$family are dropped" wait_for 2 dropped_since "$before" 4
    check "IPv$family one that just fits, with DF if there is one" big $family $LIMIT
    check "IPv$family goes on" wait_for 2 went_on "$(protocol $family) and udp src port 5000" 1
    capture_stop client
    capture_stop server
    check "IPv$family not one of them went on" went_on "udp and greater $((LIMIT + 15))" 0
    check "IPv$family the PTB quotes the packet as it was sent" \
        quoted_as_sent client $family "$(protocol $family) and udp src port 5000 and greater $((LIMIT + 15))" "$(quote_length $family)"
    check "IPv$family what is sent in fragments comes back" ask "$(inside $family 0)" "$(endpoint $family 7000)" 2000 4000
done
check 'IPv4 what is longer and may be fragmented comes back' ask "$C4:0" "$S4:7000" 2000 1400

# Four hosts, of which each may get so many a second, and all together so many.
flood() {
    local host pids=()
    capture_start client || return 1
    for host in 2 3 4 5; do
        big 4 $((LIMIT + 1)) 4000 192.0.2.$host:5000 &
        pids+=("$!")
    done
    wait "${pids[@]}"
    capture_stop client
}

# bounded RATE FILTER: no more PTBs than that each second, and those that the bucket held when they began.
bounded() {
    captured client "$(ptb 4) $2" | awk -v rate="$1" '
        { if (NR == 1) began = $1; last = $1 }
        END { print NR, "in", last - began, "s"; exit !(NR > 0 && NR <= rate * (last - began + 1) + 1) }'
}

sleep 1 # the buckets fill
before=$(stat_of ptbs_refused)
check 'a flood of packets that are too big' flood
check "yields the $PTB_RATE PTBs of a second at least" [ "$(captured_count client "$(ptb 4)")" -ge $PTB_RATE ]
check "at most $PTB_RATE a second" bounded $PTB_RATE ''
for host in 2 3 4 5; do
    check "at most $PTB_PER_HOST a second to 192.0.2.$host" bounded $PTB_PER_HOST "and dst host 192.0.2.$host"
done
check 'the others are counted' [ $(($(stat_of ptbs_refused) - before)) -gt 15000 ]

sed "s/limit = $LIMIT/limit = 1279/" "$LAB_DIR/quicward.conf" >"$LAB_DIR/small.conf"
check 'a limit of 1279 is refused' shows 'small.conf:.*1279.*1280.*RFC 9000' "$QUICWARD" check -c "$LAB_DIR/small.conf"
check 'and so is the file' status_is 78 "$QUICWARD" check -c "$LAB_DIR/small.conf"
check 'quicward ends cleanly' stop_quicward
case_end
