#!/usr/bin/env bash
# S3: each allocation of the start and of a reload is refused once: the start says so in one line and leaves nothing half made, or does
# without and works; the reload changes nothing, and flows go on. With a part of the memory that it needs it works, or does not start and says so.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
REFUSE=$QW_TOOLS/failing_allocation.so
[ -e "$REFUSE" ] || skip 'built with sanitizers, which have an allocator of their own'
lab_trap
# shellcheck disable=SC2119
nat_lab_up && serve_echo 7000 || exit 1
# All of them take a minute or two.
START_STEP=${START_STEP:-15} RELOAD_STEP=${RELOAD_STEP:-12}
CONF='mode = "nat"; nat = { external = ["198.51.100.7"]; forwards = ( { port = 8443; to = "10.0.0.9:443"; } ); };
rules = ( { name = "a"; sni = ["www.example.org", ".example.net"]; from = ["10.0.0.0/8"]; action = "accept"; } );
flows = { max = 4096; handshakes = 64; }; hello = { memory = 64; }; manage_rules = false;'

# A number of four bytes, and none has failed yet.
refuse() { # NTH
    # shellcheck disable=SC2059 # bytes
    printf "\\x$(printf %02x $(($1 & 255)))\\x$(printf %02x $(($1 >> 8)))\0\0\0\0\0\0" | dd of="$LAB_DIR/refuse" conv=notrunc status=none
}

was_refused() {
    [ "$(od -An -t d4 -j 4 -N 4 "$LAB_DIR/refuse" | tr -d ' ')" = 1 ]
}

start_refused() {
    lab_spawn "$LAB_ROUTER" quicward env LD_PRELOAD="$REFUSE" FAILING_ALLOCATION="$LAB_DIR/refuse" "$QUICWARD" run -c "$LAB_DIR/quicward.conf"
    QUICWARD_PID=$LAB_PID
    wait_for 10 quicward_ready
}

# nothing_left: no queue is bound, no file is half made, and nobody has the instance.
nothing_left() {
    ! in_router grep -q ' ' /proc/net/netfilter/nfnetlink_queue && [ ! -e "$LAB_DIR/main.state.new" ] && [ ! -S "$LAB_DIR/control" ]
}

one_line() {
    cat "$LAB_DIR/quicward.log"
    [ "$(grep -cE 'error' "$LAB_DIR/quicward.log")" = 1 ]
}

# one_start NTH: "ends" when the nth allocation was not reached.
one_start() {
    local status=0
    refuse "$1"
    : >"$LAB_DIR/quicward.log"
    start_refused
    if ended "$QUICWARD_PID"; then
        wait "$QUICWARD_PID" || status=$?
        echo "allocation $1: status $status"
        [ $status -gt 0 ] && [ $status -lt 78 ] && one_line && nothing_left || return 1
        FAILED_STARTS=$((FAILED_STARTS + 1))
        return 0
    fi
    echo "allocation $1: it starts"
    stats_json >/dev/null && stop_quicward && nothing_left || return 1
    was_refused || ENDS=yes
}

all_starts() {
    local nth
    ENDS='' FAILED_STARTS=0
    for ((nth = 1; nth < 2000; nth += START_STEP)); do
        one_start $nth || return 1
        [ -z "$ENDS" ] || break
    done
    echo "$nth starts, of which $FAILED_STARTS failed"
    [ -n "$ENDS" ] && [ $FAILED_STARTS -gt $((30 / START_STEP)) ]
}

external_now() {
    stats_json | jq -r '.stats.nat.external | join(" ")'
}

one_reload() { # NTH
    local status=0
    refuse "$1"
    quicward_ask reload >"$LAB_DIR/said" 2>&1 || status=$?
    was_refused || { ENDS=yes && return 0; }
    refuse 0
    cat "$LAB_DIR/said"
    stats_json >/dev/null || { echo "allocation $1: it does not answer" && return 1; }
    [ $status = 0 ] || [ "$(external_now)" = 198.51.100.7 ] || { echo "allocation $1: refused and half done" && return 1; }
    [ $status = 0 ] || REFUSED=$((REFUSED + 1))
    cp "$LAB_DIR/first.conf" "$LAB_DIR/quicward.conf"
    quicward_ask reload >/dev/null || { echo "allocation $1: it cannot go back" && return 1; }
    cp "$LAB_DIR/second.conf" "$LAB_DIR/quicward.conf"
}

all_reloads() {
    local nth
    ENDS='' REFUSED=0
    for ((nth = 1; nth < 2000; nth += RELOAD_STEP)); do
        one_reload $nth || return 1
        [ -z "$ENDS" ] || break
    done
    echo "$nth reloads, of which $REFUSED were refused"
    [ -n "$ENDS" ] && [ $REFUSED -gt $((15 / RELOAD_STEP)) ]
}

# with_eighths OF KIB N: it starts and works, or says so.
with_eighths() {
    local status=0
    : >"$LAB_DIR/quicward.log"
    (ulimit -v $(($1 * $2 / 8)) && exec ip netns exec "$LAB_ROUTER" "$QUICWARD" run -c "$LAB_DIR/quicward.conf") >"$LAB_DIR/quicward.log" 2>&1 &
    QUICWARD_PID=$!
    wait_for 10 quicward_ready
    if ended "$QUICWARD_PID"; then
        wait "$QUICWARD_PID" || status=$?
        echo "$2 eighths: status $status"
        FAILED_STARTS=$((FAILED_STARTS + 1))
        [ $status -gt 0 ] && [ $status -lt 78 ] && one_line && nothing_left
    else
        echo "$2 eighths: it starts"
        ask "$C4:6001" "$S4:7000" && stop_quicward
    fi
}

# With less than three it does not get as far as its own first line.
parts_of_the_memory() {
    local needed eighths
    needed=$(awk '/^VmPeak/ { print $2 }' "/proc/$QUICWARD_PID/status")
    stop_quicward || return 1
    FAILED_STARTS=0
    for eighths in 3 4 5 6 7; do
        with_eighths "$needed" $eighths || return 1
    done
    [ $FAILED_STARTS -gt 0 ]
}

printf '\0\0\0\0\0\0\0\0' >"$LAB_DIR/refuse"
quicward_conf "$CONF" >"$LAB_DIR/quicward.conf"
check 'each allocation of a start' all_starts

quicward_conf "$CONF" >"$LAB_DIR/first.conf"
quicward_conf "${CONF/\"198.51.100.7\"/\"198.51.100.7\", \"198.51.100.8\"}
timers = { attempt = 130; };" >"$LAB_DIR/second.conf"
quicward_conf "${CONF/max = 4096/max = 2097152}" | sed 's/manage_rules = false;/manage_rules = true;/' >"$LAB_DIR/large.conf"
refuse 0
check 'it starts' start_refused
cp "$LAB_DIR/second.conf" "$LAB_DIR/quicward.conf"
check 'each allocation of a reload' all_reloads
check 'then it is done' [ "$(external_now)" = '198.51.100.7 198.51.100.8' ]
stop_quicward
lab_spawn "$LAB_ROUTER" quicward "$QUICWARD" run -c "$LAB_DIR/large.conf"
QUICWARD_PID=$LAB_PID
check 'it starts with a large table' wait_for 10 quicward_ready
cp "$LAB_DIR/large.conf" "$LAB_DIR/quicward.conf"
check 'with a part of the memory that it needs it works, or says so in one line and leaves nothing' parts_of_the_memory
case_end
