#!/usr/bin/env bash
# A lab to try things in by hand, as root:
#   lab.sh up [nat]                       builds client -- router -- server (addresses: lib/lab.sh), or the lab for
#                                         mode nat, with another router outside, "transit" (lib/nat.sh)
#   lab.sh shell [client|router|transit|server]   a shell in one of them; the router when none is named
#   lab.sh down                           removes it
# QW_LAB names the lab; without it `up` chooses a name and `shell` and `down` mean the last one.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
remembered=${TMPDIR:-/tmp}/quicward-lab.$(id -u)

usage() {
    sed -n '2,7s/^# //p' "${BASH_SOURCE[0]}" >&2
    exit 2
}

last_lab() {
    [ -n "$LAB_ID" ] || LAB_ID=$(cat "$remembered" 2>/dev/null)
    [ -n "$LAB_ID" ] || { echo 'lab.sh: no lab is up' >&2; exit 1; }
    lab_name
    [ -d "$LAB_DIR" ] || { echo "lab.sh: lab $LAB_ID is not up" >&2; exit 1; }
}

up() { # KIND
    local build=lab_up
    [ -z "$1" ] || { [ "$1" = nat ] || usage; build=nat_lab_up; }
    lab_name
    [ ! -d "$LAB_DIR" ] || { echo "lab.sh: lab $LAB_ID is up already" >&2; exit 1; }
    $build || { lab_down; exit 1; }
    echo "$LAB_ID" >"$remembered"
    echo "lab $LAB_ID: namespaces $(ip netns list | cut -d' ' -f1 | grep "^qw-$LAB_ID-" | xargs)"
}

room() {
    case ${1:-router} in
    client | router | transit | server) echo "qw-$LAB_ID-${1:-router}" ;;
    *) usage ;;
    esac
}

case ${1:-} in
up) up "${2:-}" ;;
down)
    last_lab
    lab_down
    rm -f "$remembered"
    ;;
shell)
    last_lab
    namespace=$(room "${2:-}") || exit 2
    exec ip netns exec "$namespace" "${SHELL:-bash}"
    ;;
*) usage ;;
esac
