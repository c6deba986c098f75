# shellcheck shell=bash
# Links that the fast path can use, and whether flows that begin to go fast stay in order.
#
# With QW_OFFLOAD ("tc" or "xdp") the daemons of all cases have a fast path there, but for those that say themselves what they want.
# Each case then says at its end what went fast.

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

# fast_or_skip: ends the case as not run where nobody may attach a program. Where the kernel's verifier refuses ours the case fails.
fast_or_skip() {
    grep 'offload: .*pass the queue' "$LAB_DIR/quicward.log" >"$LAB_DIR/slow" || return 0
    check 'no verifier refuses the program' grep -v 'refuses the program: [^O]' "$LAB_DIR/slow" || case_end # Operation not permitted
    skip "no program can be attached here: $(cat "$LAB_DIR/slow")"
}

# numbered_in_order FAMILY FLOWS AT_ONCE RATE DATAGRAMS: numbered datagrams of flows that go fast meanwhile come in order, both
# ways. RATE is that of a usual machine.
numbered_in_order() {
    local echo_pid status=0
    lab_spawn "$LAB_SERVER" "echo$1" "$QW_TOOLS/order_echo" "$(endpoint "$1" 9000)" 1500
    echo_pid=$LAB_PID
    wait_for 5 listening "$LAB_SERVER" 9000 || return 1
    in_client "$QW_TOOLS/handover_send" "$(endpoint "$1" 9000)" "$2" "$3" "$(paced "$4")" "$5" || status=1
    wait "$echo_pid" || status=1
    cat "$LAB_DIR/echo$1.log"
    return $status
}

FAST_SAID='offload: .*(flows put|pass the queue)'

# fast_conf: for quicward_conf.
fast_conf() {
    [ -n "${QW_OFFLOAD:-}" ] || return 0
    conf_unless offload "offload = \"$QW_OFFLOAD\";"
    conf_unless offload_pins 'offload_pins = "none";'
}

# fast_links_asked: links that XDP can use, if it is to be used.
fast_links_asked() {
    [ "${QW_OFFLOAD:-}" != xdp ] || fast_links xdp
}

# fast_note LOG: keeps what a daemon said of its fast path, for its log is about to be another's.
fast_note() {
    [ -z "${QW_OFFLOAD:-}" ] || [ ! -s "$1" ] || grep -E "$FAST_SAID" "$1" >>"${1%/*}/fast.said"
}

# fast_say: when all have ended. Daemons that were killed say nothing.
fast_say() {
    [ -n "${QW_OFFLOAD:-}" ] || return 0
    find "$LAB_DIR" \( -name '*.log' -o -name fast.said \) -exec grep -hE "$FAST_SAID" {} + 2>/dev/null |
        awk '/flows put/ { for (i = 1; i < NF; i++) { if ($(i + 1) == "flows") flows += $i; if ($(i + 1) == "packets") packets += $i } daemons++ }
            /pass the queue/ { why = $0; sub(/.*offload: /, "", why) }
            END { if (daemons || why) printf "  fast path: %d flows, %d packets%s\n", flows, packets, why ? ", " why : ""
                  else print "  fast path: none that a daemon told of at its end" }'
}
