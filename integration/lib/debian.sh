# shellcheck shell=bash
# The Debian package in two versions, and a fresh Debian to try it in: for integration/package.sh and tests/vm/package.sh.
# WORK is the caller's folder; `die` is the caller's.

# build_package OPTION...: in $WORK/tree.
build_package() {
    (cd "$WORK/tree" && DEB_BUILD_OPTIONS=parallel=$(nproc) dpkg-buildpackage -b -us -uc "$@") >"$WORK/build.log" 2>&1 ||
        { tail -n 30 "$WORK/build.log"; die 'the package does not build'; }
}

version_of() { # FILE
    dpkg-deb -f "$1" Version
}

# The same tree as a newer version, whose shipped configuration differs too. Only what knows the version is compiled again.
make_newer() {
    local tree=$WORK/tree version=$1
    sed -i "s/^project(quicward VERSION [0-9.]*/project(quicward VERSION $version/" "$tree/CMakeLists.txt"
    sed -i "1s/(.*)/($version)/" "$tree/debian/changelog"
    echo '# A line of the newer version.' >>"$tree/conf/quicward.conf"
    rm -rf "$tree"/debian/{.debhelper,debhelper-build-stamp,files,quicward,*.substvars,*.debhelper*}
    build_package -nc
}

make_packages() {
    local version
    mkdir -p "$WORK/tree" && git -C "$QW_ROOT" archive HEAD | tar -x -C "$WORK/tree" || exit 1
    build_package
    version=$(version_of "$(echo "$WORK"/quicward_*.deb)")
    make_newer "$version.1"
}

# The lower version, and the higher one.
find_packages() {
    local found=("$WORK"/quicward_*.deb)
    [ ${#found[@]} = 2 ] || die "there are not two packages in $WORK"
    PACKAGE=${found[0]} NEWER=${found[1]}
    dpkg --compare-versions "$(version_of "$NEWER")" gt "$(version_of "$PACKAGE")" || { PACKAGE=${found[1]} NEWER=${found[0]}; }
}

# Where this machine gets its own release from.
mirror() {
    local own
    own=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    # shellcheck disable=SC2016 # apt's
    apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Created-By: Packages' | awk -v own="$own" '$1 == own { print $2; exit }'
}

# fresh_system RELEASE FOLDER [anew]: a Debian of debootstrap, from the archive of the last time (in the user's cache) unless "anew". It
# asks this machine's own mirror.
fresh_system() {
    local cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/quicward archive from
    archive=$cache/fresh-$1.tar
    from=$(mirror)
    [ -n "$from" ] || die 'apt knows no source of this release: apt-get update?'
    if [ -n "${3:-}" ] || [ ! -s "$archive" ]; then
        debootstrap --variant=minbase "$1" "$WORK/fresh" "$from" >"$WORK/debootstrap.log" 2>&1 ||
            { tail -n 5 "$WORK/debootstrap.log"; die 'debootstrap failed'; }
        mkdir -p "$cache" && tar -cf "$archive.new" -C "$WORK/fresh" . && mv "$archive.new" "$archive" && rm -rf "$WORK/fresh"
    fi
    mkdir "$2" && tar -xpf "$archive" -C "$2" || return 1
    echo "deb $from $1 main" >"$2/etc/apt/sources.list"
    apt-config dump | grep -E '^Acquire::(https?|Check)' >"$2/etc/apt/apt.conf.d/99machine"
    cp -L /etc/resolv.conf "$2/etc/"
}

# The system's own root, with its own /proc; nothing of the machine's environment.
# shellcheck disable=SC2016,SC2034 # expanded by the inner shell; callers use it too
ENTER='mount -t proc proc "$0/proc" && exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
    chroot "$0" "$@"'

# within FOLDER COMMAND...: in that system, with the machine's network, to fetch packages.
within() {
    unshare --mount sh -c "$ENTER" "$@"
}
