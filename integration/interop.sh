#!/usr/bin/env bash
# The cases of the quic-interop-runner with real clients and servers, through a plain router, a block list, an allow list and mode
# nat, as root: interop.sh [ROUNDS [CASE... [-- CLIENT...]]]. ROUNDS is 10 if not told otherwise. Prints a table: the median
# in milliseconds until the client was connected (until it was done in rebind-port and connectionmigration), and how many
# connections failed. "!" marks what is slower than 1.5 times the plain router, or lost more. Takes half an hour.
# QUICWARD, QW_TOOLS and QW_DEBIAN13 as for run.sh.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
rounds=${1:-10}
shift
cases=() clients=() status=0
while [ $# -gt 0 ] && [ "$1" != -- ]; do
    cases+=("$1")
    shift
done
[ $# = 0 ] || shift
clients=("$@")
[ ${#cases[@]} -gt 0 ] || cases=("${INTEROP_CASES[@]}")
skip_without gtlsclient gtlsserver ethtool
skip_without_quicgo
lab_trap
interop_up || exit 1
[ ${#clients[@]} -gt 0 ] || mapfile -t clients < <(interop_clients)

cell() { # CASE CLIENT LANE
    local ms lost
    read -r ms lost <<<"$(interop_result "$@")"
    printf ' %s%s |' "$ms" "$([ "$lost" = 0 ] || echo ", $lost lost")"
}

printf '| %s rounds | client |%s |\n|---|---|%s---|\n' "$rounds" "$(printf ' %s |' "${LANES[@]}")" "$(printf -- '---|%.0s' "${LANES[@]}")"
for case in "${cases[@]}"; do
    for client in "${clients[@]}"; do
        interop_plays "$case" "$client" || continue
        interop_case "$case" "$client" "$rounds"
        mark=
        interop_compare "$case" "$client" >/dev/null || mark='!' status=1
        printf '| %s | %s |' "$case" "$client"
        for lane in "${!LANES[@]}"; do
            cell "$case" "$client" "$lane"
        done
        echo " $mark |"
    done
done
exit $status
