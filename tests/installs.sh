#!/usr/bin/env bash
# What "cmake --install" makes: an operator's file is kept, the units name the paths of the prefix, docs and licence are there.
#   installs.sh SOURCE BUILD
# Prints a line for each property; status 1 when one is missing.
# shellcheck disable=SC2317 # called by has
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
exposed() { # MOST, in tenths
    systemd-analyze security --offline=true --threshold="$1" "$root/usr/lib/systemd/system/quicward.service" >"$root/security" 2>&1 ||
        { tail -n 1 "$root/security"; return 1; }
}

# Other versions of systemd count otherwise.
knows_offline() {
    [ "$(systemd-analyze --version 2>/dev/null | sed -n '1s/systemd \([0-9]*\).*/\1/p')" = 252 ]
}

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
has 'a watchdog' grep -q '^WatchdogSec=' "$root/usr/lib/systemd/system/quicward.service"
! knows_offline || has 'an exposure of 2.0 at most, as systemd-analyze counts it' exposed 20
for file in share/bash-completion/completions/quicward share/zsh/site-functions/_quicward lib/sysusers.d/quicward.conf \
    lib/tmpfiles.d/quicward.conf lib/modules-load.d/quicward.conf share/man/man8/quicward.8 share/man/man5/quicward.conf.5 \
    share/man/man7/quicward-metrics.7 share/doc/quicward/drop-ins/user.conf share/doc/quicward/cluster/{keepalived,conntrackd}.conf \
    share/doc/quicward/cluster/{redis-own.conf,redis-copy.conf,users.acl} share/doc/quicward/cluster/drop-ins/{redis,quicward}.conf; do
    has "$file" test -s "$root/usr/$file"
done
has 'a file for logrotate' test -s "$(dirname "$(dirname "$(config)")")/logrotate.d/quicward"
echo '# mine' >"$(config)"
installed /usr
has 'kept: what an operator wrote' grep -qx '# mine' "$(config)"
installed /opt/quicward
has 'a unit of another prefix' grep -q '^ExecStart=/opt/quicward/sbin/quicward ' \
    "$root/opt/quicward/lib/systemd/system/quicward-rules.service"
exit $status
