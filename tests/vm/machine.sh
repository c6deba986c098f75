# shellcheck shell=bash
# What vm.sh and package.sh share: a machine that qemu emulates, with its disks, its console and its result. The caller has set
# `here`, this folder. QW_BUILD and the other variables are vm.sh's.
# shellcheck disable=SC2034,SC2154 # the callers read and set some
tree=$(cd "$here/../.." && pwd) || exit 1
build=${QW_BUILD:-build-release}
image=${QW_VM:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/quicward/test-machine}
out=${QW_VM_OUT:-$tree/build-vm}
limit_s=${QW_VM_LIMIT_S:-14400}
accelerator=${QW_VM_ACCEL:-tcg,thread=multi}
monitor=()
[ -z "${QW_VM_MONITOR:-}" ] || monitor=(-monitor "unix:$QW_VM_MONITOR,server=on,wait=off")
disks=()

die() {
    echo "$(basename "$0"): $*" >&2
    exit 1
}

need() { # PROGRAM...
    local program
    for program; do
        command -v "$program" >/dev/null || die "$program is not installed"
    done
}

# add_disk NAME FILE [,OPTION...]: in the machine the first one is /dev/nvme0n1. Kernels after 6.1 look for several of that kind at
# once, and number them as they find them: with disk_device=virtio-blk-pci the next ones are others, which package/enter finds by name.
disk_device=nvme
add_disk() {
    disks+=(-drive "if=none,id=$1,format=raw,file=$2${3:-}" -device "$disk_device,drive=$1,serial=$1")
}

# copy_sources ARCHIVE: what tests need of the tree, and the build folder without what only the compiler needs. In the machine all
# stand at the same path: ctest knows no other.
copy_sources() {
    tar -rf "$1" -C / --exclude='*.c.o' --exclude='*.a' "${tree#/}"/{conf,docs,include,integration,src,tests,cmake,CMakeLists.txt,README.md,LICENSE} \
        "${tree#/}/$build"
}

# The kernel's mitigations guard nothing here, and the processor's clock is the cheapest one. Without these words cases take a third
# longer.
light='mitigations=off tsc=reliable clocksource=tsc'

# run_machine FOLDER KERNEL WORDS OPTION...: boots KERNEL with those words from the first disk, with qemu's OPTIONs, until it switches
# itself off. What it prints is shown, and kept in FOLDER/console. The last disk is an archive of results that it leaves in FOLDER.
# The status is that in FOLDER/status.
run_machine() {
    local folder=$1 kernel=$2 words=$3 pid
    shift 3
    truncate -s 64M "$folder/result.img" && : >"$folder/console" || return 1
    add_disk result "$folder/result.img"
    timeout "$limit_s" qemu-system-x86_64 -accel "$accelerator" -machine q35 -cpu max "$@" -nodefaults -nographic -no-reboot "${monitor[@]}" \
        -serial "file:$folder/console" -kernel "$kernel" -append "console=ttyS0 root=/dev/nvme0n1 rw panic=-1 quiet $light $words" "${disks[@]}" &
    pid=$!
    # shellcheck disable=SC2064 # the pid of now
    trap "kill $pid 2>/dev/null" EXIT
    tail -n +1 -f --pid=$pid "$folder/console" | sed -u 's,\r,,g'
    wait $pid || echo "$(basename "$0"): the machine did not switch itself off; qemu ended with status $? (124: after $limit_s s)"
    trap - EXIT
    tar -xf "$folder/result.img" -C "$folder" 2>/dev/null
    rm -f "$folder/result.img"
    return "$(cat "$folder/status" 2>/dev/null || echo 1)"
}
