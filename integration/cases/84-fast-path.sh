#!/usr/bin/env bash
# X1 X2 X3: the kernel's program carries UDP and a QUIC connection byte for byte while the router forwards nothing itself.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without gtlsclient gtlsserver ethtool iptables ip6tables
lab_trap
lab_up || exit 1
certificate_make || exit 1
head -c 1000000 /dev/urandom >"$LAB_DIR/www/large"
serve_gtls 4433 || exit 1

E4=198.51.100.1 # what the inside is called outside
paths=("$C4:5001,$E4:6001,$S4:9000" "[$C6]:5001,-,[$S6]:9000" "$C4:5002,$E4:6002,$S4:4433" "[$C6]:5002,-,[$S6]:4433")

# Only the program forwards: what it leaves alone goes nowhere. Only one port is there for a client that chooses.
lab_sysctl "$LAB_CLIENT" net.ipv4.ip_local_port_range='5002 5002'
in_router iptables -P FORWARD DROP
in_router ip6tables -P FORWARD DROP
lab_spawn "$LAB_SERVER" echo4 "$QW_TOOLS/udp_echo" "$S4:9000"
lab_spawn "$LAB_SERVER" echo6 "$QW_TOOLS/udp_echo" "[$S6]:9000"

# Checksums are finished before packets leave the ends (XDP) or the router (tc), so the receiver checks them. At tc the
# ends send bundles.
link_settings() { # PLACE
    local side ends=off router=on
    [ "$1" = xdp ] || ends=on router=off
    for side in "$LAB_CLIENT c0 $ends" "$LAB_SERVER s0 $ends" "$LAB_ROUTER lan0 $router" "$LAB_ROUTER wan0 $router"; do
        # shellcheck disable=SC2086 # three words
        set -- $side
        ip netns exec "$1" ethtool -K "$2" tx "$3" tx-udp-segmentation "$3" gro on >/dev/null || return 1
    done
}

asked() { # FAMILY BYTES
    local from="$C4:5001" to="$S4:9000"
    [ "$1" = 4 ] || from="[$C6]:5001" to="[$S6]:9000"
    in_client "$QW_TOOLS/udp_ask" "$from" "$to" "numbers $2" 2000 "$2"
}

not_asked() { # FAMILY BYTES
    ! asked "$1" "$2"
}

fetched_whole() { # FAMILY
    rm -rf "$LAB_DIR/down" && mkdir -p "$LAB_DIR/down"
    QW_PATH=large client_gtls "$1" 4433 --download="$LAB_DIR/down" -q
    cmp "$LAB_DIR/www/large" "$LAB_DIR/down/large"
}

counted() { # FLOW: packets both ways
    grep -qE "^flow $1 up [1-9][0-9]* down [1-9]" "$LAB_DIR/fast.log"
}

check 'without the program nothing passes' not_asked 4 100
for place in xdp tc; do
    link_settings $place || exit 1
    lab_spawn "$LAB_ROUTER" fast "$QW_TOOLS/fast_forward" $place lan0 wan0 "${paths[@]}"
    fast=$LAB_PID
    if ! wait_for 5 grep -q '^ready, 4 flows' "$LAB_DIR/fast.log"; then
        grep -q 'built without\|not permitted' "$LAB_DIR/fast.log" && skip "$(cat "$LAB_DIR/fast.log")"
        check "$place: the program is attached" not cat "$LAB_DIR/fast.log"
        continue
    fi
    # What comes while links are set anew, or before a gate is open, goes back to the router, which drops it here.
    for family in 4 6; do
        check "$place: IPv$family: datagrams pass" wait_for 10 asked $family 20
    done
    for family in 4 6; do
        for bytes in 20 101 1400; do
            check "$place: IPv$family: $bytes bytes there and back" asked $family $bytes
        done
        check "$place: IPv$family: fragments are left to the router" not_asked $family 3000
        check "$place: IPv$family: a megabyte by QUIC is whole" fetched_whole $family
    done
    kill "$fast" && wait "$fast"
    for flow in 1 2 3 4; do
        check "$place: flow $flow was counted both ways" counted $flow
    done
    sed "s/^/  $place: /" "$LAB_DIR/fast.log"
    check "$place: afterwards nothing passes" not_asked 4 100
done
case_end
