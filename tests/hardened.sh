#!/usr/bin/env bash
# The program as it is linked and compiled: nothing that an attacker could overwrite is left writable or executable.
#   hardened.sh PROGRAM
# Prints a line for each property; status 1 when one is missing.
set -u
program=${1:?usage: hardened.sh PROGRAM}
status=0

has() { # WHAT PATTERN READELF-OPTION...
    local what=$1 pattern=$2
    shift 2
    if LC_ALL=C readelf -W "$@" "$program" | grep -Eq "$pattern"; then
        echo "OK $what"
    else
        echo "MISSING $what"
        status=1
    fi
}

command -v readelf >/dev/null || { echo 'SKIP there is no readelf'; exit 77; }
has 'position independent' '^ *Type: *DYN' -h
has 'relocations read-only' 'GNU_RELRO' -l
has 'all of them bound at start' '\(FLAGS(_1)?\).*\b(BIND_NOW|NOW)\b' -d
has 'stack not executable' 'GNU_STACK .* RW +0x' -l
has 'stack protected' '__stack_chk_fail' --dyn-syms
exit $status
