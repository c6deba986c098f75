# shellcheck shell=bash disable=SC2154,SC2034 # the names that run.sh and its parts share
# What stands between the kernel's rules and its verdicts: nothing, a program that only accepts, or quicward.
# Each with_* runs a command while it is there. Sourced by run.sh.
queue=7400

wrapped=() # what quicward is started by
added=     # a line more of its configuration

# MODE; or `names`: firewall mode in which only the ClientHello's name lets a flow begin; or `quiet`: mode nat, in which a host
# may have many mappings; or `troubled`: the same, and nothing that it writes is taken (troubled.sh)
configuration() {
    local mode=${1/names/firewall}
    mode=${mode/quiet/nat}
    printf '%s\n' "mode = \"${mode/troubled/nat}\";" 'inside = ["lan0"];' 'outside = ["wan0"];' 'manage_rules = false;' \
        'flows = { max = 1048576; };' "queue = { first = $queue; workers = 1; copy_range = $copy_range; };" \
        "control = \"$folder/control\";" "secret = \"$folder/secret\";"
    [ -z "$added" ] || echo "$added"
    [ "$1" != nat ] || echo 'nat = { external = ["10.0.2.1"]; };'
    [[ $1 != quiet && $1 != troubled ]] || echo 'nat = { external = ["10.0.2.1"]; per_host = 65535; };'
    [ "$1" != troubled ] || printf '%s\n' "events = { file = \"$folder/full/events.json\"; syslog = \"local3\"; };" \
        "metrics = \"$folder/metrics\";"
    [ "$1" != names ] || printf '%s\n' 'default_out = "drop";' \
        'rules = ({ name = "bench"; sni = "www.example.org"; action = "accept"; });'
}

# rules add|remove MODE: those that quicward prints.
rules() {
    local remove=()
    [ "$1" = add ] || remove=(--remove)
    configuration "$2" >"$folder/quicward.conf"
    # shellcheck disable=SC2016 # expanded by the inner shell
    ip netns exec "$router" sh -c '"$0" rules "$@" | sh' "$PWD/$build/quicward" -c "$folder/quicward.conf" "${remove[@]}" ||
        die 'no kernel rules'
}

with_plain() { # COMMAND...
    "$@"
}

with_masquerade() { # COMMAND...
    ip netns exec "$router" iptables -t nat -A POSTROUTING -o wan0 -j MASQUERADE || die 'no MASQUERADE'
    # The kernel's table holds 262,144 entries by default: let those of the previous turn go.
    ip netns exec "$router" sysctl -qw net.netfilter.nf_conntrack_udp_timeout=3 \
        net.netfilter.nf_conntrack_udp_timeout_stream=3
    "$@"
    ip netns exec "$router" iptables -t nat -D POSTROUTING -o wan0 -j MASQUERADE
}

with_accept() { # COMMAND...
    local pid
    rules add firewall
    start "$router" accept.log "$build"/tests/bench/bench_accept $queue "$copy_range" 3600
    pid=$started
    sleep 0.3
    "$@"
    kill "$pid"
    wait "$pid" 2>/dev/null
    rules remove firewall
}

with_firewall() { # COMMAND...
    with_quicward firewall "$@"
}

with_names() { # COMMAND...
    with_quicward names "$@"
}

with_monitor() { # COMMAND...
    with_quicward monitor "$@"
}

with_nat() { # COMMAND...
    with_quicward nat "$@"
}

with_quicward() { # MODE COMMAND...
    local mode=$1 pid tries
    shift
    rules add "$mode"
    configuration "$mode" >"$folder/quicward.conf"
    start "$router" quicward.log "${wrapped[@]}" "$build"/quicward run -c "$folder/quicward.conf"
    pid=$started
    for ((tries = 0; tries < 50; tries++)); do
        "$build"/quicward stats -s "$folder/control" >"$folder/stats.log" 2>&1 && break
        sleep 0.1
    done
    kill -0 "$pid" 2>/dev/null || die "quicward does not run: $(cat "$folder/quicward.log")"
    "$@"
    "$build"/quicward stats -s "$folder/control" >"$folder/stats.log" 2>&1
    kill -TERM "$pid" && wait "$pid"
    rules remove "$mode"
}
