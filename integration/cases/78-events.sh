#!/usr/bin/env bash
# O5, N7: start and stop are events, and who follows the events sees both, over a restart. A limit that is met is a line in the log and
# an event.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
case_nat 'external = "auto"; per_host = 2;'
serve_echo 7000 || exit 1
lab_spawn "$LAB_ROUTER" follow "$QUICWARD" events -s "$LAB_DIR/control" --json --follow
FOLLOWER=$LAB_PID

# told FILTER: the events like that; between them the follower says that it waits.
told() {
    grep '^{' "$LAB_DIR/follow.log" | jq -c "select($1)"
}

# followed FILTER [COUNT]: so many events of what was followed are like that.
followed() {
    [ "$(told "$1" | wc -l)" -ge "${2:-1}" ]
}

counted() { # REFUSED: the events tell of so many
    [ "$(told '.event == "host-limit"' | jq -s 'map(.count) | add')" -ge "$1" ]
}

logged() { # PATTERN
    grep -E -- "$1" "$LAB_DIR/quicward.log"
}

check 'the start is told' wait_for 3 followed '.event == "started"'
check 'two mappings' ask "$C4:5000" "$S4:7000"
check 'are allowed' ask "$C4:5002" "$S4:7000"
check_not 'a third is not' ask "$C4:5004" "$S4:7000" 300
check 'the log names the host and the key' wait_for 4 logged "as many mappings as it may: [0-9]+ first packets dropped, the last from $C4; see nat.per_host"
check 'the limit is an event' wait_for 3 followed ".event == \"host-limit\" and .inside == \"$C4:5004\""
for port in 5006 5008 5010; do
    check_not "port $port" ask "$C4:$port" "$S4:7000" 100
done
check 'the others are summed' wait_for 4 followed '.event == "host-limit"' 2
check 'none is lost' wait_for 4 counted 4
check 'the log says it once a minute' test "$(logged 'as many mappings' | wc -l)" = 1
check 'quicward ends' stop_quicward
check 'the stop is told' wait_for 3 followed '.event == "stopped"'
check_not 'the follower waits' ended "$FOLLOWER"
check 'quicward starts' start_quicward 'mode = "nat"; nat = { external = "auto"; };'
check 'the next start is told' wait_for 5 followed '.event == "started"' 2
check 'a flow' ask "$C4:5020" "$S4:7000"
check 'and what comes' wait_for 3 followed ".event == \"mapping-created\" and .inside == \"$C4:5020\""
check 'no event is told twice' test "$(told '.event == "mapping-created"' | jq .inside | sort | uniq -d | wc -l)" = 0
check 'quicward ends cleanly' stop_quicward
case_end
