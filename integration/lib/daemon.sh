# shellcheck shell=bash
# quicward itself, in the router namespace.
QUICWARD_PID=

# quicward_conf [SNIPPET]: a configuration for the lab. A key that SNIPPET sets replaces the one given here. QW_BACKEND is the
# backend of the rules; without it "auto" chooses. QW_OFFLOAD is where the fast path stands (lib/fast.sh); without it there is none.
quicward_conf() {
    local snippet=${1:-}
    conf_unless mode 'mode = "firewall";'
    conf_unless inside 'inside = ["lan0"];'
    conf_unless outside 'outside = ["wan0"];'
    conf_unless queue 'queue = { first = 7400; workers = 2; };'
    [ -z "${QW_BACKEND:-}" ] || conf_unless rules_backend "rules_backend = \"$QW_BACKEND\";"
    conf_unless manage_rules 'manage_rules = true;'
    conf_unless control "control = \"$LAB_DIR/control\";"
    conf_unless secret "secret = \"$LAB_DIR/secret\";"
    fast_conf
    printf '%s\n' "$snippet"
}

conf_unless() { # KEY LINE; reads `snippet` of the caller
    grep -qE "(^|;) *$1 *[=:]" <<<"$snippet" || printf '%s\n' "$2"
}

# start_quicward [SNIPPET]: runs it and waits until it says that it is ready: it answers, and then its rules are in place. It knows
# nothing of one that ran before (a case of state starts it itself). QUICWARD_PID is its pid.
start_quicward() {
    quicward_conf "${1:-}" >"$LAB_DIR/quicward.conf"
    rm -f "$LAB_DIR"/*.state
    CONFIRMED_BEFORE=' ' # a quicward without its state numbers its flows anew
    lab_spawn "$LAB_ROUTER" quicward "$QUICWARD" run -c "$LAB_DIR/quicward.conf"
    QUICWARD_PID=$LAB_PID
    wait_for 10 quicward_ready && ! ended "$QUICWARD_PID" && return 0
    echo '  quicward does not start:'
    sed 's/^/    | /' "$LAB_DIR/quicward.log"
    return 1
}

quicward_ready() {
    ended "$QUICWARD_PID" || { grep -qs ' mode, queue' "$LAB_DIR/quicward.log" && stats_json >/dev/null 2>&1; }
}

# stop_quicward: by SIGTERM. Returns its exit status, which a sanitizer's finding makes non-zero.
stop_quicward() {
    local status
    [ -n "$QUICWARD_PID" ] || return 0
    lab_stop "$QUICWARD_PID"
    status=$?
    QUICWARD_PID=
    [ $status = 0 ] || sed 's/^/    | /' "$LAB_DIR/quicward.log"
    return $status
}

# quicward_ask flows|stats|reload [OPTION...]: by the socket, so that a wrong file does not stand in the way.
quicward_ask() {
    local request=$1
    shift
    in_router "$QUICWARD" "$request" -s "$LAB_DIR/control" "$@"
}

flows_json() {
    quicward_ask flows --json
}

stats_json() {
    quicward_ask stats --json
}

# stat_of PATH: one number of the statistics, as in `stat_of reasons.unsolicited`.
stat_of() {
    stats_json | jq -r ".stats.$1"
}

# flow_is FILTER [ARGUMENT...]: some flow satisfies the jq FILTER. Prints the table.
flow_is() {
    local filter=$1
    shift
    flows_json | tee /dev/stderr | jq -se "$@" "any(.[]; $filter)" >/dev/null
}

# no_flow_is FILTER: there are flows, and none satisfies the jq FILTER.
no_flow_is() {
    flows_json | tee /dev/stderr | jq -se "length > 0 and all(.[]; ($1) | not)" >/dev/null
}

# flow_state FAMILY PORT STATE [VERSION]: some flow of the client to the server's PORT is in that state.
flow_state() {
    # shellcheck disable=SC2016 # jq's variables
    flow_is '(.client | startswith($c)) and .server == $s and .state == $t and ($v == "" or .version == $v)' \
        --arg c "$(inside "$1")" --arg s "$(endpoint "$1" "$2")" --arg t "$3" --arg v "${4:-}"
}

# no_flow_state FAMILY PORT STATE: the server's PORT has flows, and none is in that state.
no_flow_state() {
    # shellcheck disable=SC2016 # jq's variables
    flows_json | tee /dev/stderr | jq -se --arg s "$(endpoint "$1" "$2")" --arg t "$3" \
        'map(select(.server == $s)) | length > 0 and all(.[]; .state != $t)' >/dev/null
}

# confirmed FAMILY PORT [VERSION]: the client has a confirmed flow to the server's PORT that no earlier call met; within
# two seconds, for reports may trail the last packet.
confirmed() {
    wait_for 2 newly_confirmed "$1" "$2" "${3:-v1}"
}

CONFIRMED_BEFORE=' '

newly_confirmed() { # FAMILY PORT VERSION
    local id
    for id in $(confirmed_ids "$@"); do
        [[ $CONFIRMED_BEFORE != *" $id "* ]] || continue
        CONFIRMED_BEFORE+="$id "
        return 0
    done
    return 1
}

confirmed_ids() { # FAMILY PORT VERSION
    # shellcheck disable=SC2016 # jq's variables
    flows_json | tee /dev/stderr |
        jq -r --arg c "$(inside "$1")" --arg s "$(endpoint "$1" "$2")" --arg v "$3" \
            'select((.client | startswith($c)) and .server == $s and .state == "confirmed" and .version == $v) | .id'
}

# attempt_count NUMBER: so many flows began with a ClientHello, no more: nobody needed a second attempt. On a slow machine
# chromium probes another path of a connection that stands; that is a flow without one.
attempt_count() {
    flows_json | tee /dev/stderr | jq -se "map(select((.alpn // .version) != null)) | length == $1" >/dev/null
}

# flow_count NUMBER: so many flows, no more.
flow_count() {
    flows_json | tee /dev/stderr | jq -se "length == $1" >/dev/null
}

# port_of_client FAMILY PORT STATE: the client's port of such a flow.
port_of_client() {
    # shellcheck disable=SC2016 # jq's variables
    flows_json | jq -r --arg s "$(endpoint "$1" "$2")" --arg t "$3" \
        'select(.server == $s and .state == $t) | .client | sub(".*:"; "")' | head -n 1
}

# rules_all: prints the rules of the router's kernel, whoever made them with whichever tool.
rules_all() {
    local kind
    {
        for kind in '' -legacy -nft; do
            in_router "iptables$kind-save"; in_router "ip6tables$kind-save"
        done
        in_router nft list ruleset; in_router ip rule; in_router ip -6 rule
    } 2>/dev/null
}

# rules_installed: of these, the lines that name quicward or what only it has here; false when there are none.
rules_installed() {
    rules_all | grep -iE 'quicward|queue|blackhole'
}

# rules_remove: takes them away as an operator does.
rules_remove() {
    in_router sh -c "'$QUICWARD' rules -c '$LAB_DIR/quicward.conf' --remove | sh"
}

# rules_repeated: true, and prints them, when a rule stands twice.
rules_repeated() {
    local save
    for save in iptables-save ip6tables-save; do
        in_router $save | grep -e '^-A' | sort | uniq -d
    done | grep .
}

# case_lab [SNIPPET]: what most cases start with: the lab and quicward in it, taken down at the end.
case_lab() {
    lab_trap
    lab_up || exit 1
    start_quicward "${1:-}" || exit 1
}
