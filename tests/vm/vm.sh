#!/usr/bin/env bash
# The tests on Debian 12's own kernel, where nft has `queue`, in a machine that qemu emulates: by hand or every night, for it takes
# hours. Not part of tests/run.sh.
#   vm.sh [all]                  makes the image if there is none, then runs every job; the last line counts them
#   vm.sh make                   makes the image: root, apt and qemu-system-x86 debootstrap e2fsprogs kmod
#   vm.sh run JOB [WORD...]      boots, runs tests/vm/jobs/JOB.sh with those words as root, switches off; the job's status
# Jobs: unit, rules BACKEND, cases BACKEND [CASE...]; BACKEND is nft, iptables (over nf_tables, as Debian has it) or iptables-legacy.
#   QW_BUILD       the build folder that goes along (build-release)
#   QW_VM          folder of the image (in the user's cache)
#   QW_VM_OUT      where a job's output and logs go (build-vm), a folder each
#   QW_VM_ACCEL    as qemu's -accel has it: "kvm" where /dev/kvm works, which its being there does not tell (tcg,thread=multi)
#   QW_VM_LIMIT_S  seconds after which a job's machine is switched off (14400)
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd) || exit 1
tree=$(cd "$here/../.." && pwd) || exit 1
build=${QW_BUILD:-build-release}
image=${QW_VM:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/quicward/test-machine}
out=${QW_VM_OUT:-$tree/build-vm}
limit_s=${QW_VM_LIMIT_S:-14400}
accelerator=${QW_VM_ACCEL:-tcg,thread=multi}
release=bookworm
tools=(nftables iptables iproute2 ethtool iputils-ping traceroute tcpdump jq procps util-linux kmod gawk openssl ca-certificates
    netcat-openbsd strace tmux cmake python3)
peers=(ngtcp2-client ngtcp2-server caddy knot knot-dnsutils coturn iperf3)
libraries=(libnetfilter-queue1 libmnl0 libconfig9 libssl3 libjansson4 libpcap0.8 libmicrohttpd12 libhiredis0.14 libncurses6 libcap-ng0 libseccomp2
    libcunit1 libasan8 libubsan1)
all_jobs=('unit' 'rules nft' 'rules iptables' 'rules iptables-legacy' 'cases nft' 'cases iptables')

die() {
    echo "vm.sh: $*" >&2
    exit 1
}

need() { # PROGRAM...
    local program
    for program; do
        command -v "$program" >/dev/null || die "$program is not installed"
    done
}

# The kernel that the meta package names, unpacked: the machine that makes the image must not come to boot it.
unpack_kernel() { # FOLDER
    local package
    package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: \(linux-image-[^ ]*\)$/\1/p' | head -n 1)
    [ -n "$package" ] || return 1
    # apt's own user may write there.
    mkdir -m 777 "$1/kernel" && (cd "$1/kernel" && apt-get -qq download "$package" && dpkg-deb -x ./*.deb .)
}

install_system() { # FOLDER
    local packages
    packages=$(IFS=,; echo "${tools[*]},${peers[*]},${libraries[*]}")
    debootstrap --variant=minbase --include="${packages// /,}" $release "$1/system"
}

furnish_system() { # FOLDER
    local system=$1/system
    cp -a "$1/kernel/lib/modules" "$system/lib/" && depmod -b "$system" "$(ls "$1/kernel/lib/modules")" || return 1
    echo lab >"$system/etc/hostname"
    printf '%s\n' '127.0.0.1 localhost lab' '::1 localhost lab' >"$system/etc/hosts"
    install -m 755 "$here/init" "$system/sbin/run-job" || return 1
    rm -rf "$system"/var/cache/apt/archives/*.deb "$system"/var/lib/apt/lists/* "$system"/usr/share/{doc,man,locale}
}

make_image() {
    need qemu-system-x86_64 debootstrap mke2fs depmod apt-get dpkg-deb
    [ "$(id -u)" = 0 ] || die 'make: debootstrap needs root'
    mkdir -p "$image" && work=$(mktemp -d "$image/making.XXXXXX") || exit 1
    trap 'rm -rf "$work"' EXIT
    unpack_kernel "$work" || die 'make: apt has no linux-image-cloud-amd64; apt-get update?'
    install_system "$work" >"$work/log" 2>&1 || die "make: debootstrap says: $(tail -n 3 "$work/log")"
    furnish_system "$work" || die 'make: the system cannot be furnished'
    # mke2fs fills a file system from a folder: nothing is mounted.
    mke2fs -q -t ext4 -O ^has_journal -d "$work/system" "$work/system.img" 1500M || die 'make: mke2fs failed'
    mv "$work"/kernel/boot/vmlinuz-* "$image/vmlinuz" && mv "$work/system.img" "$image/" || exit 1
    rm -rf "$work"
    trap - EXIT
}

# pack FILE JOB [WORD...]: the sources, the build folder without what only the compiler needs, and what is to be run, as one
# archive. In the machine all stand at the same path: ctest knows no other.
pack() {
    local file=$1 job=$2
    shift 2
    mkdir -p "$out/$job/job"
    printf '%q ' "$tree" "$tree/$build" "$job" "$@" >"$out/$job/job/words"
    tar -cf "$file" -C "$out/$job" job || return 1
    tar -rf "$file" -C / --exclude='*.c.o' --exclude='*.a' "${tree#/}"/{conf,docs,include,integration,src,tests,cmake,CMakeLists.txt,README.md,LICENSE} \
        "${tree#/}/$build" || return 1
    truncate -s %1M "$file"
}

# machine FOLDER: until it switches itself off.
machine() {
    timeout "$limit_s" qemu-system-x86_64 -accel "$accelerator" -machine q35 -cpu max -smp 2 -m 2048 -nodefaults -nographic \
        -no-reboot -serial "file:$1/console" -kernel "$image/vmlinuz" \
        -append "console=ttyS0 root=/dev/nvme0n1 rw init=/sbin/run-job panic=-1 quiet" \
        -drive "if=none,id=system,format=raw,snapshot=on,file=$image/system.img" -device nvme,drive=system,serial=system \
        -drive "if=none,id=job,format=raw,file=$1/job.img" -device nvme,drive=job,serial=job \
        -drive "if=none,id=result,format=raw,file=$1/result.img" -device nvme,drive=result,serial=result
}

run_job() { # JOB [WORD...]
    local folder=$out/$1 pid
    need qemu-system-x86_64
    [ -f "$here/jobs/$1.sh" ] || die "there is no job $1"
    [ -f "$image/system.img" ] || die 'there is no image: vm.sh make'
    [ -x "$tree/$build/quicward" ] || die "there is no program $tree/$build/quicward: QW_BUILD?"
    rm -rf "$folder" && mkdir -p "$folder" && pack "$folder/job.img" "$@" || exit 1
    truncate -s 64M "$folder/result.img" && : >"$folder/console"
    machine "$folder" &
    pid=$!
    trap 'kill $pid 2>/dev/null' EXIT
    tail -n +1 -f --pid=$pid "$folder/console" | sed -u 's,\r,,g'
    wait $pid || echo "vm.sh: the machine did not switch itself off; qemu ended with status $? (124: after $limit_s s)"
    trap - EXIT
    tar -xf "$folder/result.img" -C "$folder" 2>/dev/null
    rm -rf "$folder"/{job.img,result.img,job}
    return "$(cat "$folder/status" 2>/dev/null || echo 1)"
}

run_all() {
    local job failed=0 words
    [ -f "$image/system.img" ] || make_image
    for job in "${all_jobs[@]}"; do
        read -ra words <<<"$job"
        echo "== $job"
        (out=$out/${job// /-} && run_job "${words[@]}") || failed=$((failed + 1))
    done
    echo "$((${#all_jobs[@]} - failed)) jobs passed, $failed failed"
    [ $failed = 0 ]
}

case ${1:-all} in
all) run_all ;;
make) make_image ;;
run) [ $# -ge 2 ] || die 'run: which job?'; run_job "${@:2}" ;;
*) sed -n '2,13s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
esac
