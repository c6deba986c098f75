# shellcheck shell=bash
# The NAT lab: a client and more inside hosts, the router, a second router outside, and a server with two addresses.
#
#   client c0 10.0.0.2 to .21  -- lan0 10.0.0.1      router   wan0 198.51.100.7
#                              -- t0 198.51.100.1    transit  t1 203.0.113.1
#                              -- s0 203.0.113.2, .3 server
#
# IPv6 as in the other lab, with 2001:db8:3:: between transit and server. Transit and server know a route to the inside, so
# that what is not translated would arrive.
# shellcheck disable=SC2034,SC2153 # read by the cases and by other parts
R4=10.0.0.1 X4=198.51.100.7 T4=198.51.100.1 SB4=203.0.113.3
NAT_HOSTS=20

# nat_lab_up [MTU]
# shellcheck disable=SC2119,SC2120 # cases pass the argument
nat_lab_up() {
    nat_lab_names && nat_lab_ends "$@" && nat_lab_router && lab_reachable
}

nat_lab_names() {
    C4=10.0.0.2 S4=203.0.113.2 S6=2001:db8:3::2
    lab_name
    mkdir -p "$LAB_DIR"
}

# nat_lab_ends [MTU]: all but the router's own addresses and routes.
nat_lab_ends() {
    lab_namespaces "$LAB_CLIENT" "$LAB_ROUTER" "$LAB_TRANSIT" "$LAB_SERVER" || return 1
    ip link add c0 netns "$LAB_CLIENT" type veth peer name lan0 netns "$LAB_ROUTER" || return 1
    ip link add t0 netns "$LAB_TRANSIT" type veth peer name wan0 netns "$LAB_ROUTER" || return 1
    ip link add s0 netns "$LAB_SERVER" type veth peer name t1 netns "$LAB_TRANSIT" || return 1
    lab_no_bundles
    [ $# = 0 ] || nat_lab_mtu "$1"
    nat_lab_addresses
    nat_lab_routes
    lab_hosts
    fast_links_asked
}

nat_lab_router() {
    lab_link "$LAB_ROUTER" lan0 "$R4/24" 2001:db8:1::1/64
    lab_link "$LAB_ROUTER" wan0 "$X4/24" 2001:db8:2::1/64
    lab_sysctl "$LAB_ROUTER" net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
    ip -n "$LAB_ROUTER" route add default via "$T4"
    ip -n "$LAB_ROUTER" -6 route add default via 2001:db8:2::2
}

nat_lab_mtu() { # MTU
    ip -n "$LAB_CLIENT" link set c0 mtu "$1"
    ip -n "$LAB_ROUTER" link set lan0 mtu "$1"
    ip -n "$LAB_ROUTER" link set wan0 mtu "$1"
    ip -n "$LAB_TRANSIT" link set t0 mtu "$1"
    ip -n "$LAB_TRANSIT" link set t1 mtu "$1"
    ip -n "$LAB_SERVER" link set s0 mtu "$1"
}

nat_lab_addresses() {
    local host
    lab_link "$LAB_CLIENT" c0 "$C4/24" "$C6/64"
    for ((host = 3; host < NAT_HOSTS + 2; host++)); do
        ip -n "$LAB_CLIENT" addr add 10.0.0.$host/24 dev c0
    done
    lab_link "$LAB_TRANSIT" t0 "$T4/24" 2001:db8:2::2/64
    lab_link "$LAB_TRANSIT" t1 203.0.113.1/24 2001:db8:3::1/64
    lab_link "$LAB_SERVER" s0 "$S4/24" "$S6/64"
    ip -n "$LAB_SERVER" addr add "$SB4/24" dev s0
}

nat_lab_routes() {
    lab_sysctl "$LAB_TRANSIT" net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
    ip -n "$LAB_CLIENT" route add default via "$R4" src "$C4"
    ip -n "$LAB_CLIENT" -6 route add default via 2001:db8:1::1
    ip -n "$LAB_TRANSIT" route add 10.0.0.0/24 via "$X4"
    ip -n "$LAB_TRANSIT" -6 route add 2001:db8:1::/64 via 2001:db8:2::1
    ip -n "$LAB_SERVER" route add default via 203.0.113.1
    ip -n "$LAB_SERVER" -6 route add default via 2001:db8:3::1
}

# start_nat [KEYS [SNIPPET]]: quicward in mode nat; KEYS belong into the group nat, SNIPPET beside it.
start_nat() {
    local keys=${1:-}
    grep -q 'external *=' <<<"$keys" || keys="external = [\"$X4\"]; $keys"
    start_quicward "mode = \"nat\"; nat = { $keys };
${2:-}"
}

# case_nat [KEYS [SNIPPET]]: what most cases start with: the NAT lab and quicward in it, taken down at the end.
case_nat() {
    lab_trap
    # shellcheck disable=SC2119
    nat_lab_up || exit 1
    start_nat "$@" || exit 1
}

mappings_json() {
    quicward_ask mappings --json
}

events_json() {
    quicward_ask events --json
}

# mapping_is FILTER: some mapping satisfies the jq FILTER. Prints the mappings.
mapping_is() {
    mappings_json | tee /dev/stderr | jq -se "any(.[]; $1)" >/dev/null
}

# mapping_count NUMBER [FILTER]
mapping_count() {
    mappings_json | tee /dev/stderr | jq -se "map(select(${2:-true})) | length == $1" >/dev/null
}

# event_is FILTER: some event satisfies the jq FILTER. Prints the last events.
event_is() {
    events_json | tee >(tail -n 8 >&2) | jq -se "any(.[]; $1)" >/dev/null
}

# external_of INSIDE: the external endpoint that stands for it.
external_of() {
    mappings_json | jq -r --arg i "$1" 'select(.inside == $i) | .external'
}

# ask FROM TO [MILLISECONDS [BYTES]]: FROM inside asks TO, whose answer has to come back, on a machine at ease in that time.
ask() {
    in_client "$QW_TOOLS/udp_ask" "$1" "$2" question $((${3:-2000} * PATIENCE)) "${@:4}"
}

# hears_at NAMESPACE AT COMMAND...: a datagram arrives at AT while COMMAND runs. Prints who sent it and what.
hears_at() {
    local namespace=$1 at=$2 listener
    shift 2
    ip netns exec "$namespace" "$QW_TOOLS/udp_hear" "$at" $((700 * PATIENCE)) &
    listener=$!
    wait_for 2 listening "$namespace" "${at##*:}"
    "$@"
    wait $listener
}

# sees NAMESPACE INTERFACE FILTER COMMAND...: a packet that matches is on the interface while COMMAND runs or in the second
# after. Prints it in full.
sees() {
    local namespace=$1 interface=$2 filter=$3 watcher
    shift 3
    : >"$LAB_DIR/sees.log"
    ip netns exec "$namespace" tcpdump -Z root --immediate-mode -l -vv -n -c 1 -i "$interface" "$filter" \
        >"$LAB_DIR/seen.log" 2>"$LAB_DIR/sees.log" &
    watcher=$!
    wait_for 3 grep -q listening "$LAB_DIR/sees.log"
    "$@" >/dev/null
    wait_for 1 ended $watcher || kill $watcher
    wait $watcher
    grep . "$LAB_DIR/seen.log"
}
