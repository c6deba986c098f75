#!/usr/bin/env bash
# The floods at their full size, as root: floods.sh [FLOOD...]. Takes a quarter of an hour, and a machine for itself. Prints a line a
# flood and a table at the end; status 1 when an honest one was refused. A FLOOD is
#   initials     a million forged Initials, in bursts of 300,000 a second, that open and hold a ClientHello: established flows in both
#                directions, and real clients of both sides
#   spoofed      five times the table from forged sources to a server that answers each: 300 connections from inside and 50 from
#                outside, before and meanwhile
#   greedy       one host with 10,000 flows, and 50 others
#   sources      40,000 sources inside that do not belong there
#   handshakes   real handshakes with a server inside that is guarded (guard = "limit"): QW_HANDSHAKES (1000) of ngtcp2 and quic-go,
#                one in twenty of chromium
# each but the last in nat and firewall mode and both families, or in those of QW_MODES and QW_FAMILIES ("4"). QUICWARD and QW_TOOLS as for run.sh.
# shellcheck disable=SC2317 # floods are called by name
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
floods=("$@")
[ $# -gt 0 ] || floods=(initials spoofed greedy sources handshakes)
# shellcheck disable=SC2034 # read by nat_lab_up
NAT_HOSTS=60
TABLE=2048
status=0
rows=()
QUICWARD=$(realpath -m "${QUICWARD:-$QW_ROOT/build-release/quicward}")
QW_TOOLS=$(realpath -m "${QW_TOOLS:-$(dirname "$QUICWARD")/tests/tools}")
skip_without python3 gtlsclient gtlsserver chromium jq

row() { # FLOOD HOW RESULT
    rows+=("| $1 | $2 | $3 |")
    echo "$1, $2: $3"
}

# begin MODE FAMILY [SNIPPET]: quicward, and where the servers inside (9000 answers, 4433 and 4434 speak QUIC) are found from outside.
begin() {
    local rules='{ name = "servers"; direction = "in"; to_port = [9000, 4433, 4434]; action = "accept"; }'
    if [ "$1" = nat ]; then
        start_nat "forwards = ( { port = 9000; to = \"$C4:9000\"; }, { port = 4433; to = \"$C4:4433\"; },
    { port = 4434; to = \"$C4:4434\"; } );" \
            "rules = ( $rules ); ${3:-}" || exit 1
    else
        start_quicward "mode = \"firewall\"; rules = ( $rules ); ${3:-}" || exit 1
    fi
    if [ "$2" = 6 ]; then
        INSIDE=$C6 TARGET=$C6 OUTSIDE=$S6 FORGED=2001:db8:4000:: AT="[$C6]"
    else
        INSIDE=$C4 TARGET=$C4 OUTSIDE=$S4 FORGED=198.18.0.1 AT=$C4
        [ "$1" = firewall ] || TARGET=$X4 AT=$X4
    fi
}

finish() {
    stop_quicward || status=1
}

# connects NAMESPACE ADDRESS COUNT: "N of COUNT" real clients got their page.
connects() {
    local good=0 name=host-${2//[:.]/-}.server.test number
    printf '%s\n' "127.0.0.1 localhost" "$2 $name" >"$LAB_DIR/hosts-$name"
    for ((number = 0; number < $3; number++)); do
        # shellcheck disable=SC2016 # expanded by the inner shell
        ip netns exec "$1" sh -c 'mount --bind "$0" /etc/hosts && exec "$@"' "$LAB_DIR/hosts-$name" timeout 30 gtlsclient \
            --exit-on-all-streams-close --no-quic-dump "$name" 4433 "https://$name:4433/index.html" 2>&1 |
            grep -q 'status: 200' && good=$((good + 1))
    done
    echo "$good of $3"
}

last() { # LOG
    tail -n 1 "$LAB_DIR/$1.log"
}

# all_of "N of M" MIN-PERCENT: or the run fails.
all_of() {
    local got all
    read -r got _ all _ <<<"$1"
    [ $((100 * got)) -ge $((${2:-100} * all)) ] || status=1
}

queues() { # COUNTER
    stats_json | jq "[.stats.queues[].$1] | add"
}

million() { # AT
    local sent=0 got began=$SECONDS
    while [ "$sent" -lt 1000000 ] && [ $((SECONDS - began)) -lt 60 ]; do
        got=$(ip netns exec "$LAB_TRANSIT" "$QW_TOOLS/flood_send" "$1:4433" "$FORGED" 100000 300000 3 initial) || return 1
        sent=$((sent + $(awk '{ print $2 }' <<<"$got")))
        echo "$got"
        sleep 1
    done
    echo "$sent"
}

flood_initials() { # MODE FAMILY
    local in out million spent
    begin "$1" "$2"
    lab_spawn "$LAB_CLIENT" steady-in python3 "$QW_ROOT/integration/lib/flood.py" steady "$INSIDE" "$OUTSIDE" 7000 200 30
    in=$LAB_PID
    lab_spawn "$LAB_SERVER" steady-out python3 "$QW_ROOT/integration/lib/flood.py" steady "$OUTSIDE" "$TARGET" 9000 200 30
    out=$LAB_PID
    wait_for 5 grep -q established "$LAB_DIR/steady-in.log" && wait_for 5 grep -q established "$LAB_DIR/steady-out.log"
    million "$AT" >"$LAB_DIR/million.log" &
    million=$!
    sleep 1
    connects "$LAB_CLIENT" "$OUTSIDE" 20 >"$LAB_DIR/real-in.log" &
    connects "$LAB_SERVER" "$TARGET" 20 >"$LAB_DIR/real-out.log"
    wait $! "$million" "$in" "$out"
    spent="$(last million) Initials, up to $(awk '/^sent/ { r = $2 / $4; if (r > m) m = r } END { printf "%d", m }' "$LAB_DIR/million.log") a second"
    row "$spent" "$1, IPv$2" "established: $(last steady-in) inside, $(last steady-out) outside; real clients: $(last real-in) from inside, \
$(last real-out) from outside; $(stat_of initials.opened) opened; dropped: $(queues newcomers_dropped) newcomers, $(queues queue_dropped) by the kernel"
    all_of "$(last real-in)" 95
    all_of "$(last real-out)" 95
    finish
}

asked() { # LOG
    last "$1" | sed 's/^answered //'
}

flood_spoofed() { # MODE FAMILY
    local before_in before_out flood inside
    begin "$1" "$2" "flows = { max = $TABLE; per_host = 1000; };"
    before_in=$(flood_ask "$LAB_CLIENT" "$INSIDE" "$OUTSIDE" 7000 300 | sed 's/^answered //')
    before_out=$(flood_ask "$LAB_SERVER" "$OUTSIDE" "$TARGET" 9000 50 | sed 's/^answered //')
    lab_spawn "$LAB_TRANSIT" spoofed "$QW_TOOLS/flood_send" "$AT:9000" "$FORGED" 100000 2000 $((5 * TABLE / 2000 + 1))
    flood=$LAB_PID
    flood_ask "$LAB_CLIENT" "$INSIDE" "$OUTSIDE" 7000 300 >"$LAB_DIR/ask-in.log" &
    inside=$!
    flood_ask "$LAB_SERVER" "$OUTSIDE" "$TARGET" 9000 50 >"$LAB_DIR/ask-out.log"
    wait "$inside" "$flood"
    row "spoofed, $(last spoofed), table of $TABLE" "$1, IPv$2" "before: $before_in inside, $before_out outside; meanwhile: $(asked ask-in) \
and $(asked ask-out); refused by the table: $(stat_of 'reasons["table-full"]')"
    all_of "$before_in"
    all_of "$before_out"
    all_of "$(asked ask-in)"
    all_of "$(asked ask-out)"
    finish
}

# The others: 50 hosts of IPv4, 50 questions of the second host's /64 in IPv6.
others() { # FAMILY
    local host good=0
    for ((host = 3; host < 53; host++)); do
        if [ "$1" = 4 ]; then
            flood_ask "$LAB_CLIENT" "10.0.0.$host" "$S4" 7000 4 >/dev/null && good=$((good + 1))
        else
            flood_ask "$LAB_CLIENT" "2001:db8:1:$host::2" "$S6" 7000 4 >/dev/null && good=$((good + 1))
        fi
    done
    echo "$good of 50"
}

flood_greedy() { # MODE FAMILY
    local got greedy
    begin "$1" "$2" 'flows = { max = 16384; };'
    lab_spawn "$LAB_CLIENT" greedy python3 "$QW_ROOT/integration/lib/flood.py" greedy "$INSIDE" "$OUTSIDE" 7000 10000 60
    greedy=$LAB_PID
    sleep 15
    got=$(others "$2")
    kill "$greedy" 2>/dev/null
    wait "$greedy"
    row 'one host asks for 10,000 flows, table of 16,384' "$1, IPv$2" "others: $got; refused: $(stat_of 'reasons["flow-limit"]') by \
flows.per_host, $(stat_of 'reasons["table-full"]') by the table"
    all_of "$got"
    finish
}

flood_sources() { # MODE FAMILY
    local got flood foreign from=45.0.0.1 to=$S4
    begin "$1" "$2"
    [ "$2" = 4 ] || from=2001:db8:4000:: to="[$S6]"
    lab_spawn "$LAB_CLIENT" sources "$QW_TOOLS/flood_send" "$to:7000" "$from" 40000 10000 4
    flood=$LAB_PID
    got=$(others "$2")
    wait "$flood"
    foreign=$(flows_json | jq -s 'map(select(.client | test("^45\\.|^\\[2001:db8:4")) ) | length')
    row "sources inside that do not belong there, $(last sources)" "$1, IPv$2" "others: $got; $foreign flows of foreign sources; \
$(stat_of reasons.spoofed) dropped as spoofed"
    all_of "$got"
    [ "$foreign" = 0 ] || status=1
    finish
}

quicgo_connects() { # ADDRESS:PORT COUNT
    local good=0 number
    for ((number = 0; number < $2; number++)); do
        # shellcheck disable=SC2153 # of skip_without_quicgo
        ip netns exec "$LAB_SERVER" timeout 30 "$QUICGO" client "$1" quicgo.server.test >/dev/null 2>&1 && good=$((good + 1))
    done
    echo "$good of $2"
}

# chromium_connects ADDRESS COUNT: from outside, as the clients above.
chromium_connects() {
    local good=0 number
    for ((number = 0; number < $2; number++)); do
        (LAB_CLIENT=$LAB_SERVER S4=$1 client_chromium 4 4433) 2>/dev/null | grep -q hello-quic && good=$((good + 1))
    done
    echo "$good of $2"
}

flood_handshakes() {
    local wanted=${QW_HANDSHAKES:-1000} ngtcp2 quicgo chromium
    lab_spawn "$LAB_CLIENT" quicgo "$QUICGO" server "$C4:4434" "$LAB_DIR/tls/cert.pem" "$LAB_DIR/tls/key.pem"
    wait_for 5 listening "$LAB_CLIENT" 4434 || exit 1
    begin nat 4 'guard = "limit";'
    ngtcp2=$(connects "$LAB_SERVER" "$TARGET" $((wanted * 7 / 10)))
    quicgo=$(quicgo_connects "$TARGET:4434" $((wanted / 4)))
    chromium=$(chromium_connects "$TARGET" $((wanted / 20)))
    row 'none: a guarded server, guard = "limit"' 'nat, IPv4' "ngtcp2: $ngtcp2; quic-go: $quicgo; chromium: $chromium; held back as unproven: $(stat_of reasons.unproven) \
packets"
    all_of "$ngtcp2"
    all_of "$quicgo"
    all_of "$chromium"
    finish
}

lab_trap
nat_lab_up || exit 1
flood_lab
for ((host = 3; host < 53; host++)); do
    ip -n "$LAB_CLIENT" addr add "2001:db8:1:$host::2/64" dev c0 nodad
    ip -n "$LAB_ROUTER" route add "2001:db8:1:$host::/64" dev lan0
done
ip -n "$LAB_TRANSIT" -6 route add 2001:db8:1::/48 via 2001:db8:2::1
certificate_make && serve_gtls 4433 || exit 1
for at in "$C4" "$C6"; do
    lab_spawn "$LAB_CLIENT" "quic-${at//[:.]/-}" gtlsserver -q -d "$LAB_DIR/www" "$at" 4433 "$LAB_DIR/tls/key.pem" "$LAB_DIR/tls/cert.pem"
    flood_answer "$LAB_CLIENT" "$at" 9000 || exit 1
done
wait_for 5 listening "$LAB_CLIENT" 4433 || exit 1
flood_answer "$LAB_SERVER" "$S4" 7000 && flood_answer "$LAB_SERVER" "$S6" 7000 || exit 1
for flood in "${floods[@]}"; do
    case $flood in
    initials | spoofed | greedy | sources)
        for mode in ${QW_MODES:-nat firewall}; do
            for family in ${QW_FAMILIES:-4 6}; do
                "flood_$flood" "$mode" "$family"
            done
        done
        ;;
    handshakes)
        skip_without_quicgo
        flood_handshakes
        ;;
    *)
        echo "floods.sh: no flood is called '$flood': initials, spoofed, greedy, sources or handshakes" >&2
        exit 2
        ;;
    esac
done
printf '%s\n' '| flood | mode | result |' '|---|---|---|' "${rows[@]}"
exit $status
