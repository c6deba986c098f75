#!/usr/bin/env bash
# The recorded scripts of kernel rules (tests/golden/rules), run by the kernel in a network of their own. S5: all of them are
# accepted, twice is as good as once, and removal leaves what stood before. N1: in mode nat what is translated is
# untracked and nothing else is. Where the kernel's nft has no queue, `counter accept` stands in its place. Nobody reads the queues: where
# packets have to get past them, they have "bypass". Status 77: not root, or a program is missing.
set -u
rules=$(cd "$(dirname "${BASH_SOURCE[0]}")/../golden/rules" && pwd) || exit 1
hosts=() failed=0

if [ "${1:-}" != alone ]; then
    [ "$(id -u)" = 0 ] || exit 77
    for program in iptables ip6tables nft ip unshare nsenter; do
        command -v "$program" >/dev/null || exit 77
    done
    exec unshare --net "${BASH_SOURCE[0]}" alone
fi
folder=$(mktemp -d "${TMPDIR:-/tmp}/quicward-rules.XXXXXX") || exit 1
trap 'kill "${hosts[@]}"; rm -rf "$folder"' EXIT

check() { # WHAT COMMAND...
    local what=$1
    shift
    if "$@" >"$folder/said" 2>&1; then
        echo "ok: $what"
    else
        echo "FAILED: $what"
        cat "$folder/said"
        failed=1
    fi
}

check_not() { # WHAT COMMAND...
    local what=$1
    shift
    check "$what" fails "$@"
}

# shellcheck disable=SC2317 # called through check
fails() {
    ! "$@"
}

# host INTERFACE ADDRESS ROUTER'S...: a host behind a new interface of the router; hosts[-1] is its pid.
host() {
    local interface=$1 address=$2 own
    unshare --net sleep infinity &
    hosts+=($!)
    until [ "$(readlink "/proc/$!/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.01; done
    ip link add "$interface" type veth peer name eth0 netns $! || exit 1
    ip link set "$interface" up
    nsenter -t $! -n ip link set eth0 up
    nsenter -t $! -n ip addr add "$address/24" dev eth0
    shift 2
    for own; do
        ip addr add "$own/24" dev "$interface"
    done
    nsenter -t $! -n ip route add default via "$1"
}

# send FROM TO: a datagram from the host of that number.
send() {
    # shellcheck disable=SC2016 # expanded by the inner shell
    nsenter -t "${hosts[$1]}" -n bash -c 'echo hello >"/dev/udp/$0/9999"' "$2" 2>/dev/null
}

# What stands, without the counters; what is not ours is to be as it was.
standing() {
    { iptables-save && ip6tables-save && nft list tables && ip rule && ip -6 rule; } 2>/dev/null | sed '/^#/d; s/\[[0-9:]*\]//; s/ *$//'
}

# script NAME: as the kernel can take it.
script() {
    if [ "$queues" ]; then cat "$rules/$1.sh"; else sed 's/queue num [0-9-]*\( bypass\)*/counter accept/' "$rules/$1.sh"; fi
}

install() {
    script "$1" | sh
}

# install_open NAME: with queues that let pass what nobody reads, for the rules that count stand behind them: nft's chains come
# before iptables' on some kernels and after them on others.
install_open() {
    script "$1" | sed -E 's/queue num [0-9-]+( bypass)?/& bypass/; s/--queue-(num|balance) [0-9:]+/& --queue-bypass/
        s/bypass bypass/bypass/; s/(--queue-bypass) --queue-bypass/\1/' | sh
}

# shellcheck disable=SC2317 # called through check
same() {
    standing | diff "$folder/$1" -
}

stands() { # BACKEND NAME REMOVAL
    check "$1-$2 is accepted" install "$1-$2"
    standing >"$folder/once"
    check_not "$1-$2 does something" same before
    check "$1-$2 is accepted twice" install "$1-$2"
    check "$1-$2 stands once" same once
    check "$1-$3 is accepted" install "$1-$3"
    check "$1-$3 leaves what was there" same before
    check "$1-$3 is accepted twice" install "$1-$3"
}

# shellcheck disable=SC2317 # called through check
seen() { # TABLE CHAIN MATCH...: has the rule with that comment counted a packet?
    iptables -t "$1" -L "$2" -vnx | awk -v what="/* $3 */" 'index($0, what) { n = $1 } END { exit n == 0 }'
}

# shellcheck disable=SC2317 # called through check
seen_soon() { # TABLE CHAIN MATCH: packets may be on their way, on a slow machine for long
    local left=200
    until seen "$@"; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || return 1
        sleep 0.05
    done
}

count() { # TABLE CHAIN COMMENT MATCH...
    local table=$1 chain=$2 comment=$3
    shift 3
    iptables -t "$table" -I "$chain" "$@" -m comment --comment "$comment"
}

forwarded() { # COMMENT INTERFACE STATE
    count mangle FORWARD "$1" -o "$2" -p udp -m conntrack --ctstate "$3"
}

tracks() { # BACKEND NAME REMOVAL
    local chain
    forwarded between-tracked lan0.20 NEW
    forwarded between-untracked lan0.20 UNTRACKED
    forwarded out-untracked wan0 UNTRACKED
    forwarded out-tracked wan0 NEW,ESTABLISHED
    forwarded from-outside lan0 NEW,ESTABLISHED,UNTRACKED,INVALID
    count mangle FORWARD related -i lan0.20 -p icmp -m conntrack --ctstate RELATED
    count filter INPUT other -d 198.51.100.9 -p udp
    count mangle POSTROUTING told -o wan0 -s 198.51.100.9 -p icmp
    install_open "$1-$2" || failed=1
    send 0 10.0.20.5
    send 0 198.51.100.1
    send 2 10.0.0.5
    send 2 198.51.100.9
    check "$1, $2: from one network inside to another is tracked" seen_soon mangle FORWARD between-tracked
    check "$1, $2: an error about it is related" seen_soon mangle FORWARD related
    check "$1, $2: outwards is untracked" seen_soon mangle FORWARD out-untracked
    check "$1, $2: the router's other addresses are its own" seen_soon filter INPUT other
    check "$1, $2: and it says that nobody listens there" seen_soon mangle POSTROUTING told
    # What the last one answers was sent after the others: they are through.
    check_not "$1, $2: what goes from one inside network to another is never untracked" seen mangle FORWARD between-untracked
    check_not "$1, $2: what goes outwards is never tracked" seen mangle FORWARD out-tracked
    check_not "$1, $2: nothing from outside comes inside as it is" seen mangle FORWARD from-outside
    install "$1-$3" || failed=1
    for chain in 'mangle FORWARD' 'mangle POSTROUTING' 'filter INPUT'; do
        iptables -t "${chain% *}" -F "${chain#* }"
    done
}

queues=
nft -c -f - <<<'table inet ask { chain ask { queue num 0; }; }' 2>/dev/null && queues=1
ip link set lo up
echo 1 >/proc/sys/net/ipv4/ip_forward
host lan0 10.0.0.5 10.0.0.1
host lan0.20 10.0.20.5 10.0.20.1
host wan0 198.51.100.1 198.51.100.7 198.51.100.9
# Somebody else's, in every table; and the tables themselves stay once they were there.
for tool in iptables ip6tables; do
    for table in raw mangle nat; do
        $tool -t $table -N somebody
        $tool -t $table -A PREROUTING -i somebody0 -j somebody
    done
done
iptables -N somebody
iptables -t nat -A POSTROUTING -o somebody0 -j MASQUERADE
standing >"$folder/before"
for backend in iptables nft; do
    stands $backend 1-drop 1-remove
    stands $backend 1-pass 1-remove
    stands $backend 2-drop 2-remove
    stands $backend 2-pass 2-remove
    stands $backend fragments 1-remove
    stands $backend nat-auto nat-remove
    stands $backend nat-static 2-remove
    tracks $backend nat-static 2-remove
    stands $backend patterns 1-remove
    stands $backend nat-patterns-auto nat-remove
    tracks $backend nat-wild 2-remove
done
# A flush, and a script that fails half way: the routing rules that close meanwhile stay. Last, for all tables go.
half_way() {
    # shellcheck disable=SC2016,SC2317 # of the script; called through check
    script iptables-nat-static | sed 's/^\[ -z "${quick.*/exit 3/' | sh
}
install iptables-nat-static && nft flush ruleset || failed=1
check_not 'a script fails half way' half_way
# shellcheck disable=SC2016 # expanded by the inner shell
check 'what closed before still does' sh -c '[ "$(ip rule | grep -c blackhole)" -ge 3 ] && [ "$(ip -6 rule | grep -c blackhole)" -ge 3 ]'
exit $failed
