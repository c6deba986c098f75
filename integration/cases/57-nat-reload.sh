#!/usr/bin/env bash
# slow: to switch the fast path on is among the changes that it tries
# N17, S2: forwards, exceptions, filtering, limits and excluded ports change by reload while QUIC connections live: one from inside,
# one by a forward, one to a destination that is excepted later. All go on through every reload, and the kernel rules follow, with
# each tool. A refused reload names every key that needs a restart, with its line.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without tcpdump ping
skip_without_quicgo
lab_trap
# shellcheck disable=SC2119
nat_lab_up || exit 1
certificate_make || exit 1

# changed KEYS [SNIPPET]: the group nat has these keys beside its address from now on.
changed() {
    quicward_conf "mode = \"nat\"; nat = { external = [\"$X4\"]; $1 };
${2:-}" >"$LAB_DIR/quicward.conf"
    quicward_ask reload
}

refused() { # PATTERN... -- KEYS SNIPPET
    local patterns=() pattern
    while [ "$1" != -- ]; do patterns+=("$1"); shift; done
    changed "$2" "${3:-}" >"$LAB_DIR/refused" 2>&1 && return 1
    cat "$LAB_DIR/refused"
    for pattern in "${patterns[@]}"; do
        grep -qE -- "$pattern" "$LAB_DIR/refused" || return 1
    done
}

# connection NAME NAMESPACE: one connection, which asks five times a second, over all that happens meanwhile.
declare -A CONNECTION
connection() {
    lab_spawn "$2" "connection-$1" "$QUICGO" many "${AT[$1]}" server.test 1 200
    CONNECTION[$1]=$LAB_PID
}

# never_broke NAME: the connection stands, and is the first one.
never_broke() {
    kill -USR1 "${CONNECTION[$1]}"
    wait_for 2 grep -q established "$LAB_DIR/connection-$1.log"
    shows 'established 1 lost 0' cat "$LAB_DIR/connection-$1.log"
}

# goes_on NAME: the connection lives, and its flow has moved since the last time.
declare -A MOVED
goes_on() {
    ! ended "${CONNECTION[$1]}" && wait_for 5 has_moved "$1"
}

has_moved() {
    local now
    now=$(flows_json | jq -r --arg f "${FLOW[$1]}" 'select(.server == $f and .state == "confirmed") | .down.packets')
    [ -n "$now" ] && [ "$now" -gt "${MOVED[$1]:-0}" ] && MOVED[$1]=$now
}

all_go_on() {
    goes_on outwards && goes_on inwards && goes_on partner
}

stranger() { # PORT [MILLISECONDS [FROM]]: somebody outside reaches the forward
    in_server "$QW_TOOLS/udp_ask" "${3:-$SB4}:0" "$X4:$1" question "${2:-20000}"
}

rules_show() { # PATTERN
    rules_all | grep -qE -- "$1"
}

# The server of the partner is excepted later: its network knows a way to the hosts inside (nat_lab_routes).
PARTNER=203.0.113.4
ip -n "$LAB_SERVER" addr add $PARTNER/24 dev s0
ip -n "$LAB_SERVER" addr add 203.0.113.5/24 dev s0
declare -A FLOW=([outwards]="$S4:4434" [inwards]="$C4:4433" [partner]="$PARTNER:4435")
declare -A AT=([outwards]="$S4:4434" [inwards]="$X4:8443" [partner]="$PARTNER:4435")

run_through() { # WORDS BACKEND
    # shellcheck disable=SC2034 # read by start_nat
    QW_BACKEND=$2
    start_nat 'forwards = ( { port = 8443; to = "10.0.0.2:4433"; } );' || return 1
    connection outwards "$LAB_CLIENT"
    connection inwards "$LAB_SERVER"
    connection partner "$LAB_CLIENT"
    check "$1: three connections" all_go_on

    check "$1: another forward" changed 'forwards = ( { port = 8443; to = "10.0.0.2:4433"; }, { port = "7000-7001"; to = "10.0.0.3:7000"; } );'
    check "$1: lets strangers in" stranger 7000
    check "$1: to the last of its ports" stranger 7001
    check "$1: the connections go on" all_go_on

    check "$1: both forwards go" changed ''
    check_not "$1: nobody new gets in" stranger 7000 300 203.0.113.5
    check "$1: the connections go on, that by the forward too" all_go_on
    check "$1: it shows as a mapping" mapping_is ".external == \"$X4:8443\" and (.forward | not)"

    check "$1: the forward of the connection comes back" changed 'forwards = ( { port = 8443; to = "10.0.0.2:4433"; } );'
    check "$1: as a forward" mapping_is ".external == \"$X4:8443\" and .forward"
    check "$1: it moves to another port" changed 'forwards = ( { port = 8444; to = "10.0.0.2:4433"; } );'
    check "$1: the connections go on" all_go_on
    check "$1: the one by the forward never broke" never_broke inwards
    check "$1: its port goes to another host" changed 'forwards = ( { port = 8443; to = "10.0.0.3:7000"; } );'
    check "$1: who lets strangers in" stranger 8443
    check "$1: the connections from inside go on" eval 'goes_on outwards && goes_on partner'

    check "$1: filtering, limits and excluded ports" changed 'filtering = "endpoint-independent"; per_host = 100; exclude = "1024-29999";'
    check "$1: the connections go on" eval 'goes_on outwards && goes_on partner'
    check "$1: a new flow" ask 10.0.0.5:5000 "$S4:7000"
    check "$1: which has a port that is not excluded" shows ':[3-6][0-9]{4}$' external_of 10.0.0.5:5000
    check "$1: now a stranger is let in" shows question hears_at "$LAB_CLIENT" 10.0.0.5:5000 \
        in_server "$QW_TOOLS/udp_send" "$SB4:6000" "$(external_of 10.0.0.5:5000)" question

    check "$1: the partner is excepted" changed "except = [\"$PARTNER/32\", \"192.0.2.0/24\", \"192.0.2.0/25\"]; masquerade = true;"
    check "$1: the rules know it" rules_show "$PARTNER"
    check "$1: connections go on, that to the partner too" eval 'goes_on outwards && goes_on partner'
    check "$1: a new flow to it is not translated" shows '^10\.0\.0\.6:5000 ' hears_at "$LAB_SERVER" "$PARTNER:7005" \
        in_client "$QW_TOOLS/udp_send" 10.0.0.6:5000 "$PARTNER:7005" hello
    check "$1: and is answered" ask 10.0.0.6:5001 "$PARTNER:7000"
    check "$1: an error about one comes back" status_is 3 ask 10.0.0.6:5002 "$PARTNER:7777"
    check_not "$1: nobody there begins anything" in_server "$QW_TOOLS/udp_ask" "$PARTNER:6000" 10.0.0.3:7000 question 300
    check "$1: a ping to it is not masqueraded" sees "$LAB_SERVER" s0 "icmp and src host 10.0.0.6" \
        in_client ping -c 1 -W 1 -I 10.0.0.6 "$PARTNER"
    check "$1: others are" sees "$LAB_SERVER" s0 "icmp and src host $X4" in_client ping -c 1 -W 1 -I 10.0.0.6 "$S4"
    check "$1: now it begins, with a rule" changed "except = [\"$PARTNER\"];" \
        "rules = ( { name = \"p\"; direction = \"in\"; from = \"$PARTNER\"; action = \"accept\"; } );"
    check "$1: by its own address" in_server "$QW_TOOLS/udp_ask" "$PARTNER:6000" 10.0.0.3:7000 question 20000
    check "$1: sources inside are excepted" changed 'except = "10.0.0.6";'
    check "$1: that are not translated either" ask 10.0.0.6:5003 "$S4:7000"
    check "$1: without a mapping" mapping_count 0 '.inside == "10.0.0.6:5003"'
    check "$1: the exceptions go" changed ''
    check_not "$1: from the rules too" rules_show '10\.0\.0\.6'
    check "$1: what was not translated is now" ask 10.0.0.6:5003 "$S4:7000"
    check "$1: with a mapping" mapping_count 1 '.inside == "10.0.0.6:5003"'
    check "$1: the connections from inside went on" eval 'goes_on outwards && goes_on partner'

    check "$1: a forward of a port that a program of the router has" changed 'forwards = ( { port = 9000; to = "10.0.0.2:4433"; } );'
    check "$1: is warned of" grep -q "listens on $X4:9000: the forward" "$LAB_DIR/quicward.log"
    check "$1: a reload that needs a restart names every key, with its line" refused \
        'quicward.conf:[0-9]+: nat.block cannot change while running' 'quicward.conf:[0-9]+: queue.length cannot' \
        'quicward.conf:[0-9]+: offload cannot' -- 'block = 512;' 'queue = { first = 7400; workers = 2; length = 100; };
offload = "tc";'
    check "$1: and changes nothing" eval 'goes_on outwards && goes_on partner'
    check "$1: the connections from inside never broke" eval 'never_broke outwards && never_broke partner'
    kill "${CONNECTION[@]}"
    check "$1: quicward ends cleanly" stop_quicward
    rules_remove
    MOVED=()
}

serve_quicgo "$S4" 4434 && serve_quicgo "$PARTNER" 4435 && serve_echo 7000 || exit 1
lab_spawn "$LAB_SERVER" echo-partner "$QW_TOOLS/udp_echo" "$PARTNER:7000"
lab_spawn "$LAB_ROUTER" of-the-router "$QW_TOOLS/udp_echo" "$X4:9000"
lab_spawn "$LAB_CLIENT" inside "$QUICGO" server "$C4:4433" "$LAB_DIR/tls/cert.pem" "$LAB_DIR/tls/key.pem"
lab_spawn "$LAB_CLIENT" echo-inside "$QW_TOOLS/udp_echo" 10.0.0.3:7000
lab_spawn "$LAB_CLIENT" echo-inside-2 "$QW_TOOLS/udp_echo" 10.0.0.3:7001
wait_for 5 listening "$LAB_CLIENT" 4433 && wait_for 5 listening "$LAB_CLIENT" 7001 || exit 1
# A kernel may have been built without nft's queue.
if in_router nft -c 'add table inet ask; add chain inet ask a; add rule inet ask a queue num 0' 2>/dev/null; then
    run_through nft nft || exit 1
fi
run_through iptables iptables || exit 1
# iptables of the old kind, as on a kernel without nft.
mkdir -p "$LAB_DIR/legacy"
for tool in iptables ip6tables; do
    for end in '' -save -restore; do
        ln -s "$(command -v $tool-legacy$end)" "$LAB_DIR/legacy/$tool$end" || exit 1
    done
done
PATH=$LAB_DIR/legacy:$PATH
in_router iptables -t mangle -S >/dev/null 2>&1 && { run_through iptables-legacy iptables || exit 1; }
case_end
