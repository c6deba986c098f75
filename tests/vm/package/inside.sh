# shellcheck shell=bash
# What world.sh and job.sh share. They run on the lab's disk, in the router's namespaces: the router of the lab's functions is the
# machine itself.
# shellcheck disable=SC2034,SC2153 # the words, and what the lab's functions read
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TMPDIR=/tmp LC_ALL=C.UTF-8
# shellcheck source=/dev/null
. /job/words
QW_LAB=vm QUICWARD=/usr/sbin/quicward QW_TOOLS=$BUILD/tests/tools
cd "$TREE" || exit 1
# shellcheck source=/dev/null
. integration/lib.sh
QUICGO=/job/quicgo
RESULTS=/tmp/results
nat_lab_names

lab_namespaces() {
    local ns
    ip netns attach "$LAB_ROUTER" 1 || return 1
    for ns; do
        [ "$ns" != "$LAB_ROUTER" ] || continue
        ip netns add "$ns" || return 1
        lab_sysctl "$ns" net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
        ip -n "$ns" link set lo up
    done
}

# on_router COMMAND...: with the router's own programs and files.
on_router() {
    nsenter --target 1 --root --wd env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
}

quicward_ask() {
    on_router quicward "$@"
}

# By the clock: here a command may take a second.
wait_for() { # SECONDS COMMAND...
    local end=$((SECONDS + $1 * PATIENCE))
    shift
    until "$@"; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.2
    done
}
