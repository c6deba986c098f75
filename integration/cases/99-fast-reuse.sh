#!/usr/bin/env bash
# alone
# X3 X4: an element that is taken is another flow's at once, while the program runs on another processor: whatever it forwards has the
# rewrite, the next hop and the checksums of its own flow. QW_CHANGES is how many flows go and come for each family and place.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without iptables ip6tables taskset
[ -x "$QW_TOOLS/reuse_churn" ] || skip 'built without clang'
lab_trap
lab_up || exit 1

CHANGES=${QW_CHANGES:-50000}
E4=198.51.100.1 # what the inside is called outside
INSIDE_MAC=02:00:00:00:01:00 OUTSIDE_MAC=02:00:00:00:02:00 # of the first host of a side; the second's is one more
LAST=$(($(nproc) - 1))

in_router iptables -P FORWARD DROP
in_router ip6tables -P FORWARD DROP
neighbours() { # INTERFACE MAC ADDRESS...
    local interface=$1 mac=${2%0} host=0 address
    shift 2
    for address in "$@"; do
        ip -n "$LAB_ROUTER" neigh replace "$address" lladdr "$mac$((host % 2))" dev "$interface" nud permanent
        host=$((host + 1))
    done
}
neighbours lan0 $INSIDE_MAC "$C4" 192.0.2.3 "$C6" 2001:db8:1::3
neighbours wan0 $OUTSIDE_MAC "$S4" 198.51.100.3 "$S6" 2001:db8:2::3
for side in "$LAB_CLIENT c0" "$LAB_ROUTER lan0" "$LAB_ROUTER wan0" "$LAB_SERVER s0"; do
    # shellcheck disable=SC2086 # two words
    set -- $side
    ip netns exec "$1" ethtool -K "$2" gro on >/dev/null # takes frames
done

mac() { # INTERFACE
    ip -n "$LAB_ROUTER" -o link show "$1" | sed 's/.*ether \([0-9a-f:]*\).*/\1/'
}

# traffic FAMILY: in both directions; what sends and what receives, in TRAFFIC and CHECKERS.
traffic() {
    local inside="$C4:20000" external="$E4:30000" remote="$S4:9000"
    [ "$1" = 4 ] || inside="[$C6]:20000" external=$inside remote="[$S6]:9000"
    TRAFFIC=() CHECKERS=()
    checker "$LAB_SERVER" up "$external" "$remote" s0 $OUTSIDE_MAC && checker "$LAB_CLIENT" down "$remote" "$inside" c0 $INSIDE_MAC ||
        return 1
    sender "$LAB_CLIENT" up "$inside" "$remote" c0 "$(mac lan0)"
    sender "$LAB_SERVER" down "$remote" "$external" s0 "$(mac wan0)"
}

checker() { # NAMESPACE up|down SOURCE DESTINATION INTERFACE MAC
    lab_spawn "$1" "check-$2" "$QW_TOOLS/reuse_traffic" check "${@:2}"
    CHECKERS+=("$LAB_PID")
    wait_for 5 grep -q ready "$LAB_DIR/check-$2.log"
}

sender() {
    lab_spawn "$1" "send-$2" taskset -c "$LAST" "$QW_TOOLS/reuse_traffic" send "${@:2}"
    TRAFFIC+=("$LAB_PID")
}

churned() { # PLACE FAMILY
    local ends=("$C4:20000" "$E4:30000" "$S4:9000")
    [ "$2" = 4 ] || ends=("[$C6]:20000" - "[$S6]:9000")
    in_router taskset -c 0 "$QW_TOOLS/reuse_churn" "$1" lan0 wan0 "${ends[@]}" "$CHANGES" >"$LAB_DIR/churn.log" 2>&1
}

# right up|down: the receiver's own status says that none was wrong.
right() {
    local status=0
    lab_stop "$2" || status=1
    cat "$LAB_DIR/check-$1.log" "$LAB_DIR/send-$1.log"
    return $status
}

for place in xdp tc; do
    for family in 4 6; do
        words="$place, IPv$family"
        traffic $family || skip "no checker can be attached: $(cat "$LAB_DIR"/check-*.log)"
        if ! churned $place $family; then
            grep -q 'built without\|not permitted' "$LAB_DIR/churn.log" && skip "$(cat "$LAB_DIR/churn.log")"
            check "$words: $CHANGES flows go, and as many come" cat "$LAB_DIR/churn.log" /nonexistent
        fi
        for pid in "${TRAFFIC[@]}"; do
            lab_stop "$pid"
        done
        sed "s/^/  $words: /" "$LAB_DIR/churn.log" | tail -n 1
        check "$words: all that is forwarded has its own flow's rewrite outside" right up "${CHECKERS[0]}"
        check "$words: and inside" right down "${CHECKERS[1]}"
        grep -h right "$LAB_DIR"/check-*.log | sed 's/^/    /'
    done
done
case_end
