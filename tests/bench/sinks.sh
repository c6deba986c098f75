# shellcheck shell=bash disable=SC2154,SC2034 # the names that run.sh and its parts share
# What events and metrics cost the packets when nobody takes them: a full disk, a syslog that hangs, readers of metrics that
# hardly read. Sourced by run.sh.

with_troubled() { # COMMAND...
    wrapped=(tests/bench/troubled.sh "$folder")
    with_quicward troubled "$@"
    wrapped=()
}

# New mappings, each an event: PORTS a second from as many ports, from the client's own address.
new_mappings() { # PORTS
    start "$client" mappings.log python3 -c '
import socket, sys, time
kept, begin = [], time.monotonic()
while True:
    while len(kept) < (time.monotonic() - begin) * int(sys.argv[1]) and len(kept) < 20000:
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind(("10.0.1.2", 20000 + len(kept)))
        s.sendto(b"x", ("10.0.2.2", 9))
        s.close()
        kept.append(0)
    time.sleep(0.01)
' "$1"
    mappings=$started
}

# One connection at a time, as in `answer`, while mappings begin.
handshakes_with_events() {
    new_mappings "$events_a_second"
    handshakes 1
    kill "$mappings"
    wait "$mappings" 2>/dev/null
}

# Packets of the turn that the daemon dropped, or the kernel before its queue.
dropped() {
    awk '/^packets / { all = $2 } /^accepted / { passed = $2 }
         /^queue / { for (i = 3; i < NF; i++) if ($(i + 1) ~ /drop/) before += $i }
         END { print all - passed + before }' "$folder/stats.log"
}

# Both are taken within a turn, where one follows the other, and the middle turn counts. Connections are lost on a busy machine with and
# without the trouble: their clients waited too long.
sinks() {
    local round quiet=() troubled=() moved=() lost_quiet=0 lost_troubled=0 gone=0
    for ((round = 0; round < answer_rounds; round++)); do
        rm -f "$folder"/*.state
        with_quicward quiet handshakes_with_events
        quiet+=("$p99") lost_quiet=$((lost_quiet + lost))
        rm -f "$folder"/*.state
        with_troubled handshakes_with_events
        troubled+=("$p99") lost_troubled=$((lost_troubled + lost)) gone=$((gone + $(dropped)))
        moved+=($((p99 * 1000 / quiet[round])))
    done
    sinks_row "$(middle "${quiet[@]}")" "$(middle "${troubled[@]}")" "$(middle "${moved[@]}")"
    row 'sinks: packets dropped meanwhile' "$gone" - 0 "$([ "$gone" = 0 ] && echo met || echo 'not met')"
    row 'sinks: connections that were too slow' "$lost_troubled" "$lost_quiet without trouble"
    row 'sinks: events by then' "$(sed -n 's/^events to \([a-z]*\) *\(.*\)/\1 \2/p' "$folder/stats.log" | paste -s -d ';')" \
        "$(sed -n 's/^created *\([0-9]*\).*/\1 flows/p' "$folder/stats.log")"
}

sinks_row() { # QUIET TROUBLED THOUSANDTHS
    row 'sinks: full disk, hung syslog, slow readers of metrics' \
        "$(awk -v q="$1" -v t="$2" 'BEGIN { printf "p99 %.1f us, without them %.1f us", t / 1e3, q / 1e3 }')" \
        "$(awk -v m="$3" 'BEGIN { printf "%.2f in a turn", m / 1000 }')" '<= 1.10' "$([ "$3" -le 1100 ] && echo met || echo 'not met')"
}
