# shellcheck shell=bash
# What the cases of floods have in common: lib/flood.py in the namespaces of the NAT lab, and the server's /24 and /48 as the
# networks whose hosts are forged.

flood_py() { # NAMESPACE ARGUMENT...
    ip netns exec "$1" python3 "$QW_ROOT/integration/lib/flood.py" "${@:2}"
}

# flood_answer NAMESPACE AT PORT [TIMES]
flood_answer() {
    lab_spawn "$1" "answer-${2//[:.]/-}-$3" python3 "$QW_ROOT/integration/lib/flood.py" answer "${@:2}"
    wait_for 5 listening "$1" "$3"
}

# flood_ask NAMESPACE FROM TO PORT COUNT: all are answered.
flood_ask() {
    flood_py "$1" ask "${@:2}" $((2 * PATIENCE))
}

# flood_lab: forged sources may come by every interface.
flood_lab() {
    local namespace
    for namespace in "$LAB_CLIENT" "$LAB_ROUTER" "$LAB_TRANSIT" "$LAB_SERVER"; do
        lab_sysctl "$namespace" net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
        for interface in $(ip -n "$namespace" -o link | sed 's/^[0-9]*: \([a-z0-9]*\).*/\1/'); do
            lab_sysctl "$namespace" "net.ipv4.conf.$interface.rp_filter=0"
        done
    done
}

# flood_both_sides: datagrams without pause: the client's to the server, and what nobody has asked for.
flood_both_sides() {
    lab_spawn "$LAB_CLIENT" flood-out python3 "$QW_ROOT/integration/lib/flood.py" pairs "$C4|$S4"
    lab_spawn "$LAB_SERVER" flood-in python3 "$QW_ROOT/integration/lib/flood.py" pairs "$SB4|$C4" "$SB4|$X4" "$S6|$C6"
}
