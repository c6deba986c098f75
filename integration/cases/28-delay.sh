#!/usr/bin/env bash
# alone
# F1: what a rule that needs the ClientHello costs a connection that it lets through. Prints the time from a client's first
# datagram to the server's first, and the time that the first half of a ClientHello in two datagrams spends in the router,
# with and without such a rule. Hardly anything waits for a limit.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without gtlsclient gtlsserver chromium tcpdump
case_lab 'rules = ( { name = "idle"; sni = ".blocked.test"; action = "accept"; } );'
certificate_make && serve_gtls 4433 || exit 1

# answer_us: for each flow in the capture, microseconds until the server answered.
answer_us() {
    captured client 'udp port 4433' | awk '{
        to = $5; sub(/:$/, "", to)
        if ((to, $3) in began) { if (!((to, $3) in done)) { done[to, $3] = 1; printf "%d\n", ($1 - began[to, $3]) * 1000000 } }
        else if (!(($3, to) in began)) began[$3, to] = $1
    }'
}

runs() { # NUMBER COMMAND...
    local i
    for ((i = 0; i < $1; i++)); do
        "${@:2}" >/dev/null 2>&1 || return 1
    done
}

print_times() { # WHAT; microseconds in the input
    local times
    times=$(cat)
    printf '  %-22s  %-12s  median %6.2f ms  longest %6.2f ms\n' "$1" "$RULE" \
        "$(median <<<"$times" | awk '{ print $1 / 1000 }')" "$(sort -n <<<"$times" | awk 'END { print $1 / 1000 }')"
}

# measure CLIENT NUMBER COMMAND...
measure() {
    local client=$1 number=$2
    shift 2
    capture_start client
    check "$client, $number times, $RULE" runs "$number" "$@"
    capture_stop client
    check "$client: all were answered" [ "$(answer_us | wc -l)" = "$number" ]
    answer_us | print_times "$client"
}

# A hundred ClientHellos in two datagrams each, sent back to back; nobody listens there.
halves() { # FIRST-PORT
    local port
    capture_start client && capture_start server || return 1
    for port in {1..100}; do
        in_client "$QW_TOOLS/hello_send" "$C4:$(($1 + port))" "$S4:4434" www.server.test 12 || return 1
    done
    capture_stop client
    capture_stop server
}

# transit_us: for each first half, from one capture to the other.
transit_us() {
    { captured client 'udp dst port 4434 and udp[4:2] == 1218'; captured server 'udp dst port 4434 and udp[4:2] == 1218'; } |
        awk '!($3 in at) { at[$3] = $1; next } { printf "%d\n", ($1 - at[$3]) * 1000000 }'
}

rounds() { # FIRST-PORT, for a flow that was let through stays so
    measure gtlsclient 20 client_gtls 4 4433
    measure chromium 4 client_chromium 4 4433
    check "a hundred in two halves, $RULE" halves "$1"
    check 'all went on' [ "$(captured_sizes server 'udp dst port 4434' | wc -w)" = 200 ]
    transit_us | print_times 'first half, in router'
}

RULE='without rule'
rounds 20000
check 'nothing was held' [ "$(stat_of hellos.held)" = 0 ]
RULE='with a rule'
quicward_conf 'rules = ( { name = "ads"; sni = ".blocked.test"; action = "drop"; } );' >"$LAB_DIR/quicward.conf"
check 'reload' quicward_ask reload
rounds 21000
check "first datagrams of two were held" [ "$(stat_of hellos.held)" -ge 104 ]
# On a busy machine a second half may come later than a wait lasts.
check 'hardly any waited for a limit' [ "$(stat_of hellos.limits)" -le 20 ]
check 'quicward ends cleanly' stop_quicward
case_end
