# shellcheck shell=bash disable=SC2154,SC2034 # the names that run.sh and its parts share
# Namespaces of a client, a router and a server, and the programs in them. Sourced by run.sh, which names them
# ($client, $router, $server), and the folder for logs ($folder).
background=()

network_down() {
    local pid namespace
    for pid in "${background[@]}"; do
        kill "$pid" 2>/dev/null
    done
    wait
    for namespace in "$client" "$router" "$server" "$cluster"; do
        ip netns del "$namespace" 2>/dev/null
    done
}

# start NAMESPACE LOG COMMAND...: in the background; `started` is its pid.
start() {
    local namespace=$1 log=$folder/$2
    shift 2
    ip netns exec "$namespace" "$@" >"$log" 2>&1 &
    started=$!
    background+=("$started")
}

network_up() {
    local namespace
    for namespace in "$client" "$router" "$server"; do
        ip netns add "$namespace" || die 'no namespaces: are you root?'
        ip -n "$namespace" link set lo up
    done
    ip link add c0 netns "$client" type veth peer name lan0 netns "$router" || die 'no veth'
    ip link add s0 netns "$server" type veth peer name wan0 netns "$router" || die 'no veth'
    address "$client" c0 10.0.1.2
    address "$router" lan0 10.0.1.1
    address "$router" wan0 10.0.2.1
    address "$server" s0 10.0.2.2
    ip -n "$client" route add default via 10.0.1.1
    ip -n "$server" route add default via 10.0.2.1
    # Replayed handshakes are between many clients and many servers.
    ip -n "$client" route add local 10.64.0.0/22 dev lo
    ip -n "$router" route add 10.64.0.0/22 via 10.0.1.2
    ip -n "$server" route add local 10.128.0.0/16 dev lo
    ip -n "$router" route add 10.128.0.0/16 via 10.0.2.2
    ip netns exec "$router" sysctl -qw net.ipv4.ip_forward=1
    # Also resolves the neighbours, which the generator does not.
    ip netns exec "$client" ping -q -c 2 -W 2 10.0.2.2 >/dev/null || die 'the namespaces do not reach each other'
}

address() { # NAMESPACE INTERFACE ADDRESS
    ip -n "$1" addr add "$3/24" dev "$2"
    ip -n "$1" link set "$2" up
    # Switches NAPI on, without which veth takes no XDP frames.
    ip netns exec "$1" ethtool -K "$2" gro on
}

mac() { # NAMESPACE INTERFACE
    ip -n "$1" -o link show "$2" | sed 's/.*ether \([0-9a-f:]*\).*/\1/'
}
