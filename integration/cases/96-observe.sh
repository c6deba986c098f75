#!/usr/bin/env bash
# O5, O6: flows are filtered, sorted and watched; top shows them on a small terminal, takes keys, follows its size and ends clean; events stand
# in a file that is opened anew on SIGUSR1; who is not root sees pseudonyms of addresses.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without tmux setpriv
lab_trap
nat_lab_up || exit 1
EVENTS=$LAB_DIR/events.json SOCKET=$LAB_DIR/control
start_nat '' "events = { file = \"$EVENTS\"; };
anonymise = { addresses = \"prefix-preserving\"; names = \"keyed\"; logs = false; key = \"none\"; };" || exit 1
serve_echo 7000 || exit 1
for port in 5000 5002 5004; do
    check "a flow from port $port" ask "$C4:$port" "$S4:7000"
done

# ---- flows ----

count() { # OPTION...: flows that are shown
    quicward_ask flows --json "$@" | wc -l
}

check 'all flows' [ "$(count)" = 3 ]
check 'those of a network' [ "$(count --client "$C4/32" --port 7000)" = 3 ]
check 'those of no network' [ "$(count --client 192.0.2.0/24)" = 0 ]
check 'those with a state' [ "$(count --state two-way --limit 2)" = 2 ]
check 'those with another' [ "$(count --state confirmed,initial)" = 0 ]
order() { # OPTION...: ports of the clients
    quicward_ask flows --json --sort client "$@" | jq -r '.client | split(":")[1]' | tr '\n' ' '
}
check 'in order' [ "$(order)" = '5000 5002 5004 ' ]
check 'the other way round, two of them' [ "$(order --reverse --limit 2)" = '5004 5002 ' ]
check 'a table of them' grep -q "two-way .*$C4:5002 " <<<"$(quicward_ask flows --sort client)"
lab_spawn "$LAB_ROUTER" watch "$QUICWARD" flows -s "$SOCKET" --watch=1
tables() {
    [ "$(grep -c ^STATE "$LAB_DIR/watch.log")" -ge 2 ]
}
check 'a table again and again' wait_for 2 tables
lab_stop "$LAB_PID"

# ---- without the right ----

chmod 0711 "$LAB_DIR"
as_nobody() { # REQUEST OPTION...: as one of the socket's group
    local request=$1
    shift
    in_router setpriv --reuid 65534 --regid 0 --clear-groups "$QUICWARD" "$request" -s "$SOCKET" "$@"
}
check 'others see as many flows' [ "$(as_nobody flows --json | wc -l)" = 3 ]
check_not 'but no address' grep -qE "$C4|$S4|$X4" <<<"$(as_nobody flows --json; as_nobody mappings --json; as_nobody events --json)"
check_not 'and cannot ask for one' grep -q client <<<"$(as_nobody flows --json --client "$C4")"
check 'ports stay' [ "$(as_nobody flows --json --sort client | jq -r '.client | split(":")[1]' | tr '\n' ' ')" = '5000 5002 5004 ' ]

# ---- events in a file ----

written() { # FILE FILTER [COUNT]
    [ "$(jq -c "select($2)" "$1" | wc -l)" -ge "${3:-1}" ]
}
check 'events are in the file' wait_for 1 written "$EVENTS" '.event == "mapping-created"' 3
check 'as the daemon tells them' diff <(quicward_ask events --json | jq -c .number) <(jq -c .number "$EVENTS")
mv "$EVENTS" "$EVENTS.1"
kill -USR1 "$QUICWARD_PID"
check 'the file is opened anew' wait_for 1 test -e "$EVENTS"
check 'another flow' ask "$C4:5006" "$S4:7000"
check 'is in the new file' wait_for 1 written "$EVENTS" ".inside == \"$C4:5006\""
check_not 'not in the old one' written "$EVENTS.1" ".inside == \"$C4:5006\""
check 'stats say how many' grep -qE '^events to file +[0-9]+ written, 0 lost$' <<<"$(quicward_ask stats)"

# ---- top ----

# However long the case took so far: flows to look at.
for_top() {
    ask "$C4:5000" "$S4:7000" && ask "$C4:5002" "$S4:7000"
}

terminal() { # COMMAND...
    tmux -S "$LAB_DIR/tmux" -f /dev/null "$@"
}
shows() { # PATTERN
    terminal capture-pane -p -t top | grep -qE -- "$1"
}
export TERM=xterm LC_ALL=C.UTF-8
lab_spawn "$LAB_ROUTER" tmux tmux -S "$LAB_DIR/tmux" -f /dev/null -D
wait_for 1 test -S "$LAB_DIR/tmux"
check 'a terminal' terminal new-session -d -s top -x 80 -y 24 "'$QUICWARD' top -s '$SOCKET'; echo ended with \$?; exec cat"
check 'flows to look at' for_top
check 'top shows flows' wait_for 2 shows "^two-way +$C4:5000 +$S4:7000 "
check 'and rates, states, ports, queues' shows '^packets/s .* by queue, .* by fast path'
check 'in 80 columns' shows '^ports +[0-9]+ mapped, '
check 'its last line too' shows '^q quit  \? help .* p pause$'
terminal send-keys -t top h
check 'hosts by a key' wait_for 2 shows "^$C4 +[0-9]+ +0 "
terminal send-keys -t top d
check 'reasons' wait_for 2 shows '^REASON +PACKETS/s +PACKETS'
terminal send-keys -t top f s s
check 'flows in another order' wait_for 2 shows '^\[flows\]  order: packets '
terminal send-keys -t top / 'client=192.0.2.0/24' Enter
check 'a filter' wait_for 2 shows 'filter: client=192.0.2.0/24'
hides() {
    ! shows '^two-way'
}
check 'hides the others' wait_for 2 hides
terminal send-keys -t top / BSpace BSpace BSpace x Enter
check 'a mistake in one is said' wait_for 2 shows "client .* is not known; allowed"
terminal send-keys -t top c
check 'they are there still' for_top
check 'no filter' wait_for 2 shows '^two-way .*:5000 '
terminal resize-window -t top -x 120 -y 30
check 'a larger terminal has more columns' wait_for 2 shows 'VERSION +IDLE'
terminal resize-window -t top -x 40 -y 12
check 'a small one is no harm' wait_for 2 shows '^STATE'
terminal resize-window -t top -x 80 -y 24
terminal send-keys -t top '?'
check 'help' wait_for 2 shows 'drops by reason'
terminal send-keys -t top q
check 'it ends clean' wait_for 2 shows '^ended with 0$'
check_not 'and leaves no screen behind' shows 'packets/s'
terminal kill-server

check 'quicward ends cleanly' stop_quicward
check 'and its end is in the file' written "$EVENTS" '.event == "stopped"'
case_end
