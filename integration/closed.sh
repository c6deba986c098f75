#!/usr/bin/env bash
# Nothing untranslated leaves and nothing unsolicited comes in, whatever is done to the router while queue.when_down is "drop":
# in random order the daemon is killed, stopped, started, reloaded and configured anew (mode, queue, backend, instance of rules from
# before), netfilter's tables are flushed, restored and picked at. As root: closed.sh [STEPS [SEED]] (300, from the clock).
# Both ends of the wire are watched by tcpdump all the time, while both sides send. Status 1 when a packet was seen, or when
# `quicward rules --remove` leaves something. QUICWARD and QW_TOOLS as for run.sh.
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
STEPS=${1:-300} SEED=${2:-$(date +%s)}
STEP=0 WHAT=none RUNNING='' WATCHERS=() TOOLS=()
RANDOM=$SEED

# A kernel may have neither: then only iptables is gone through.
backends() {
    BACKENDS=(iptables)
    in_router nft -c -f - <<<'table inet ask { chain ask { queue num 0; }; }' 2>/dev/null && BACKENDS+=(nft auto)
    for tool in iptables-legacy iptables-nft; do
        command -v "$tool-restore" >/dev/null && in_router "$tool" -t mangle -S >/dev/null 2>&1 && TOOLS+=("$tool")
    done
}

pick() { # WORD...: one of them, in PICKED
    local words=("$@")
    PICKED=${words[RANDOM % ${#words[@]}]}
}

configuration() {
    local mode queue backend
    pick nat nat firewall; mode=$PICKED
    pick 7400 7500 7600; queue=$PICKED
    pick "${BACKENDS[@]}"; backend=$PICKED
    echo "mode = \"$mode\"; inside = [\"lan0\"]; outside = [\"wan0\"]; queue = { first = $queue; }; rules_backend = \"$backend\";"
    echo "control = \"$LAB_DIR/control\"; secret = \"$LAB_DIR/secret\";"
    [ "$mode" != nat ] || echo 'nat = { external = "auto"; };'
}

# The tools that the configuration's "iptables" stands for, in the router: a folder in front of PATH has the links.
choose_tool() {
    local tool
    [ ${#TOOLS[@]} -gt 0 ] || return 0
    pick "${TOOLS[@]}"
    for tool in iptables ip6tables; do
        for end in '' -save -restore; do
            ln -sfn "$(command -v "$tool-${PICKED#iptables-}$end")" "$LAB_DIR/bin/$tool$end"
        done
    done
}

do_start() {
    do_kill
    [ $((RANDOM % 2)) = 0 ] || choose_tool
    configuration >"$LAB_DIR/quicward.conf"
    ! grep -q '^mode = "firewall"' "$LAB_DIR/quicward.conf" || mark open
    lab_spawn "$LAB_ROUTER" quicward env PATH="$LAB_DIR/bin:$PATH" "$QUICWARD" run -c "$LAB_DIR/quicward.conf"
    RUNNING=$LAB_PID
    # Sometimes what follows comes while it starts.
    [ $((RANDOM % 4)) = 0 ] || wait_for 20 grep -q ' mode, queue' "$LAB_DIR/quicward.log"
    WHAT="start $(head -n 1 "$LAB_DIR/quicward.conf")"
}

mark() { # open|closed
    echo "$(date +%s.%N) $1" >>"$LAB_DIR/marks"
}

ended_now() {
    RUNNING=
    mark closed
}

do_kill() {
    [ -n "$RUNNING" ] || return 0
    kill -KILL "$RUNNING" && wait "$RUNNING" 2>/dev/null
    ended_now
}

do_stop() {
    [ -n "$RUNNING" ] || return 0
    kill -TERM "$RUNNING" && wait "$RUNNING" 2>/dev/null
    ended_now
}

do_reload() {
    [ -z "$RUNNING" ] || in_router "$QUICWARD" reload -s "$LAB_DIR/control" >/dev/null 2>&1
    return 0
}

# A file with a mistake, where rules stood, or some of them: one that says what is to be closed, and others.
do_mistake() {
    do_stop
    pick '' 'inside = ["lan0"]; outside = ["wan0"];' 'inside = ["lan0"'
    echo "mode = \"nat\"; nonsense = 1; $PICKED" >"$LAB_DIR/wrong.conf"
    if [ $((RANDOM % 2)) = 0 ]; then
        in_router env PATH="$LAB_DIR/bin:$PATH" "$QUICWARD" run -c "$LAB_DIR/wrong.conf" >/dev/null 2>&1
    else
        in_router env PATH="$LAB_DIR/bin:$PATH" "$QUICWARD" rules -c "$LAB_DIR/wrong.conf" --install >/dev/null 2>&1
    fi
    WHAT="do_mistake $(cat "$LAB_DIR/wrong.conf")"
    return 0
}

do_install() {
    in_router env PATH="$LAB_DIR/bin:$PATH" "$QUICWARD" rules -c "$LAB_DIR/quicward.conf" --install >/dev/null 2>&1
    return 0
}

flush_ruleset() { in_router nft flush ruleset; }

flush_table() { # all of a table of iptables, or one chain
    local table tool
    pick iptables ip6tables; tool=$PICKED
    pick raw mangle nat; table=$PICKED
    in_router "$LAB_DIR/bin/$tool" -t "$table" -F 2>/dev/null
    [ $((RANDOM % 2)) = 0 ] || in_router "$LAB_DIR/bin/$tool" -t "$table" -X 2>/dev/null
    WHAT="$tool -t $table -F"
}

remove_jump() {
    local tool hook
    pick iptables ip6tables; tool=$PICKED
    pick FORWARD PREROUTING POSTROUTING; hook=$PICKED
    in_router "$LAB_DIR/bin/$tool" -t mangle -D "$hook" 1 2>/dev/null
    WHAT="$tool -t mangle -D $hook 1"
}

restore_others() { # somebody's rules, which replace all of a table
    printf '%s\n' '*mangle' ':FORWARD ACCEPT [0:0]' '-A FORWARD -p tcp -j ACCEPT' COMMIT |
        in_router "$LAB_DIR/bin/iptables-restore" 2>/dev/null
}

remove_routing_rule() {
    local preference
    preference=$(in_router ip rule | sed -n 's/^\([0-9]*\):.*blackhole.*/\1/p' | head -n 1)
    [ -z "$preference" ] || in_router ip rule del pref "$preference"
}

step() {
    pick do_start do_start do_start do_kill do_stop do_reload do_mistake do_install flush_ruleset flush_ruleset flush_table flush_table \
        remove_jump restore_others
    # What takes the second line away is tried where the first one stands, and for the daemon to see.
    WHAT=$PICKED
    echo "$(date +%s.%N) $STEP $WHAT, begun" >>"$LAB_DIR/steps"
    "$PICKED" || :
    echo "$(date +%s.%N) $STEP $WHAT" >>"$LAB_DIR/steps"
    sleep "0.0$((RANDOM % 10))"
    [ $((RANDOM % 3)) != 0 ] || sleep 0.2
}

# Both families, both directions, without pause. What the server sends by itself goes to the client's own address and to the
# external one.
senders() {
    if command -v python3 >/dev/null; then
        python_senders
        return
    fi
    flood "$LAB_CLIENT" out "$C4" "$S4"
    flood "$LAB_SERVER" in "$SB4" "$C4" "$SB4" "$X4" "$S6" "$C6"
}

flood() { # NAMESPACE NAME {FROM TO}...
    local namespace=$1 name=$2
    shift 2
    # shellcheck disable=SC2016 # expanded by the inner shell
    lab_spawn "$namespace" "send-$name" bash -c 'while :; do for ((i = 1; i < $#; i += 2)); do from=${!i} j=$((i + 1)); to=${!j}
        case $from in *:*) from="[$from]" to="[$to]" ;; esac
        "$0" "$from:0" "$to:9000" probe 2>/dev/null; done; done' "$QW_TOOLS/udp_send" "$@"
}

python_senders() {
    cat >"$LAB_DIR/send.py" <<'P'
import socket, sys, time
pairs = [a.rsplit('|', 1) for a in sys.argv[1:]]
ends = []
for source, to in pairs:
    family = socket.AF_INET6 if ':' in source else socket.AF_INET
    s = socket.socket(family, socket.SOCK_DGRAM); s.bind((source, 0)); s.setblocking(False)
    ends.append((s, to))
n = 0
while True:
    for s, to in ends:
        try: s.sendto(b'probe %d' % n, (to, 9000))
        except OSError: pass
    n += 1
    time.sleep(0.001)
P
    lab_spawn "$LAB_CLIENT" send-out python3 "$LAB_DIR/send.py" "$C4|$S4"
    lab_spawn "$LAB_SERVER" send-in python3 "$LAB_DIR/send.py" "$SB4|$C4" "$SB4|$X4" "$S6|$C6"
}

watchers() {
    # What may be seen outside is the external address; inside, nothing of what the server sends from an address and ports that nobody
    # has asked.
    lab_spawn "$LAB_TRANSIT" outside tcpdump -Z root -U -n -i t0 -w "$LAB_DIR/outside.pcap" 'udp and src net 10.0.0.0/8'
    WATCHERS=("$LAB_PID")
    lab_spawn "$LAB_CLIENT" inside tcpdump -Z root -U -n -i c0 -w "$LAB_DIR/inside.pcap" \
        "(udp and src host $SB4) or (ip6 and udp and src host $S6)"
    WATCHERS+=("$LAB_PID")
    wait_for 5 test -s "$LAB_DIR/outside.pcap" && wait_for 5 test -s "$LAB_DIR/inside.pcap"
}

seen() { # FILE
    tcpdump -tt -n -r "$LAB_DIR/$1.pcap" 2>/dev/null
}

# Lines of `seen` outside of the times when a daemon in mode firewall ran, which lets inside addresses out.
while_translating() {
    awk -v marks="$LAB_DIR/marks" '
        BEGIN { while ((getline line < marks) > 0) { split(line, part); at[++n] = part[1]; open[n] = part[2] == "open" } }
        { while (i < n && at[i + 1] <= $1) i++; if (!open[i]) print }'
}

report() { # NAME: what is on standard input are packets that should not be; says after which steps they came
    local name=$1 time rest last='' count=0 at
    while read -r time rest; do
        count=$((count + 1))
        at=$(awk -v at="$time" '$1 > at { exit } { line = $0 } END { print line }' "$LAB_DIR/steps")
        [ "$at" = "$last" ] || echo "  $name: $time $rest: at $at"
        [ "$at" = "$last" ] || { grep -B6 -F -e "$at" "$LAB_DIR/steps" | sed 's/^/    /'; tail -n 3 "$LAB_DIR/marks"; }
        last=$at
    done
    echo "  $name: $count packets"
    [ $count = 0 ]
}

nothing_left() {
    in_router env PATH="$LAB_DIR/bin:$PATH" sh -c "'$QUICWARD' rules -c '$LAB_DIR/quicward.conf' --remove | sh" || return 1
    ! { rules_installed; for tool in "${TOOLS[@]}"; do in_router "$tool-save"; in_router "ip6${tool#ip}-save"; done | grep quicward
        in_router ip rule; in_router ip -6 rule; } 2>/dev/null | grep -E 'quicward|queue|blackhole'
}

packets_of() { # INTERFACE RX|TX
    in_router cat "/sys/class/net/$1/statistics/$(tr RTX rtx <<<"$2")_packets"
}

lab_trap
skip_without tcpdump nft
nat_lab_up || exit 1
mkdir -p "$LAB_DIR/bin"
backends
choose_tool
do_start
wait_for 20 grep -q ' mode, queue' "$LAB_DIR/quicward.log" || exit 1
echo "$(date +%s.%N) 0 $WHAT" >"$LAB_DIR/steps"
watchers && senders || exit 1
for ((STEP = 1; STEP <= STEPS; STEP++)); do
    step
done
do_start
sleep 0.5
do_stop
kill -INT "${WATCHERS[@]}" && wait "${WATCHERS[@]}" 2>/dev/null
echo "  $STEPS steps, seed $SEED, backends ${BACKENDS[*]}, tools ${TOOLS[*]:-as they are}"
check 'the senders were at work' [ "$(packets_of lan0 RX)" -gt "$STEPS" ]
check 'nothing left untranslated' report outside < <(seen outside | while_translating)
check 'nothing unsolicited came in' report inside < <(seen inside)
check 'rules --remove leaves nothing' nothing_left
case_end
