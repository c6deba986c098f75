#!/usr/bin/env bash
# by_object.awk splits what callgrind counted, wherever an object's name stands first, and fails where it cannot.
set -u
split=$(dirname "${BASH_SOURCE[0]}")/by_object.awk
failed=0

# is EXPECTED CRYPTO FILE-TEXT: EXPECTED is the line, or "error" and a word of the message.
is() {
    local got
    got=$(printf '%s\n' "$3" | awk -v packets=10 -v crypto="$2" -f "$split" 2>&1)
    local status=$?
    if [[ $1 == error* ]]; then
        [ $status != 0 ] && grep -qF -- "${1#error }" <<<"$got" && return
    else
        [ $status = 0 ] && [ "$got" = "$1" ] && return
    fi
    printf 'wanted: %s\ngot (%s): %s\nfrom:\n%s\n' "$1" $status "$got" "$3" >&2
    failed=1
}

head=$'positions: line\nevents: Ir\n'
ours=$'ob=(1) /opt/bench_work\nfn=(1) bench_counted\n7 100\n+1 20\n'
theirs_by_place=$'ob=(2) /usr/lib/libcrypto.so.3\nfn=(2) EVP\n* 300\n-2 60\n'
theirs_by_call=$'cob=(2) /usr/lib/libcrypto.so.3\ncfn=(2) EVP\ncalls=3 0\n9 360\nob=(2)\nfn=(2)\n* 300\n-2 60\n'
is '48 a packet, 12 outside the crypto libraries' needed "$head$ours$theirs_by_place"
is '48 a packet, 12 outside the crypto libraries' needed "$head$ours$theirs_by_call"
is '12 a packet, 12 outside the crypto libraries' '' "$head$ours"
is 'error nothing was counted in libcrypto' needed "$head$ours"
is 'error nothing was counted' '' "$head"
is 'error has no name' '' "$head"$'ob=(9)\n1 1'
is 'error only lines' '' $'positions: instr line\nevents: Ir\n0x1 1 1'
is 'error only instructions' '' $'positions: line\nevents: Ir Dr\n1 1 1'

# A file is named where it is first met, also as that of a call, and counts where it has a cost of its own.
files=$(printf '%s\n' 'fl=(1) /w/src/flow/../../src/flow/index.c' '7 1' 'fi=(2) /w/src/flow/../../include/quicward/flow.h' '+1 2' \
    'cfi=(3) src/nat/nat.c' 'calls=1 0' '* 9' 'cfi=(4) src/nat/pool.c' 'calls=1 0' '* 9' 'fl=(3)' '* 5' 'fl=(5) /usr/include/string.h' \
    '1 1' 'fl=(6) /w/tests/bench/work.c' '1 1' | awk -f "$(dirname "$split")/by_file.awk" | sort | paste -sd ' ')
[ "$files" = 'include/quicward/flow.h src/flow/index.c src/nat/nat.c' ] || { echo "by_file.awk: $files" >&2; failed=1; }
exit $failed
