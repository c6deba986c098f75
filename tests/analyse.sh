#!/usr/bin/env bash
# Looks at the sources without running them; a finding fails. Reasons for what is let be stand in tests/analyse.supp and below.
#   analyse.sh          cppcheck: what tests/run.sh does
#   analyse.sh --all    gcc -fanalyzer and clang-tidy too: by hand, they take many minutes
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
status=0

# Not the program in the kernel, nor what loads it: made of macros of libbpf.
sources() {
    git ls-files -co --exclude-standard -- 'src/*.c' | grep -v 'bpf\.c$'
}

# Each room sees its own folders only; no two files of a header's name exist, so all at once mean the same.
includes() {
    git ls-files -co --exclude-standard -- src | grep / | xargs -n1 dirname | sort -u | sed 's/^/-I/'
}

with_cppcheck() {
    local args
    mapfile -t args < <(includes)
    sources | xargs cppcheck -j "$(nproc)" --quiet --std=c11 --enable=warning,portability,performance --inline-suppr --error-exitcode=3 \
        --suppressions-list=<(grep -v '^#' tests/analyse.supp) --suppress=missingIncludeSystem --suppress=unmatchedSuppression \
        -Iinclude "${args[@]}" -D_GNU_SOURCE -D__linux__=1
}

# Not use-of-uninitialized-value, malloc-leak and fd-leak: gcc 12 loses track behind a pointer to a struct that a callee fills,
# and takes what a struct of the caller's owns for lost; the sanitizers and valgrind see the real ones.
with_gcc() {
    local args found
    mapfile -t args < <(includes)
    # shellcheck disable=SC2086 # words
    found=$(sources | xargs -P "$(nproc)" -I{} gcc -std=c11 -O1 -fanalyzer -Wno-analyzer-too-complex \
        -Wno-analyzer-use-of-uninitialized-value -Wno-analyzer-malloc-leak -Wno-analyzer-file-leak -Wno-analyzer-fd-leak \
        $DEFINED -Iinclude "${args[@]}" -c {} -o /dev/null 2>&1 | grep -E 'warning:|error:' | grep -vE "$GCC_IS_WRONG")
    [ -z "$found" ] || { echo "$found" && return 1; }
}

# Not the checks for C11's Annex K (which glibc has not), nor padding; not EnumCastOutOfRange: flags are enums here.
with_clang_tidy() {
    local args
    mapfile -t args < <(includes)
    # shellcheck disable=SC2016 # $@ is the inner shell's
    sources | xargs -P "$(nproc)" -n 8 sh -c 'clang-tidy-14 --quiet --warnings-as-errors="*" \
        --checks="-*,clang-analyzer-*,bugprone-*,-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling,-clang-analyzer-optin.performance.Padding,-bugprone-easily-swappable-parameters,-bugprone-reserved-identifier,-bugprone-narrowing-conversions,-bugprone-branch-clone,-bugprone-implicit-widening-of-multiplication-result,-bugprone-assignment-in-if-condition" \
        "$@" -- $ARGS 2>/dev/null' sh
}

export ARGS
DEFINED='-D_GNU_SOURCE -DQUICWARD_SYSCONFDIR="/etc" -DQUICWARD_VERSION="0"'
# The first control message of a buffer that is long enough is there; a stream that could not be opened was asked for before.
GCC_IS_WRONG='^src/io/queue/handover.c:.*-Wanalyzer-null-dereference|^src/control/text/stats_text.c:.*-Wanalyzer-null-argument'
ARGS="-std=c11 $DEFINED -Iinclude $(includes | tr '\n' ' ')"
with_cppcheck || status=1
if [ "${1:-}" = --all ]; then
    with_gcc || status=1
    with_clang_tidy || status=1
fi
exit $status
