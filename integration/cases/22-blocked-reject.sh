#!/usr/bin/env bash
# F1, F2: a rule that rejects a name (with hold.exhausted = "drop": chromium may take its time between two datagrams) answers each client with ICMP "administratively prohibited" and lets not one datagram of it
# go on, IPv4 and IPv6. Prints how long real clients take to go to TCP and to end, with drop and with reject. No more answers
# leave than reject.rate allows.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without gtlsclient gtlsserver caddy chromium firefox-esr certutil kdig knotd tcpdump
rule() { # ACTION
    echo "hold = { exhausted = \"drop\"; }; rules = ( { name = \"ads\"; sni = \".blocked.test\"; action = \"$1\"; } );"
}

case_lab "$(rule accept)"
# A port for each client, so that a capture tells them apart.
certificate_make && serve_gtls 4443 && serve_gtls 4444 && serve_caddy 4435 4436 && serve_knot || exit 1
export QW_DOMAIN=blocked.test
BLOCKED='udp and (dst port 4443 or dst port 4444 or dst port 4435 or dst port 4436 or dst port 853)'

learn() { # FAMILY: a chromium that knows that QUIC works here
    client_browser "$1" 4435 "$LAB_DIR/learned$1" >/dev/null 2>&1
    client_browser "$1" 4435 "$LAB_DIR/learned$1"
}

# try ACTION FAMILY CLIENT PORT COMMAND...: in the background; leaves its output and when it ended.
try() {
    local log=$LAB_DIR/$1-$3-$2
    echo "$1 $2 $3 $4" >>"$LAB_DIR/tries"
    (
        "${@:5}" >"$log.log" 2>&1 </dev/null
        date +%s.%N >"$log.end"
    ) &
    tries+=("$!")
}

round() { # ACTION
    local family tries=()
    : >"$LAB_DIR/tries"
    capture_start client && capture_start server || return 1
    for family in 4 6; do
        cp -a "$LAB_DIR/learned$family" "$LAB_DIR/$1-home$family"
        # It hears no ICMP errors: nothing but its own limit, 10 s if not told otherwise, ends it.
        try "$1" $family gtlsclient 4443 client_gtls $family 4443 --handshake-timeout=3s
        try "$1" $family kdig 853 client_doq $family +timeout=5
        try "$1" $family chromium-quic 4444 client_chromium $family 4444
        try "$1" $family chromium 4435 client_browser $family 4435 "$LAB_DIR/$1-home$family"
        try "$1" $family firefox 4436 client_firefox $family 4436
    done
    wait "${tries[@]}"
    capture_stop client
    capture_stop server
}

first_time() { # FAMILY FILTER
    captured client "$(protocol "$1") and $2" | awk '{ print $1; exit }'
}

ms_between() { # FROM TO
    awk -v from="$1" -v to="$2" 'BEGIN { if (from == "" || to == "") print "-"; else printf "%d\n", (to - from) * 1000 }'
}

# A line a client: milliseconds from its first QUIC datagram until its first TCP segment (below 0 when TCP came first), and
# until it ended.
table() {
    local action family client port quic
    while read -r action family client port; do
        quic=$(first_time "$family" "udp dst port $port")
        printf '  %-6s  IPv%s  %-13s  TCP after %5s ms  end after %5s ms\n' "$action" "$family" "$client" \
            "$(ms_between "$quic" "$(first_time "$family" "tcp dst port $port")")" \
            "$(ms_between "$quic" "$(cat "$LAB_DIR/$action-$client-$family.end")")"
    done <"$LAB_DIR/tries"
}

stopped() { # ACTION
    local family
    for family in 4 6; do
        check "$1: IPv$family five clients tried QUIC" [ "$(captured_flows client "$(protocol $family) and $BLOCKED")" -ge 5 ]
        check "$1: IPv$family not one datagram went on" [ "$(captured_count server "$(protocol $family) and $BLOCKED")" = 0 ]
        check "$1: IPv$family chromium has the page by TCP" grep -q hello-quic "$LAB_DIR/$1-chromium-$family.log"
        check_not "$1: IPv$family clients without TCP have nothing" grep -lE 'status: 200|hello-quic|hello-dns' \
            "$LAB_DIR/$1"-{gtlsclient,kdig,chromium-quic}-$family.log
    done
}

within() { # MIN MAX NUMBER
    [ "$3" -ge "$1" ] && [ "$3" -le "$2" ]
}

PROHIBITED4='icmp[0] == 3 and icmp[1] == 13'
PROHIBITED6='ip6 proto 58 and ip6[40] == 1 and ip6[41] == 1'
# One error a client at least: browsers and kdig then stop sending.
told() { # FAMILY FILTER
    local clients
    clients=$(captured_flows client "$(protocol "$1") and $BLOCKED")
    echo "$clients clients, $(captured_count client "$2") errors"
    [ "$(captured_count client "$2")" -ge "$clients" ]
}

for family in 4 6; do
    check "IPv$family chromium learns that QUIC works" shows hello-quic learn $family
    check "IPv$family its flow is confirmed" confirmed $family 4435
done
for action in drop reject; do
    quicward_conf "$(rule $action)" >"$LAB_DIR/quicward.conf"
    check "$action: reload" quicward_ask reload
    round $action
    stopped $action
    table
done
check 'reject: every client over IPv4 was told' told 4 "$PROHIBITED4"
check 'reject: every client over IPv6 was told' told 6 "$PROHIBITED6"

check 'quicward ends cleanly' stop_quicward
start_quicward "$(rule reject) reject = { rate = 5; per_host = 5; };" || exit 1
for family in 4 6; do
    capture_start client
    in_client "$QW_TOOLS/hello_send" "$(inside $family 20000)" "$(endpoint $family 4443)" www.blocked.test 0 100 spread
    capture_stop client
    filter=PROHIBITED$family
    errors=$(captured_count client "${!filter}")
    check "IPv$family five a second: $errors errors about 100 datagrams" within 1 10 "$errors"
done
check 'the others are counted' [ "$(stat_of hellos.replies_refused)" -ge 180 ]
check 'all datagrams are' [ "$(stat_of reasons.rule)" = 200 ]
check 'quicward ends cleanly' stop_quicward
case_end
