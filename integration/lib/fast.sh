# shellcheck shell=bash
# Links that the fast path can use, and whether flows that begin to go fast stay in order.

# fast_links PLACE: at XDP packets must come with whole checksums, and who gets them must take them in batches.
fast_links() {
    local tx=on
    [ "$1" = tc ] || tx=off
    fast_link "$LAB_CLIENT" c0 $tx && fast_link "$LAB_SERVER" s0 $tx || return 1
    [ ! -e "/run/netns/$LAB_TRANSIT" ] || { fast_link "$LAB_TRANSIT" t0 $tx && fast_link "$LAB_TRANSIT" t1 $tx; }
}

fast_link() { # NAMESPACE INTERFACE on|off
    ip netns exec "$1" ethtool -K "$2" tx "$3" gro on >/dev/null
}

# fast_pins: a place where the fast path outlives a daemon, FAST_PINS. In a namespace /sys is another one, without a bpffs.
fast_pins() {
    FAST_PINS=$LAB_DIR/bpf/quicward
    mkdir -p "$LAB_DIR/bpf" && mount -t bpf bpf "$LAB_DIR/bpf"
}

# pinned [NAME]: what an instance has pinned.
pinned() {
    ls "$FAST_PINS/${1:-main}" 2>/dev/null
}

# numbered_in_order FAMILY FLOWS AT_ONCE RATE DATAGRAMS: numbered datagrams of flows that go fast meanwhile come in order, both
# ways.
numbered_in_order() {
    local echo_pid status=0
    lab_spawn "$LAB_SERVER" "echo$1" "$QW_TOOLS/order_echo" "$(endpoint "$1" 9000)" 1500
    echo_pid=$LAB_PID
    wait_for 5 listening "$LAB_SERVER" 9000 || return 1
    in_client "$QW_TOOLS/handover_send" "$(endpoint "$1" 9000)" "${@:2}" || status=1
    wait "$echo_pid" || status=1
    cat "$LAB_DIR/echo$1.log"
    return $status
}
