#!/usr/bin/env bash
# The tests on Debian 12's own kernel, where nft has `queue`, in a machine that qemu emulates: by hand or every night, for it takes
# hours. Not part of tests/run.sh.
#   vm.sh [all]                  makes the image if there is none, then runs every job; the last line counts them
#   vm.sh make                   makes the image: root, apt and qemu-system-x86 debootstrap e2fsprogs kmod
#   vm.sh run JOB [WORD...]      boots, runs tests/vm/jobs/JOB.sh with those words as root, switches off; the job's status
# Jobs: verifier, unit, rules BACKEND, cases BACKEND [NAME=VALUE...] [CASE...], closed [STEPS [SEED]]; BACKEND is nft, iptables (over
#   nf_tables, as Debian has it) or iptables-legacy.
#   QW_BUILD       the build folder that goes along (build-release)
#   QW_VM          folder of the image (in the user's cache)
#   QW_VM_OUT      where a job's output and logs go (build-vm), a folder each
#   QW_VM_ACCEL    as qemu's -accel has it: "kvm" where /dev/kvm works, which its being there does not tell, or "tcg,thread=multi".
#                  The machine has two processors then, and a clock that follows the host's (by instructions, below)
#   QW_VM_MONITOR  a socket where qemu takes commands: "stop" and "cont" halt the machine and its clock while others need the cores (none)
#   QW_VM_MEMORY_MB  its memory (2048)
#   QW_VM_LIMIT_S  seconds after which a job's machine is switched off (14400)
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd) || exit 1
# shellcheck source-path=SCRIPTDIR source=machine.sh
. "$here/machine.sh"
release=bookworm
tools=(nftables iptables iproute2 ethtool iputils-ping traceroute tcpdump jq procps util-linux kmod gawk openssl ca-certificates
    netcat-openbsd strace tmux cmake python3)
peers=(ngtcp2-client ngtcp2-server caddy knot knot-dnsutils coturn iperf3 redis-server redis-tools nfdump curl bpftool keepalived conntrackd conntrack
    prometheus)
libraries=(libnetfilter-queue1 libmnl0 libconfig9 libssl3 libjansson4 libpcap0.8 libmicrohttpd12 libhiredis0.14 libncurses6 libcap-ng0 libseccomp2
    libcunit1 libasan8 libubsan1)
all_jobs=('verifier' 'unit' 'rules nft' 'rules iptables' 'rules iptables-legacy' 'cases nft' 'cases iptables' 'closed')

# The machine's clock counts its instructions, a nanosecond each, and is at the next timer at once when there is nothing to do: waiting
# takes no time of the host, and what else the host does changes no time in the machine. That takes a single processor. How much
# slower it is than a real one stands in `slower`.
if [ -z "${QW_VM_ACCEL:-}" ]; then
    accelerator=tcg,thread=single
    processors=(-smp 1 -icount 'shift=0,sleep=off')
    slower=3
else
    processors=(-smp 2)
    slower=10
    [[ $QW_VM_ACCEL != kvm* ]] || slower=1
fi

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
    mke2fs -q -t ext4 -O ^has_journal -d "$work/system" "$work/system.img" 2000M || die 'make: mke2fs failed'
    mv "$work"/kernel/boot/vmlinuz-* "$image/vmlinuz" && mv "$work/system.img" "$image/" || exit 1
    rm -rf "$work"
    trap - EXIT
}

# The peer of quic-go is built here, for the machine has no compiler of Go; without one here, its cases say so.
carry_quicgo() { # FOLDER
    # shellcheck source=/dev/null
    (. "$tree/integration/lib.sh" && skip_without_quicgo && cp "$QUICGO" "$1/quicgo")
}

# pack FILE JOB [WORD...]: sources, program and what is to be run, as one archive.
pack() {
    local file=$1 job=$2
    shift 2
    mkdir -p "$out/$job/job"
    [ "$job" != cases ] || carry_quicgo "$out/$job/job"
    printf '%q ' "$tree" "$tree/$build" "$job" "$@" >"$out/$job/job/words"
    echo "$slower" >"$out/$job/job/slower"
    tar -cf "$file" -C "$out/$job" job && copy_sources "$file" && truncate -s %1M "$file"
}

run_job() { # JOB [WORD...]
    local folder=$out/$1 status=0
    need qemu-system-x86_64
    [ -f "$here/jobs/$1.sh" ] || die "there is no job $1"
    [ -f "$image/system.img" ] || die 'there is no image: vm.sh make'
    [ -x "$tree/$build/quicward" ] || die "there is no program $tree/$build/quicward: QW_BUILD?"
    rm -rf "$folder" && mkdir -p "$folder" && pack "$folder/job.img" "$@" || exit 1
    add_disk system "$image/system.img" ,snapshot=on
    add_disk job "$folder/job.img"
    run_machine "$folder" "$image/vmlinuz" init=/sbin/run-job "${processors[@]}" -m "${QW_VM_MEMORY_MB:-2048}" || status=$?
    rm -rf "$folder"/{job.img,job}
    return $status
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
*) sed -n '2,16s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
esac
