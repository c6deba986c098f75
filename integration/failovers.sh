#!/usr/bin/env bash
# Many real connections through a pair of routers whose active one loses its power, then the other one, as root:
#   failovers.sh [--downloads N] [--idle N] [--rounds N] [--mode nat|firewall] [--gap MS] [--keep FOLDER]
# Two routers in namespaces, each with its two Redis servers, with keepalived and the files of conf/cluster (VRRP at 0.1 s, TLS and
# passwords between the stores); clients are ngtcp2's, chromium and kdig, half of each by IPv6. Amid all of them the links of the active
# router go down, and its daemon, its Redis servers and its keepalived are killed. It returns and waits (nopreempt); then the second one dies.
#   --downloads N  (100)    --idle N  (100)
#   --rounds N     how often each mode is tried (1)
#   --mode MODE    only this one
#   --gap MS       the longest gap that is allowed (500)
#   --keep FOLDER  logs of the daemons, stores, clients and the servers' qlog go there
# Prints a line a failover: connections lost, endpoints that changed, gaps. A gap is the longest time without an answer of an echo server to
# a host inside that asks it every 10 ms; beside it stand the gap of the routers' own addresses, to pings from inside and outside, which
# is VRRP's alone, and how long the beating program itself did not run. Where that is more than a few hundredths, other programs have the
# machine, and a gap says little. Status 1 when a connection was lost, an endpoint or a path changed, or a gap was longer.
# QUICWARD and QW_TOOLS as for run.sh. Two minutes a round and mode.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck disable=SC2034 # read by the library
FAILOVER_SILENT_S=240
downloads=100 idle=100 rounds=1 modes=(nat firewall) gap=500 keep='' bad=0

while [ $# -gt 0 ]; do
    case $1 in
    --downloads) downloads=$2 ;;
    --idle) idle=$2 ;;
    --rounds) rounds=$2 ;;
    --mode) modes=("$2") ;;
    --gap) gap=$2 ;;
    --keep) keep=$2 ;;
    *) echo "failovers.sh: $1 is none of --downloads, --idle, --rounds, --mode, --gap, --keep" >&2 && exit 2 ;;
    esac
    shift 2
done
[ "$(id -u)" = 0 ] || { echo 'failovers.sh: root is needed' >&2; exit 1; }
skip_without keepalived redis-server redis-cli gtlsclient gtlsserver chromium kdig ethtool jq openssl python3 tc
go_peer patient
lab_trap

must() { # WHAT COMMAND...
    local what=$1
    shift
    "$@" >"$LAB_DIR/must" 2>&1 && return
    echo "failovers.sh: not so: $what: $(tail -n 3 "$LAB_DIR/must")" >&2
    keep_all
    exit 1
}

keep_all() {
    [ -n "$keep" ] || return 0
    mkdir -p "$keep/$mode" && (cd "$LAB_DIR" && cp -r ./*.log a/*.conf b/*.conf clients qlog patient "$keep/$mode") 2>/dev/null
}

wrong() {
    echo "  NOT MET: $*"
    bad=1
}

gap_of() { # NAME
    awk -v name="$1" '$1 == name { print $2 }' "$LAB_DIR/gaps"
}

# fails FROM TO: power loss, and what the other makes of it.
fails() {
    local from=$1 to=$2 changed name
    must 'the store is level' wait_for 10 pair_level "$from"
    must "$to knows of the flows" wait_for 20 pair_is "$to" ".peer.flows >= $STANDING"
    must 'all flows are there' failover_remember "$from"
    must 'nothing is over' failover_none_over
    failover_gaps "$LAB_DIR/before"
    pair_power_loss "$from"
    must "$to is active" wait_for 10 failover_takes "$to"
    sleep 2
    failover_gaps "$LAB_DIR/gaps"
    changed=$(failover_changed "$to" | grep -c .)
    printf '%-8s %s to %s: %s connections, %s endpoints changed; gap IPv4 %s ms, IPv6 %s ms; VRRP alone inside %s/%s, outside %s/%s; asleep %s, %s; before %s\n' \
        "$mode" "$from" "$to" "$STANDING" "$changed" "$(gap_of quicward4)" "$(gap_of quicward6)" "$(gap_of vrrp-inside4)" \
        "$(gap_of vrrp-inside6)" "$(gap_of vrrp-outside4)" "$(gap_of vrrp-outside6)" "$(gap_of beat)" "$(gap_of beat-outside)" \
        "$(awk '$1 == "quicward4" { print $2 }' "$LAB_DIR/before")"
    pair_ask "$to" events --json | jq -r 'select(.event == "takeover") | .text' | tail -n 1 | sed 's/^/         /'
    [ "$changed" = 0 ] || wrong "$changed endpoints changed" "$(failover_changed "$to" | head -n 3)"
    for name in quicward4 quicward6; do
        [ "$(gap_of $name)" -le "$gap" ] || wrong "the gap of $name"
    done
}

one() { # MODE
    local words changed
    mode=$1
    failover_up || exit 1
    failover_routers must "$mode"
    must 'the way through' lab_reachable
    must 'b stands by' wait_for 10 pair_is b '.role == "standby" and .peer.active and .peer.known'
    failover_beat
    must 'connections stand' failover_clients "$downloads" "$idle"
    fails a b
    must 'a returns' pair_power_back a
    must 'a stands by' wait_for 10 pair_is a '.role == "standby" and .peer.active'
    fails b a
    failover_release
    failover_lost >"$LAB_DIR/lost" || wrong "$(grep -c ^lost "$LAB_DIR/lost") connections lost"
    sed 's/^/  /' "$LAB_DIR/lost"
    read -r changed words < <(failover_paths)
    echo "         $changed of $words connections saw their path change, by the servers' qlog"
    [ "$changed" = 0 ] || wrong 'paths changed'
    [ "$words" -ge "$STANDING" ] || wrong 'logs are missing'
    keep_all
    lab_down
}

for ((round = 0; round < rounds; round++)); do
    for mode in "${modes[@]}"; do
        one "$mode"
    done
done
exit $bad
