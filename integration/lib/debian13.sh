# shellcheck shell=bash
# Programs of a Debian 13 system in the folder that QW_DEBIAN13 names. They run in it with the lab's folder at /mnt/lab.

skip_without_debian13() { # PROGRAM...
    local program
    for program in "$@"; do
        [ -x "${QW_DEBIAN13:-/nonexistent}/usr/bin/$program" ] || [ -x "${QW_DEBIAN13:-/nonexistent}/usr/sbin/$program" ] ||
            skip "QW_DEBIAN13 names no folder with a Debian 13 system that has $program"
    done
}

# Mounts the lab's folder, and its hosts over the system's, then goes on with the command in the system.
# shellcheck disable=SC2016 # expanded by the inner shell
DEBIAN13_ENTER='mount -t tmpfs none "$0/mnt" && mkdir "$0/mnt/lab" && mount --bind "$1" "$0/mnt/lab" &&
    touch "$0/etc/hosts" && mount --bind "$2" "$0/etc/hosts" && mount -t devtmpfs none "$0/dev" && root=$0 && shift 2 &&
    exec chroot "$root" "$@"'

# in_debian13 NAMESPACE COMMAND...
in_debian13() {
    local namespace=$1
    shift
    ip netns exec "$namespace" sh -c "$DEBIAN13_ENTER" "$QW_DEBIAN13" "$LAB_DIR" "${LAB_HOSTS:-$LAB_DIR/hosts}" timeout 20 "$@"
}

# spawn_debian13 NAMESPACE LOG COMMAND...: as lab_spawn.
spawn_debian13() {
    local namespace=$1 log=$2
    shift 2
    lab_spawn "$namespace" "$log" sh -c "$DEBIAN13_ENTER" "$QW_DEBIAN13" "$LAB_DIR" "$LAB_DIR/hosts" "$@"
}
