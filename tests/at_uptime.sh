#!/usr/bin/env bash
# at_uptime.sh SECONDS COMMAND...: runs COMMAND in a time namespace in which the machine started SECONDS ago, as
# CLOCK_BOOTTIME tells, which is the program's clock. Its status; 77, with the reason, when the kernel or the machine's owner refuses such namespaces.
set -u
wanted=${1:?SECONDS} uptime=$(cut -d . -f 1 /proc/uptime)
shift
shifted=(unshare --time --fork --boottime $((wanted - uptime)))
if ! said=$("${shifted[@]}" true 2>&1); then
    echo "no time namespace: $said"
    exit 77
fi
exec "${shifted[@]}" "$@"
