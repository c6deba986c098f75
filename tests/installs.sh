#!/usr/bin/env bash
# What "cmake --install" makes: an operator's file is kept, the units name the paths of the prefix, docs and licence are there.
#   installs.sh SOURCE BUILD
# Prints a line for each property; status 1 when one is missing.
set -u
source=${1:?usage: installs.sh SOURCE BUILD}
build=${2:?usage: installs.sh SOURCE BUILD}
root=$(mktemp -d "${TMPDIR:-/tmp}/quicward-installs.XXXXXX") || exit 1
trap 'rm -rf "$root"' EXIT
status=0

has() { # WHAT COMMAND...
    local what=$1
    shift
    if "$@"; then echo "OK $what"; else
        echo "MISSING $what"
        status=1
    fi
}

# installed PREFIX: as a package is made. The program itself is that of the build.
installed() {
    DESTDIR=$root cmake --install "$build" --prefix "$1" >"$root/log" 2>&1 || { cat "$root/log"; exit 1; }
}

# The build's own prefix says where the configuration goes.
config() {
    find "$root" -path '*/etc/*' -name quicward.conf
}

installed /usr
has 'a configuration' cmp -s "$(config)" "$source/conf/quicward.conf"
has 'the licence' test -s "$root/usr/share/doc/quicward/LICENSE"
has 'a page on NAT' test -s "$root/usr/share/doc/quicward/nat.md"
has 'examples' test -s "$root/usr/share/doc/quicward/examples/home-router.conf"
has 'a dashboard' test -s "$root/usr/share/doc/quicward/grafana/quicward.json"
has 'alert rules' test -s "$root/usr/share/doc/quicward/prometheus/quicward.rules.yml"
has 'a mistake in the file ends the restarts' grep -q '^RestartPreventExitStatus=.*78' "$root/usr/lib/systemd/system/quicward.service"
has 'a unit that lets the daemon install its filter' grep -q '^SystemCallFilter=.* seccomp' "$root/usr/lib/systemd/system/quicward.service"
has 'a drop-in for an own user' test -s "$root/usr/share/doc/quicward/drop-ins/user.conf"
has 'a unit that runs what was installed' grep -q '^ExecStart=/usr/sbin/quicward ' "$root/usr/lib/systemd/system/quicward.service"
echo '# mine' >"$(config)"
installed /usr
has 'kept: what an operator wrote' grep -qx '# mine' "$(config)"
installed /opt/quicward
has 'a unit of another prefix' grep -q '^ExecStart=/opt/quicward/sbin/quicward ' \
    "$root/opt/quicward/lib/systemd/system/quicward-rules.service"
exit $status
