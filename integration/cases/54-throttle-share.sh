#!/usr/bin/env bash
# P1, P2, P3, P4: what a share that stands still means, whatever the load. Each flow passes whole or not at all; a larger
# share only adds flows; after a restart, or on another router, the same key blocks the same flows and another key others;
# `replay` tells beforehand which. A blocked flow is blocked from outside too. Confirmed connections lose nothing at a share
# of 100 %, where who begins fails with the first packet, unless they are not to be spared. Monitor mode only counts. IPv4 and
# IPv6.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without gtlsclient gtlsserver tcpdump
FLOWS=100 COUNT=20
KEY=00112233445566778899aabbccddeeff

snippet() { # SHARE KEY [SETTING]: the share never moves
    echo "throttles = ( { interface = \"wan0\"; direction = \"out\"; capacity = \"1G\"; } );
throttle = { floor = $1; ceiling = $1; key = \"$2\"; ${3:-} };"
}

share_is() { # SHARE
    stats_json | tee /dev/stderr | jq -e ".stats.throttles[0].share == $1 / 100" >/dev/null
}

reload_with() { # SHARE [SETTING]
    quicward_conf "$(snippet "$1" $KEY "${2:-}")" >"$LAB_DIR/quicward.conf"
    quicward_ask reload && wait_for 5 share_is "$1"
}

# load NAME FAMILY: sends on all flows, and leaves the ports of those that came through in NAME.through. True when each came whole or
# not at all.
load() {
    local hear
    capture_start client && capture_start server || return 1
    lab_spawn "$LAB_SERVER" hear "$QW_TOOLS/flows_hear" "$(endpoint "$2" 7000)" $FLOWS $COUNT
    hear=$LAB_PID
    wait_for 3 listening "$LAB_SERVER" 7000 || return 1
    in_client "$QW_TOOLS/flows_send" "$(inside "$2" 20000)" "$(endpoint "$2" 7000)" $FLOWS $COUNT 100 1
    wait_for 10 ended "$hear" || return 1
    lab_stop "$hear"
    capture_stop client
    capture_stop server
    captured server 'udp dst port 7000' | awk '{ sub(/.*\./, "", $3); print $3 }' | sort -u >"$LAB_DIR/$1.through"
    tail -n 1 "$LAB_DIR/hear.log"
    tail -n 1 "$LAB_DIR/hear.log" |
        grep -q ": $(through "$1") flows came whole, $((FLOWS - $(through "$1"))) not at all, 0 .*, 0 lost"
}

through() { # NAME
    wc -l <"$LAB_DIR/$1.through"
}

same() { # NAME OTHER
    diff "$LAB_DIR/$1.through" "$LAB_DIR/$2.through"
}

# subset NAME OTHER: all of NAME came through in OTHER, and more.
subset() {
    [ "$(comm -23 "$LAB_DIR/$1.through" "$LAB_DIR/$2.through" | wc -l)" = 0 ] && [ "$(through "$1")" -lt "$(through "$2")" ]
}

replay() {
    "$QUICWARD" replay -c "$LAB_DIR/quicward.conf" --json "$LAB_DIR/client.pcap"
}

foretold() { # NAME SHARE: by the capture of what the client sent
    local tenths
    replay | jq -r "select(.throttled_from) | select(.throttled_from >= $2 / 100) | .client | sub(\".*:\"; \"\")" |
        sort -u >"$LAB_DIR/foretold.through"
    tenths=$(replay | jq -r "select(.throttle) | .throttle[] | select(.share == $2 / 100) | .flows")
    echo "at $2 %: $tenths flows blocked, by replay"
    same foretold "$1" && [ "$tenths" = $((FLOWS - $(through "$1"))) ]
}

case_lab "$(snippet 50 $KEY)"
certificate_make && serve_gtls 4433 || exit 1
head -c 100000 /dev/urandom >"$LAB_DIR/www/later"
for family in 4 6; do
    check "IPv$family at 50 % each flow passes whole or not at all" load half$family $family
    check "IPv$family replay tells which" foretold half$family 50
done
check 'replay shows no load, for none was measured' [ "$(replay | jq -c 'select(.stats) | .stats.throttles')" = null ]
check 'IPv4 and IPv6: not the same ports' not same half4 half6

report() { # FILE
    "$QUICWARD" replay -c "$LAB_DIR/quicward.conf" --inside 192.0.2.0/24 --throttle-report "$1" "$LAB_DIR/client.pcap"
}

check 'replay draws what the throttle would do' report "$LAB_DIR/report.svg"
check 'its curves' [ "$(grep -c '<polyline' "$LAB_DIR/report.svg")" = 8 ]
check 'of the interface' grep -q '>wan0 out, capacity 1Gbit/s<' "$LAB_DIR/report.svg"
check 'a file that cannot be written is an error that names it' \
    shows "quicward: $LAB_DIR/none/x.svg: No such file" report "$LAB_DIR/none/x.svg"

# A datagram from outside to a port of the client, of a flow that is blocked or is not.
port_of() { # through|blocked
    local options=(-xFf)
    [ "$1" = through ] || options=(-vxFf)
    seq 20000 $((20000 + FLOWS - 1)) | grep "${options[@]}" "$LAB_DIR/half4.through" | head -n 1
}

from_outside() { # through|blocked: the client hears it
    hears_at "$LAB_CLIENT" "$C4:$(port_of "$1")" in_server "$QW_TOOLS/udp_send" "$S4:7000" "$C4:$(port_of "$1")" back
}

check 'what passes has its answers' from_outside through
before=$(stat_of reasons.throttled)
check_not 'what is blocked has none' from_outside blocked
check 'by the same reason' [ $(($(stat_of reasons.throttled) - before)) = 1 ]

check 'a larger share' reload_with 70
check 'leaves whole flows too' load more4 4
check 'all of them of those from before' subset more4 half4
check 'a smaller one' reload_with 20
check 'again whole flows' load less4 4
check 'frees only' subset half4 less4
check 'quicward ends cleanly' stop_quicward

start_quicward "$(snippet 50 $KEY)" || exit 1
check 'another start with the same key' load again4 4
check 'blocks the same flows' same again4 half4
check 'quicward ends cleanly' stop_quicward
start_quicward "$(snippet 50 random)" || exit 1
check 'with a random key' load random4 4
check 'it blocks others' not same random4 half4
check 'quicward ends cleanly' stop_quicward

# connection NAME FAMILY SECONDS: is confirmed at once, and asks for its file after SECONDS.
connection() {
    rm -rf "${LAB_DIR:?}/$1"
    mkdir -p "$LAB_DIR/$1"
    QW_PATH=later client_gtls "$2" 4433 --delay-stream="$3s" --timeout=3s --handshake-timeout=1s \
        --download="$LAB_DIR/$1" -q
    cmp "$LAB_DIR/www/later" "$LAB_DIR/$1/later"
}

# block_amid SETTING: a connection for each family begins; then all is blocked that SETTING lets be.
block_amid() {
    local family
    reload_with 0 "$1" || return 1
    connections=()
    for family in 4 6; do
        connection early$family $family 2 >"$LAB_DIR/early$family.log" 2>&1 &
        connections+=("$!")
    done
    for family in 4 6; do
        confirmed $family 4433 || return 1
    done
    reload_with 100 "$1"
}

initials() {
    captured_count server 'udp dst port 4433 and greater 1200'
}

start_quicward "$(snippet 0 $KEY)" || exit 1
check 'connections are confirmed, then 100 % is blocked' block_amid 'spare_confirmed = true;'
capture_start server
check_not 'IPv4 a newcomer fails' connection new 4 0
check_not 'IPv6 too' connection new 6 0
check 'with the first packet' [ "$(initials)" = 0 ]
check 'the connection over IPv4 is not hurt' wait "${connections[0]}"
check 'nor that over IPv6' wait "${connections[1]}"
capture_stop server
check 'connections again, but not spared' block_amid 'spare_confirmed = false;'
check_not 'that over IPv4 is blocked' wait "${connections[0]}"
check_not 'that over IPv6 too' wait "${connections[1]}"
check 'quicward ends cleanly' stop_quicward

start_quicward "mode = \"monitor\"; $(snippet 50 $KEY)" || exit 1
load monitor4 4 >"$LAB_DIR/monitor.log"
check 'monitor mode lets all flows pass' [ "$(through monitor4)" = $FLOWS ]
check 'and counts what would be blocked' [ "$(stat_of reasons.throttled)" = $(((FLOWS - $(through half4)) * COUNT)) ]
check 'quicward ends cleanly' stop_quicward
case_end
