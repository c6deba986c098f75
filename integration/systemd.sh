#!/usr/bin/env bash
# S6, S1: the units under a real systemd, with the keys user, control_group, metrics and events.file: starts, reloads, kill -9, restarts,
# logrotate, and a change to root and back. It boots a copy of this machine's system (an overlay, so nothing here changes) by
# systemd-nspawn, in a network of its own.
#   integration/systemd.sh BUILD     by hand, as root: systemd and systemd-container are needed. A minute or two.
# Ends with the line "N passed, N failed, N skipped".
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
build=${1:?usage: systemd.sh BUILD}
[ "$(id -u)" = 0 ] || { echo 'root is needed' && exit 1; }
if ! command -v systemd-nspawn >/dev/null || [ ! -x /lib/systemd/systemd ]; then
    echo 'SKIP systemd or systemd-nspawn is not installed' && echo '0 passed, 0 failed, 1 skipped' && exit 0
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/quicward-systemd.XXXXXX") || exit 1

cleanup() {
    mountpoint -q "$work/root" && umount "$work/root"
    mountpoint -q "$work/memory" && umount "$work/memory"
    rm -rf "$work"
}
trap cleanup EXIT

make_system() {
    mkdir -p "$work/memory" "$work/root" && mount -t tmpfs tmpfs "$work/memory" &&
        mkdir -p "$work/memory/upper" "$work/memory/work" &&
        mount -t overlay overlay -o "lowerdir=/,upperdir=$work/memory/upper,workdir=$work/memory/work" "$work/root" || exit 1
    # Of this machine's own services only ours and the basic ones start.
    rm -rf "$work"/root/etc/systemd/system/{multi-user,getty,timers}.target.wants "$work"/root/var/log/quicward "$work"/root/run/* \
        "$work"/root/var/lib/quicward "$work"/root/var/log/journal/*
    DESTDIR=$work/root cmake --install "$build" --prefix /usr >"$work/install.log" 2>&1 || { cat "$work/install.log" && exit 1; }
    install -d "$work/root/etc/systemd/system/quicward.service.d" &&
        install -m 644 conf/drop-ins/user.conf "$work/root/etc/systemd/system/quicward.service.d/user.conf" &&
        install -m 755 integration/lib/systemd_inside.sh "$work/root/root/inside.sh" || exit 1
    install -d -m 750 "$work/root/var/log/quicward"
    chroot "$work/root" getent passwd quicward >/dev/null || chroot "$work/root" useradd --system --no-create-home quicward
    printf '[Unit]\nAfter=multi-user.target\n[Service]\nType=oneshot\nExecStart=/root/inside.sh\n[Install]\nWantedBy=multi-user.target\n' \
        >"$work/root/etc/systemd/system/inside.service"
    chroot "$work/root" systemctl enable inside.service >/dev/null 2>&1 || exit 1
}

make_system
timeout 600 systemd-nspawn --quiet --register=no --keep-unit --private-network --boot -D "$work/root" >"$work/console" 2>&1 </dev/null
if ! grep -qs ' failed, ' "$work/root/root/result"; then
    tail -n 20 "$work/console"
    echo 'FAIL it did not come to an end' && echo '0 passed, 1 failed, 0 skipped' && exit 1
fi
cat "$work/root/root/result"
tail -n 1 "$work/root/root/result" | grep -q ' 0 failed'
