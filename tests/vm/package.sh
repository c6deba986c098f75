#!/usr/bin/env bash
# I1, I3: the Debian package on a router that boots: systemd, Debian's own kernel, a disk of its own, in a machine that qemu emulates. By
# hand or every night, as root; a quarter of an hour. Not part of tests/run.sh.
#   package.sh [-d RELEASE] [-p FOLDER] [-f] [-w]
#   -d RELEASE  bookworm (12), the release on which the package is built, or trixie (13)
#   -p FOLDER   takes the two packages that integration/package.sh -k has left there, and does not build them
#   -f          makes the router's system anew, not from the archive of the last time
#   -w          writes the result into docs/kernels.md
# The disk has debootstrap's minbase, systemd, udev, kmod, the kernel's modules, and our package with what apt says it needs, nothing
# else; the configuration of README.md with a forward; the network by systemd-networkd. Clients, servers and the
# tools that look are on the disk of vm.sh, and live in namespaces of the machine: package/world.sh makes them when the machine boots.
# package/job.sh then checks the router. The last line is "N passed, N failed"; status 1 when any failed.
# QW_BUILD is a build folder with the tests' tools. The other variables are vm.sh's.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd) || exit 1
# shellcheck source-path=SCRIPTDIR source=machine.sh
. "$here/machine.sh"
# shellcheck source-path=SCRIPTDIR source=../../integration/lib.sh
. "$tree/integration/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../../integration/lib/debian.sh
. "$tree/integration/lib/debian.sh"
# What a system that boots has besides debootstrap's minbase, and what a kernel's package asks for.
booting=(systemd-sysv udev dbus kmod)
usage=$(sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}")
release=bookworm built='' anew='' write=''
while getopts d:p:fw option; do
    case $option in
    d) release=$OPTARG ;;
    p) built=$OPTARG ;;
    f) anew=anew ;;
    w) write=yes ;;
    *) echo "$usage" >&2; exit 2 ;;
    esac
done

# ---- the router's disk ----

# apt_in FOLDER WORD...
apt_in() {
    within "$1" apt-get -qq -y --no-install-recommends "${@:2}" >>"$WORK/apt.log" 2>&1 || { tail -n 5 "$WORK/apt.log"; return 1; }
}

# The kernel that the meta package names, unpacked: no boot loader and no initramfs are needed for one that has its disk built in.
unpack_kernel() { # FOLDER
    local package
    package=$(within "$1" apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: \(linux-image-[^ ]*\)$/\1/p' | head -n 1)
    # shellcheck disable=SC2016 # expanded by the inner shell
    [ -n "$package" ] && within "$1" sh -c 'cd /tmp && apt-get -qq download "$0" && dpkg-deb -x linux-image-*.deb kernel && rm linux-image-*.deb' \
        "$package" >>"$WORK/apt.log" 2>&1 || return 1
    mkdir -p "$1/usr/lib/modules" && mv "$1"/tmp/kernel/boot/vmlinuz-* "$1/tmp/vmlinuz" || return 1
    # Debian 13 has them in /usr.
    mv "$1"/tmp/kernel/{usr/,}lib/modules/* "$1/usr/lib/modules/" 2>/dev/null
    rm -rf "$1/tmp/kernel"
    depmod -b "$1" "$(ls "$1/usr/lib/modules")"
}

# base_system FOLDER: with the kernel in /tmp/vmlinuz.
base_system() {
    local archive=$image/router-$release.tar
    if [ -n "$anew" ] || [ ! -s "$archive" ]; then
        fresh_system "$release" "$WORK/base" "$anew" && apt_in "$WORK/base" update && apt_in "$WORK/base" install "${booting[@]}" &&
            unpack_kernel "$WORK/base" || return 1
        mkdir -p "$image" && tar -cf "$archive.new" -C "$WORK/base" . && mv "$archive.new" "$archive" && rm -rf "$WORK/base"
    fi
    mkdir "$1" && tar -xpf "$archive" -C "$1"
}

put() { # FILE LINE...
    mkdir -p "$(dirname "$1")" && printf '%s\n' "${@:2}" >"$1"
}

# The network and the firewall of somebody who has a router already, by docs/guide.md and docs/nat.md.
furnish_network() { # FOLDER
    put "$1/etc/hostname" router
    put "$1/etc/hosts" '127.0.0.1 localhost router' '::1 localhost router'
    put "$1/etc/sysctl.d/90-router.conf" 'net.ipv4.ip_forward = 1' 'net.ipv6.conf.all.forwarding = 1'
    put "$1/etc/systemd/network/lan0.network" '[Match]' 'Name=lan0' '[Network]' "Address=$R4/24" 'Address=2001:db8:1::1/64' 'IPv6AcceptRA=no' \
        'IPv6DuplicateAddressDetection=0'
    put "$1/etc/systemd/network/wan0.network" '[Match]' 'Name=wan0' '[Network]' "Address=$X4/24" 'Address=2001:db8:2::1/64' "Gateway=$T4" \
        'Gateway=2001:db8:2::2' 'IPv6AcceptRA=no' 'IPv6DuplicateAddressDetection=0'
    chroot "$1" systemctl --quiet enable systemd-networkd
    # For later: at the boot only our rules may keep the router closed.
    put "$1/root/firewall.nft" '#!/usr/sbin/nft -f' 'flush ruleset' 'table inet filter {' '    chain forward {' \
        '        type filter hook forward priority filter; policy drop;' '        ct state established,related accept' \
        '        iifname lan0 oifname wan0 accept' \
        '        iifname lan0 oifname wan0 meta l4proto { udp, icmp } ct state untracked accept' \
        '        iifname wan0 oifname lan0 meta l4proto { udp, icmp } ct state untracked accept' \
        '        iifname lan0 fib saddr type local meta l4proto { udp, icmp } ct state untracked accept' \
        '    }' '}'
}

# install_package FOLDER: by apt, then what an administrator writes into the configuration.
install_package() {
    cp "$PACKAGE" "$NEWER" "$1/root/" && apt_in "$1" install "/root/$(basename "$PACKAGE")" || return 1
    put "$1/etc/quicward/quicward.conf" 'mode = "nat";' 'inside = ["lan0"];' 'outside = ["wan0"];' \
        'nat = { external = "auto"; masquerade = true; forwards = ( { port = 8443; to = "10.0.0.3:7000"; } ); };'
}

# The units of the lab, which are not the router's: the world exists before the network is up, as networks do.
furnish_lab() { # FOLDER
    local unit=$1/etc/systemd/system
    install -m 755 "$here/package/enter" "$1/sbin/lab-enter" && mkdir "$1/lab" || return 1
    put "$unit/lab-world.service" '[Unit]' 'DefaultDependencies=no' 'After=local-fs.target systemd-udevd.service' 'Wants=network-pre.target' \
        'Before=network-pre.target' '[Service]' 'Type=oneshot' 'RemainAfterExit=yes' 'TimeoutStartSec=infinity' 'ExecStart=/sbin/lab-enter world'
    put "$unit/lab-job.service" '[Unit]' 'After=multi-user.target' '[Service]' 'Type=oneshot' 'TimeoutStartSec=infinity' 'ExecStart=/sbin/lab-enter job'
    put "$1/etc/lab" "$tree"
    mkdir -p "$unit/sysinit.target.wants" "$unit/graphical.target.wants"
    ln -s ../lab-world.service "$unit/sysinit.target.wants/" && ln -s ../lab-job.service "$unit/graphical.target.wants/" || return 1
    ln -s graphical.target "$unit/default.target" 2>/dev/null
    # Nothing here has a clock that apt may follow, or a screen.
    chroot "$1" systemctl --quiet mask serial-getty@ttyS0 getty@tty1 apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer \
        e2scrub_reap fstrim.timer systemd-networkd-wait-online
}

make_disk() {
    local system=$WORK/system
    base_system "$system" || die "there is no system $release"
    mv "$system/tmp/vmlinuz" "$WORK/"
    install_package "$system" || die "the package cannot be installed in $release"
    if ! furnish_network "$system" || ! furnish_lab "$system"; then die 'the system cannot be furnished'; fi
    rm -rf "$system"/var/cache/apt/archives/*.deb "$system"/var/lib/apt/lists/*
    mke2fs -q -t ext4 -O ^has_journal -d "$system" "$WORK/system.img" 1500M || die 'mke2fs failed'
    rm -rf "$system"
}

# ---- the job ----

# pack FILE: sources, tools, the program that speaks QUIC for long, and words for package/inside.sh.
pack() {
    mkdir "$WORK/job" && cp "$QUICGO" "$WORK/job/quicgo" &&
        printf '%s=%q\n' TREE "$tree" BUILD "$tree/$build" RELEASE "$release" OLD "$(version_of "$PACKAGE")" NEW "$(version_of "$NEWER")" \
            >"$WORK/job/words" && tar -cf "$1" -C "$WORK" job && copy_sources "$1" && truncate -s %1M "$1"
}

# Its section of the page, in the place of the one of the last time.
write_result() { # FOLDER
    local page=$tree/docs/kernels.md
    awk -v head="## The package on Debian $release" -v new="$(cat "$1/page.md")" '
        function put_new() { print head "\n\n" new "\n"; done = 1 }
        /^## / { skip = $0 == head; if (skip) put_new() }
        !skip { print }
        END { if (!done) { print ""; put_new() } }' "$page" | sed '$!b; /^$/d' >"$1/page" && cp "$1/page" "$page"
}

main() {
    local folder=$out/package-$release status=0
    [ "$(id -u)" = 0 ] || die 'debootstrap needs root'
    case $release in bookworm | trixie) ;; *) die "-d is bookworm or trixie, not $release" ;; esac
    need qemu-system-x86_64 debootstrap mke2fs depmod dpkg-deb
    [ -f "$image/system.img" ] || "$here/vm.sh" make || exit 1
    [ -x "$tree/$build/tests/tools/udp_ask" ] || die "there are no tools in $tree/$build: QW_BUILD?"
    skip_without_quicgo
    WORK=$(mktemp -d "${TMPDIR:-/tmp}/quicward-machine.XXXXXX") && chmod 755 "$WORK" || exit 1
    trap 'rm -rf --one-file-system "$WORK"' EXIT
    if [ -n "$built" ]; then cp "$built"/quicward_*.deb "$WORK/"; else make_packages; fi
    find_packages
    make_disk
    rm -rf "$folder" && mkdir -p "$folder" && pack "$WORK/job.img" || exit 1
    add_disk system "$WORK/system.img" ,snapshot=on
    disk_device=virtio-blk-pci
    add_disk lab "$image/system.img" ,snapshot=on
    add_disk job "$WORK/job.img"
    (run_machine "$folder" "$WORK/vmlinuz" 'systemd.show_status=0 net.ifnames=0' -smp 1 -m 1024) || status=$?
    [ -z "$write" ] || [ ! -s "$folder/page.md" ] || write_result "$folder"
    [ $status = 0 ] || echo "logs are in $folder"
    return $status
}

main
