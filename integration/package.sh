#!/usr/bin/env bash
# I1: from package to router and back, as root: package.sh [-d RELEASE] [-f] [-k] [-p FOLDER]
# Builds the Debian package from what is committed, and has lintian look at it. Installs it in a fresh Debian (debootstrap; from the
# machine's own apt sources), where it must start nothing before interfaces are named. Then it is a NAT router for the demo's
# connections, is upgraded under traffic to a newer version, by a restart and by --take-over, and purged. Minutes; not in tests/run.sh.
#   -d RELEASE  bookworm (12), the release on which the package is built, or trixie (13), where the same package has to work
#   -f          makes the fresh Debian anew, not from the archive of the last time (in the user's cache)
#   -k          keeps the packages and the Debian system, and says where
#   -p FOLDER   takes the packages that are kept there: so the very same ones are tried on another release
# Prints a line a check. The last line is "N passed, N failed"; status 1 when any failed.
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=lib/demo.sh
. "$QW_ROOT/integration/lib/demo.sh"
# shellcheck source=lib/speakers.sh
. "$QW_ROOT/integration/lib/speakers.sh"
# shellcheck source=lib/debian.sh
. "$QW_ROOT/integration/lib/debian.sh"
RELEASE=bookworm FRESH='' KEEP='' BUILT=''
while getopts d:fkp: option; do
    case $option in
    d) RELEASE=$OPTARG ;;
    f) FRESH=yes ;;
    k) KEEP=yes ;;
    p) BUILT=$OPTARG ;;
    *) sed -n '2,10s/^# //p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
    esac
done
CONNECTIONS=40 SPEAKERS_PORT=4440
CONF=/etc/quicward/quicward.conf

die() {
    echo "package.sh: $*" >&2
    exit 1
}

# ---- a fresh Debian ----

# in_system COMMAND...: with the machine's network, to fetch packages.
in_system() {
    within "$SYSTEM" "$@"
}

# in_routed COMMAND...: with the router's.
in_routed() {
    in_router sh -c "$ENTER" "$SYSTEM" "$@"
}

# What Debian itself writes when any package comes and goes is left out.
listing() {
    (
        cd "$SYSTEM" || exit 1
        find . -xdev ! -path './proc/*' ! -path './var/lib/apt/*' ! -path './var/cache/*' ! -path './var/log/*' ! -path './tmp/*' ! -path './run/systemd/*' \
            ! -name '*-old' ! -name '*-'
        find ./var/log -name '*quicward*'
    ) | sort
}

# A kernel without nft's queue needs iptables, which a user installs then, too.
fitting_tool() {
    in_router nft -c -f - <<<'table inet ask { chain ask { queue num 0; }; }' 2>/dev/null || echo iptables
}

# With the network, what the package asks for; then, without it, the package.
install_package() {
    cp "$PACKAGE" "$NEWER" "$SYSTEM/root/"
    in_system apt-get -qq update || return 1
    # shellcheck disable=SC2046 # none or one
    in_system apt-get -qq -y --no-install-recommends satisfy "$(dpkg-deb -f "$PACKAGE" Depends)" $(fitting_tool) || return 1
    listing >"$WORK/before"
    in_routed apt-get -qq -y --no-install-recommends install "/root/$(basename "$PACKAGE")"
}

# ---- what a user does ----

# unit_command UNIT: what it starts.
unit_command() {
    sed -n 's/^ExecStart=//p' "$(find "$SYSTEM"/{usr/,}lib/systemd/system -name "$1" | head -n 1)"
}

is_enabled() { # UNIT
    find "$SYSTEM/etc/systemd/system" -name "$1" | grep .
}

# As the units do it, for no systemd runs here.
boot_rules() {
    # shellcheck disable=SC2046 # words
    in_routed $(unit_command quicward-rules.service)
}

start_installed() { # OPTION...
    # shellcheck disable=SC2046
    lab_spawn "$LAB_ROUTER" quicward sh -c "$ENTER" "$SYSTEM" $(unit_command quicward.service) "$@"
    QUICWARD_PID=$LAB_PID
    wait_for 10 quicward_ready && ! ended "$QUICWARD_PID"
}

stop_installed() {
    lab_stop "$QUICWARD_PID"
}

configure() {
    sed -i -e 's/^mode = .*/mode = "nat";/' -e 's/^inside = .*/inside = ["lan0"];/' -e 's/^outside = .*/outside = ["wan0"];/' \
        -e 's/^    # external = .*/    external = "auto";/' -e 's/^    # masquerade = .*/    masquerade = true;/' "$SYSTEM$CONF"
    in_routed quicward check
}

runs_version() { # VERSION
    shows "^quicward $1\$" in_routed quicward version && shows '/usr/sbin/quicward$' readlink "/proc/$QUICWARD_PID/exe"
}

# ---- the checks ----

passes_untouched() {
    in_server timeout 10 tcpdump -Z root -n -c 1 -i s0 "udp port 9" >"$LAB_DIR/untouched" 2>/dev/null &
    local watcher=$! i
    for ((i = 0; i < 20; i++)); do
        in_client bash -c "echo >/dev/udp/$S4/9" 2>/dev/null
        sleep 0.1
        ! ended $watcher || break
    done
    kill $watcher 2>/dev/null
    wait $watcher 2>/dev/null
    grep . "$LAB_DIR/untouched"
}

check_fresh() {
    check 'lintian has no errors and no warnings' [ "$LINTIAN" = 0 ] || cat "$WORK/lintian.log"
    check "it installs in Debian $RELEASE with its dependencies" install_package || die 'the rest needs it'
    check 'the configuration is the safe one' grep -qx 'mode = "monitor";' "$SYSTEM$CONF"
    # shellcheck disable=SC2046
    check 'the daemon refuses to start before interfaces are named' status_is 78 in_routed $(unit_command quicward.service)
    # shellcheck disable=SC2046
    check 'with a line that says so' shows "$CONF:[0-9]*: inside = \[\] names none" in_routed $(unit_command quicward.service)
    check 'so do the kernel rules' status_is 78 boot_rules
    check_not 'and close nothing' rules_installed
    check 'UDP passes' passes_untouched
    check 'both units are enabled' eval 'is_enabled quicward.service && is_enabled quicward-rules.service'
    check 'an upgrade restarts the daemon if it runs' grep -q "deb-systemd-invoke try-restart 'quicward.service'" "$SYSTEM/var/lib/dpkg/info/quicward.postinst"
    check_not 'and does not stop it before' grep -qs 'quicward.service' "$SYSTEM/var/lib/dpkg/info/quicward.preinst"
    check 'systemd understands them' in_system systemd-analyze verify --man=no quicward.service quicward-rules.service
    check 'there is a user for the key user' in_system getent passwd quicward
    check 'the program is hardened' "$QW_ROOT/tests/hardened.sh" "$SYSTEM/usr/sbin/quicward"
    check 'the folders are there' [ -d "$SYSTEM/var/lib/quicward" ]
    check 'the manual pages are there' [ -s "$SYSTEM/usr/share/man/man8/quicward.8.gz" ]
    check 'logrotate takes its file' logrotate --debug "$SYSTEM/etc/logrotate.d/quicward"
}

check_router() {
    check 'with interfaces it is understood' configure
    check 'the kernel rules stand before the daemon' boot_rules
    check 'with those that stand by for a flush' [ "$(in_router ip rule | grep -c blackhole)" = 2 ]
    check_not 'nothing passes until it runs' passes_untouched
    check 'the daemon starts' start_installed
    demo_clients
    CHECKS_DONE=$((CHECKS_DONE + good)) CHECKS_FAILED=$((CHECKS_FAILED + bad))
}

check_upgrade() {
    local old=$QUICWARD_PID
    check "$CONNECTIONS connections stand" speakers_begin
    speakers_note
    check 'there are mappings' [ -s "$LAB_DIR/before" ]
    check 'it is upgraded' in_routed dpkg --force-confold -i "/root/$(basename "$NEWER")"
    check "the operator's configuration is kept" grep -q '^mode = "nat"' "$SYSTEM$CONF"
    check 'the newer one lies beside it' grep -q 'A line of the newer version' "$SYSTEM$CONF.dpkg-dist"
    check 'the state is kept' [ -s "$SYSTEM/run/quicward/main.state" ]
    speakers_kept 'the files exchanged'
    check 'the newer one takes over' eval 'start_installed --take-over && wait_for 10 ended '"$old"
    check 'it runs the newer program' runs_version "$(version_of "$NEWER")"
    speakers_kept 'taken over'
    check 'it stops' stop_installed
    check 'and starts, as systemd restarts it after an upgrade' start_installed
    speakers_kept 'restarted'
}

check_purge() {
    check 'it stops' stop_installed
    check 'the kernel rules stay' rules_installed
    check 'it is removed' in_routed apt-get -qq -y remove quicward
    check_not 'with the kernel rules' rules_installed
    check 'the configuration stays' [ -s "$SYSTEM$CONF" ]
    check 'it is purged' in_routed apt-get -qq -y purge quicward
    listing >"$WORK/after"
    check 'no file is left' nothing_new
    check_not 'nor the user' in_system getent passwd quicward
}

nothing_new() {
    ! comm -13 "$WORK/before" "$WORK/after" | grep .
}

finish() { # STATUS
    trap - EXIT
    lab_down
    if [ -n "$KEEP" ]; then
        echo "kept: $WORK"
    else
        rm -rf --one-file-system "$WORK"
    fi
    exit "$1"
}

main() {
    [ "$(id -u)" = 0 ] || die 'namespaces and debootstrap need root'
    case $RELEASE in bookworm | trixie) ;; *) die "-d is bookworm or trixie, not $RELEASE" ;; esac
    "$QW_ROOT/integration/install.sh" build peers package || exit 1
    skip_without_quicgo
    WORK=$(mktemp -d "${TMPDIR:-/tmp}/quicward-package.XXXXXX") && chmod 755 "$WORK" || exit 1
    SYSTEM=$WORK/system QUICWARD=$WORK/system/usr/sbin/quicward
    trap 'finish $?' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    title 'Packages'
    if [ -n "$BUILT" ]; then
        cp "$BUILT"/quicward_*.deb "$WORK/" || die "there are no packages in $BUILT"
    else
        make_packages
    fi
    find_packages
    lintian --fail-on error,warning "$PACKAGE" >"$WORK/lintian.log" 2>&1
    LINTIAN=$?
    printf '%s\n' "$PACKAGE" "$NEWER"
    title "Debian $RELEASE"
    fresh_system "$RELEASE" "$SYSTEM" $FRESH || exit 1
    # shellcheck disable=SC2119 # with the usual MTU
    nat_lab_up && demo_servers && serve_quicgo '' $SPEAKERS_PORT
    # shellcheck disable=SC2181 # of all three
    [ $? = 0 ] || die 'the lab does not stand'
    ln -s "$SYSTEM/run/quicward/control.sock" "$LAB_DIR/control"
    check_fresh
    title 'A router'
    check_router
    title 'An upgrade under traffic'
    check_upgrade
    title 'The end'
    check_purge
    echo "$((CHECKS_DONE - CHECKS_FAILED)) passed, $CHECKS_FAILED failed"
    [ $CHECKS_FAILED = 0 ]
}

main
