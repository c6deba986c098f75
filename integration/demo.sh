#!/usr/bin/env bash
# Shows quicward at work on a fresh Debian 12 machine, as root: installs what it needs, builds, raises a client, a router and
# a server (network namespaces; nothing outside them is touched), and sends real QUIC programs through it: IPv4 with address
# translation, IPv6 through the firewall.
# Status 0 when every client got through at its first attempt and was confirmed. Under two minutes once all is installed.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$QW_ROOT" || exit 1
. integration/lib/demo.sh
QUICWARD=$QW_ROOT/build-demo/quicward

prepare() {
    local output
    [ "$(id -u)" = 0 ] || { echo 'demo.sh: network namespaces need root' >&2; return 1; }
    title 'Packages'
    integration/install.sh build peers || return 1
    echo 'all there'
    title 'Build'
    output=$(build 2>&1) || { tail -n 20 <<<"$output"; return 1; }
    "$QUICWARD" version
}

build() {
    cmake -S . -B build-demo -DCMAKE_BUILD_TYPE=RelWithDebInfo -DQUICWARD_TESTS=OFF &&
        cmake --build build-demo -j "$(nproc)"
}

raise() {
    title 'Lab: client 10.0.0.2 -- lan0 router wan0 198.51.100.7 -- transit -- server 203.0.113.2, and IPv6'
    # shellcheck disable=SC2119 # with the usual MTU
    nat_lab_up || return 1
    start_quicward "$(cat conf/nat.conf)" || return 1
    grep -v '^#' "$LAB_DIR/quicward.conf" | sed 's/^/    /'
    demo_servers
}

clients() {
    title 'Clients: one attempt each'
    demo_clients
}

# A datagram of each family that nobody inside asked for.
intrude() {
    title 'Unsolicited: the server sends first, to the external address and to the client'
    # shellcheck disable=SC2016 # expanded by the inner shell
    in_server bash -c 'for to in "$@"; do echo knock >"/dev/udp/$to/5000"; done' _ "$X4" "$C6"
    wait_for 2 intruders_counted && { good=$((good + 1)); echo 'PASS  both datagrams were dropped and counted'; return; }
    bad=$((bad + 1))
    echo 'FAIL  they were not counted as unsolicited'
}

intruders_counted() {
    [ "$(stat_of reasons.unsolicited)" -ge 2 ]
}

show() {
    title 'quicward flows'
    quicward_ask flows
    title 'quicward mappings'
    quicward_ask mappings
    title 'quicward stats'
    quicward_ask stats
}

SECONDS=0
prepare || exit 1
lab_trap
raise || { echo 'demo.sh: the lab does not stand' >&2; exit 1; }
clients
intrude
show
title 'End'
stop_quicward || bad=$((bad + 1))
echo "$good passed, $bad failed, in $SECONDS s"
[ $bad = 0 ] && [ $good -gt 0 ]
