#!/bin/bash
# The namespace cases with that backend: cases.sh BACKEND [NAME=VALUE...] [CASE...], with variables as integration/run.sh has them. Cases
# whose peers are not in the machine say so. Once a minute a line says how far the one that runs has come.
. tests/vm/jobs/backend.sh
backend "${1:-nft}" || exit 2
shift
QW_SLOWER=$(cat /job/slower)
export QW_SLOWER
while [[ ${1:-} = *=* ]]; do
    export "${1?}"
    shift
done

how_far() {
    local log
    while sleep 60; do
        log=$(find "$QW_LOGS" -maxdepth 1 -name '*.log' -printf '%T@ %p\n' 2>/dev/null | sort -n | tail -n 1)
        [ -z "$log" ] || echo ".. $(cut -d ' ' -f 1 /proc/uptime) s, $(basename "${log#* }" .log): $(tail -n 1 "${log#* }")"
    done
}

how_far &
integration/run.sh "$@"
status=$?
kill $!
exit $status
