#!/usr/bin/env bash
# Looks at the sources without running them. A finding fails, unless tests/analyse.supp gives a reason to let it be; so does a reason
# that no finding needs any more.
#   analyse.sh          cppcheck and gcc -fanalyzer: what tests/run.sh does, half a minute on two processors
#   analyse.sh --all    clang-tidy (.clang-tidy) too: five minutes, for whoever changes much or releases
#   analyse.sh TOOL...  some of cppcheck, gcc, clang-tidy
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
jobs=${JOBS:-$(nproc)}
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT

# Not the program in the kernel, nor what loads it: made of macros of libbpf, and of a header that the build makes.
sources() {
    git ls-files -co --exclude-standard -- 'src/*.c' | grep -v 'bpf\.c$' | xargs grep -LE '#include .(program|peek)\.skel\.h.'
}

# Each room sees its own folders only; no two files of a header's name exist, so all at once mean the same.
includes() {
    git ls-files -co --exclude-standard -- src | grep / | xargs -n1 dirname | sort -u | sed 's/^/-I/'
}

mapfile -t compiling < <(printf '%s\n' -std=c11 -D_GNU_SOURCE '-DQUICWARD_SYSCONFDIR="/etc"' '-DQUICWARD_VERSION="0"' -Iinclude && includes)

# Each with_TOOL prints its findings: TOOL ID FILE:LINE MESSAGE.

# Not ctuuninitvar: with one job it looks across files too, and takes a struct that a callee fills for one that it reads.
with_cppcheck() {
    sources | xargs cppcheck -j "$jobs" --quiet --std=c11 --enable=warning,portability,performance --inline-suppr \
        --suppress=missingIncludeSystem --suppress=unmatchedSuppression --suppress=ctuuninitvar --template='cppcheck {id} {file}:{line} {message}' \
        "${compiling[@]:1}" -D__linux__=1 2>&1
}

# Not use-of-uninitialized-value, malloc-leak and fd-leak: gcc 12 loses track behind a pointer to a struct that a callee fills,
# and takes what a struct of the caller's owns for lost; the sanitizers and valgrind see the real ones.
with_gcc() {
    sources | xargs -P "$jobs" -I{} gcc "${compiling[@]}" -O1 -fanalyzer -Wno-analyzer-too-complex -Wno-analyzer-use-of-uninitialized-value \
        -Wno-analyzer-malloc-leak -Wno-analyzer-file-leak -Wno-analyzer-fd-leak -fdiagnostics-plain-output -c {} -o /dev/null 2>&1 |
        sed -nE 's/^([^: ]+):([0-9]+):[0-9]+: warning: (.*) \[(-W[^]]*)\]$/gcc \4 \1:\2 \3/p
            s/^([^: ]+):([0-9]+):[0-9]+: (fatal )?error: (.*)$/gcc error \1:\2 \4/p'
}

with_clang_tidy() {
    printf '%s\n' "${compiling[@]}" | sed "s:^-I:-I$PWD/:" >"$folder/compile_flags.txt"
    sources | xargs -P "$jobs" -n 4 clang-tidy --quiet -p "$folder" 2>/dev/null |
        sed -nE "s:^$PWD/::"'
            s/^([^: ]+):([0-9]+):[0-9]+: (warning|error): (.*) \[([a-zA-Z0-9.-]+)[^]]*\]$/clang-tidy \5 \1:\2 \4/p'
}

# The findings on standard input that no reason is given for; reasons of TOOL that no finding needs.
judge() { # TOOL
    awk -v tool="$1" '
        NR == FNR { if (/^[^#]/) reasons[$1 " " $2 " " $3] = 1; next }
        { file = $3; sub(/:[0-9]*$/, "", file); key = $1 " " $2 " " file }
        key in reasons { used[key] = 1; next }
        { print; bad = 1 }
        END {
            for (key in reasons)
                if (index(key, tool " ") == 1 && !(key in used)) {
                    print "tests/analyse.supp: nothing needs \"" key "\" any more"
                    bad = 1
                }
            exit bad
        }' tests/analyse.supp -
}

run() { # TOOL
    command -v "$1" >/dev/null || { echo "$1 is not installed" && return 1; }
    case $1 in
    cppcheck) with_cppcheck ;;
    gcc) with_gcc ;;
    clang-tidy) with_clang_tidy ;;
    *) echo "tests/analyse.sh: $1 is none of cppcheck, gcc, clang-tidy" ;;
    esac | sort -u | judge "$1"
}

case ${1:-} in
'') set -- cppcheck gcc ;;
--all) set -- cppcheck gcc clang-tidy ;;
esac
status=0
for tool in "$@"; do
    run "$tool" || status=1
done
exit $status
