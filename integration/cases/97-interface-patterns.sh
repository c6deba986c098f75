#!/usr/bin/env bash
# S4, S8: interfaces named by patterns, with more than 32 of them. Forty interfaces inside that match one pattern, all served; one that
# comes later, goes, and comes again under another number is served as one with a name is, with each tool. An uplink like a PPP link goes
# and comes again under another number with another address, and mappings have that. What matches nothing is no concern of the rules.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without ping
lab_trap
# shellcheck disable=SC2119
nat_lab_up || exit 1
Y4=198.51.100.77
serve_echo 7000 || exit 1

# tunnel NUMBER: an interface tun-NUMBER inside, and a host 10.1.NUMBER.2 behind it.
tunnel() {
    ip link add "h$1" netns "$LAB_CLIENT" type veth peer name "tun$1" netns "$LAB_ROUTER" &&
        ip -n "$LAB_CLIENT" addr add "10.1.$1.2/24" dev "h$1" &&
        ip -n "$LAB_CLIENT" link set "h$1" up &&
        ip -n "$LAB_ROUTER" addr add "10.1.$1.1/24" dev "tun$1" &&
        ip -n "$LAB_ROUTER" link set "tun$1" up &&
        ip -n "$LAB_CLIENT" rule add from "10.1.$1.2" table "$((1000 + $1))" &&
        ip -n "$LAB_CLIENT" route add default via "10.1.$1.1" table "$((1000 + $1))"
}

# asks NUMBER PORT: the host behind tunNUMBER is answered, and was translated.
asks() {
    ask "10.1.$1.2:$2" "$S4:7000" 1000 && mapping_is ".inside == \"10.1.$1.2:$2\"" 2>/dev/null
}

all_ask() { # PORT NUMBER...
    local port=$1 number
    shift
    for number; do
        asks "$number" "$port" || return 1
    done
}

guarded() { # INTERFACE
    in_router ip rule | grep -q "iif $1 .*blackhole"
}

# The uplink is called like the transit's end of it, and renamed: the kernel takes it down and its routes go.
uplink() { # FROM TO ADDRESS
    ip -n "$LAB_ROUTER" link set "$1" down
    ip -n "$LAB_ROUTER" addr flush dev "$1"
    ip -n "$LAB_ROUTER" link set "$1" name "$2"
    lab_link "$LAB_ROUTER" "$2" "$3/24" 2001:db8:2::1/64
    ip -n "$LAB_ROUTER" route replace default via "$T4"
    ip -n "$LAB_TRANSIT" route replace 10.0.0.0/24 via "$3"
}

external_is() { # PORT ADDRESS: what stands for 10.0.0.3 now
    ask "10.0.0.3:$1" "$S4:7000" 1000 && external_of "10.0.0.3:$1" | grep -q "^$2:"
}

run_through() { # BACKEND
    # shellcheck disable=SC2034 # read by start_nat
    QW_BACKEND=$1
    start_quicward 'mode = "nat"; inside = ["lan0", "tun*"]; outside = ["ppp*"]; nat = { external = "auto"; };' || return 1
    check "$1: forty interfaces of one pattern" all_ask 5000 "${NUMBERS[@]}"
    check "$1: one with a name beside them" ask 10.0.0.3:5000 "$S4:7000"
    check "$1: routing rules stand by for each" guarded tun40
    check_not "$1: and for nothing else" guarded all

    check "$1: one more comes" tunnel 99
    check "$1: and is served" wait_for 20 asks 99 5001
    check "$1: with its routing rule" wait_for 20 guarded tun99
    ip -n "$LAB_ROUTER" link del tun99
    check "$1: it goes, and comes again under another number" tunnel 100
    check "$1: and is served again" wait_for 20 asks 100 5002
    check "$1: the routing rule of the old one is gone" wait_for 20 not guarded tun99
    ip -n "$LAB_ROUTER" link del tun100
    check "$1: the others were not disturbed" asks 7 5003

    check "$1: the uplink's address" external_is 5004 "$X4"
    uplink ppp0 ppp7 "$Y4"
    check "$1: it comes again under another number, with another address" wait_for 20 external_is 5005 "$Y4"
    check "$1: hosts behind the others have it too" wait_for 20 asks 3 5006
    # What comes and goes while the rules of the one before are put in is not told.
    check "$1: the log says which interface came" wait_for 30 grep -q 'interface ppp7 has appeared' "$LAB_DIR/quicward.log"
    uplink ppp7 ppp0 "$X4"
    check "$1: and back" wait_for 20 external_is 5007 "$X4"
    check "$1: ends cleanly" stop_quicward
}

NUMBERS=()
for ((number = 1; number <= 40; number++)); do
    tunnel "$number" || exit 1
    NUMBERS+=("$number")
done
uplink wan0 ppp0 "$X4"
# A kernel may have been built without nft's queue.
if in_router nft -c 'add table inet ask; add chain inet ask a; add rule inet ask a queue num 0' 2>/dev/null; then
    run_through nft || exit 1
    in_router sh -c "'$QUICWARD' rules -c '$LAB_DIR/quicward.conf' --remove | sh"
fi
run_through iptables || exit 1

# What "check" says of a pattern that is none.
sed 's/"tun\*"/"t*n"/' "$LAB_DIR/quicward.conf" >"$LAB_DIR/wrong.conf"
checks_wrong() {
    "$QUICWARD" check -c "$LAB_DIR/wrong.conf" >"$LAB_DIR/wrong" 2>&1
}
check_not 'a pattern that is none' checks_wrong
check 'is quoted, with what is allowed' grep -q '"t\*n" has a "\*" before its end; allowed: a name' "$LAB_DIR/wrong"
case_end
