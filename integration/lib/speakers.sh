# shellcheck shell=bash
# CONNECTIONS of quic-go that ask every EVERY ms, half of them over IPv4 and half over IPv6, and what becomes of them: for scripts
# that do something to the daemon meanwhile. The server is serve_quicgo's on SPEAKERS_PORT.
EVERY=500 SPEAKERS_PORT=4434 SPEAKERS_WAIT=3
SPEAKERS=() LOST=0 SILENCE=0

speakers_begin() {
    local family
    SPEAKERS=()
    for family in 4 6; do
        lab_spawn "$LAB_CLIENT" "many-$family" "$QUICGO" many "$(endpoint $family $SPEAKERS_PORT)" server.test $((CONNECTIONS / 2)) $EVERY
        SPEAKERS+=("$LAB_PID")
    done
    sleep $SPEAKERS_WAIT # before it listens to them a signal ends it
    wait_for 12 speakers_stand
}

reports() { # FAMILY
    grep -c ' late ' "$LAB_DIR/many-$1.log"
}

reports_more() { # FAMILY NUMBER
    [ "$(reports "$1")" -gt "$2" ]
}

# speakers_ask: a line of each, since the last time, added to LOST and SILENCE; STANDING and LATE are of now.
speakers_ask() {
    local family line before pid=0
    STANDING=0 LATE=0
    for family in 4 6; do
        before=$(reports $family)
        kill -USR1 "${SPEAKERS[$pid]}" || return 1
        pid=$((pid + 1))
        wait_for 3 reports_more $family "$before" || return 1
        read -ra line < <(grep ' late ' "$LAB_DIR/many-$family.log" | tail -n 1)
        STANDING=$((STANDING + line[1])) LOST=$((LOST + line[3])) LATE=$((LATE + line[9]))
        [ "${line[7]}" -le "$SILENCE" ] || SILENCE=${line[7]}
    done
}

speakers_stand() {
    speakers_ask && [ $STANDING = $((CONNECTIONS / 2 * 2)) ] && [ $LATE = 0 ]
}

# confirmed_endpoints: "INSIDE EXTERNAL SERVER" of confirmed flows.
confirmed_endpoints() {
    flows_json | jq -r 'select(.state == "confirmed" and .external != null) | "\(.client) \(.external) \(.server)"' | sort
}

# Of flows that are there before and after, how many have another external endpoint.
endpoints_changed() { # BEFORE AFTER
    join <(awk '{ print $1 ">" $3, $2 }' "$1" | sort) <(awk '{ print $1 ">" $3, $2 }' "$2" | sort) | awk '$2 != $3' | wc -l
}

# speakers_note: from now on, for speakers_kept.
speakers_note() {
    LOST=0 SILENCE=0
    confirmed_endpoints >"$LAB_DIR/before"
}

# speakers_kept WHAT: since the last call no connection was lost, all have answers again, from the same endpoints.
speakers_kept() {
    check "$1: all connections have answers" wait_for 12 speakers_stand
    check "$1: none was lost; the longest silence was $SILENCE ms" [ "$LOST" = 0 ]
    confirmed_endpoints >"$LAB_DIR/after"
    check "$1: $(wc -l <"$LAB_DIR/before") endpoints are the same" [ "$(endpoints_changed "$LAB_DIR/before" "$LAB_DIR/after")" = 0 ]
    LOST=0 SILENCE=0
}
