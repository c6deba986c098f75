#!/usr/bin/env bash
# The files of contrib/openwrt, as far as they can be tried without OpenWrt: openwrt.sh QUICWARD
# Its build system, procd and uci are stand-ins here. Prints a line for each property; status 1 when one is missing.
# shellcheck disable=SC2317 # called by has
set -u
program=$(realpath "$1")
cd "$(dirname "${BASH_SOURCE[0]}")/../contrib/openwrt" || exit 1
root=$(mktemp -d "${TMPDIR:-/tmp}/quicward-openwrt.XXXXXX") || exit 1
trap 'rm -rf "$root"' EXIT
status=0

has() { # WHAT COMMAND...
    local what=$1
    shift
    if "$@" >"$root/said" 2>&1; then echo "OK $what"; else
        echo "MISSING $what"
        sed 's/^/    /' "$root/said"
        status=1
    fi
}

# ---- the Makefile ----

# Stand-ins that print what the package says, and name its recipes as targets.
build_system() {
    mkdir -p "$root/include"
    : >"$root/rules.mk"
    : >"$root/include/cmake.mk"
    cat >"$root/include/package.mk" <<'MK'
PKG_BUILD_DIR:=/build/quicward
PKG_INSTALL_DIR:=/install/quicward
CP:=cp -fpR
INSTALL_DIR:=install -d -m 0755
INSTALL_BIN:=install -m 0755
INSTALL_CONF:=install -m 0600
define BuildPackage
$(eval $(Package/$(1)))
all: prepare install
version: ; @echo $(PKG_NAME) $(PKG_VERSION) $(TITLE)
prepare: ; $(Build/Prepare)
install: ; $(call Package/$(1)/install,/root)
endef
MK
}

dry() { # TARGET
    make -n --no-print-directory TOPDIR="$root" INCLUDE_DIR="$root/include" "$1"
}

# Every file that a recipe copies is there; those below /install are made by the build.
sources_exist() {
    local file
    for file in $(dry install | grep -oE '\./files/[^ ]*') $(dry prepare | grep -oE '[^ ]*/\.\./\.\./[A-Za-z.]+'); do
        [ -e "$file" ] || { echo "there is no $file"; return 1; }
    done
}

knows_version() {
    dry version | grep -qE '^echo quicward [0-9]+\.[0-9]+\.[0-9]+ NAT'
}

installs_all() {
    local file
    for file in files/*; do
        dry install | grep -q "./$file " || { echo "nothing installs $file"; return 1; }
    done
}

# ---- the scripts ----

# boot OPTIONS: what the init script writes and starts, with /etc/config/quicward as these words: KEY=VALUE, a list as KEY=A,B.
boot() {
    # shellcheck disable=SC2016 # expanded by the inner shell
    OPTIONS=$1 QUICWARD_CONF=$root/etc/quicward.conf QUICWARD_MORE=$root/more.conf sh -c '
        option() { for word in $OPTIONS; do [ "${word%%=*}" != "$1" ] || echo "${word#*=}"; done; }
        config_load() { :; }
        config_get() { local got; got=$(option "$3"); eval "$1=\${got:-$4}"; }
        config_get_bool() { config_get "$@"; }
        config_list_foreach() { for each in $(option "$2" | tr , " "); do "$3" "$each"; done; }
        quicward() { echo "quicward $*"; }
        procd_open_instance() { :; }
        procd_close_instance() { :; }
        procd_set_param() { echo "procd $*"; }
        . ./files/quicward.init && start_service'
}

understood() { # OPTIONS
    rm -f "$root/etc/quicward.conf"
    boot "$1" >/dev/null && cat "$root/etc/quicward.conf" && "$program" check -c "$root/etc/quicward.conf"
}

# says OPTIONS LINE: what is written means the line.
says() {
    understood "$1" && "$program" check --print -c "$root/etc/quicward.conf" | grep -Fx "$2"
}

starts_nothing() { # OPTIONS
    [ -z "$(boot "$1")" ]
}

rules_first() {
    [ "$(boot "$1" | sed -n '1s/ -c.*--/ --/p')" = 'quicward rules --install' ] &&
        boot "$1" | grep -q '^procd command /usr/sbin/quicward run -c '
}

# defaults NETWORKS: what the first boot adds, with uci's network as these words.
defaults() {
    # shellcheck disable=SC2016
    NETWORKS=$1 sh -c '
        uci() {
            shift
            case $1 in
            get) for word in $NETWORKS; do [ "${word%%=*}" != "$2" ] || { echo "${word#*=}"; return 0; }; done; return 1 ;;
            *) echo "$*" ;;
            esac
        }
        . ./files/quicward.defaults'
}

adds() { # NETWORKS WANTED
    defaults "$1" | grep '^add_list' | diff - <(printf '%s\n' "$2")
}

lan='network.lan.device=br-lan network.lan.proto=static'
both='enabled=1 inside=br-lan outside=pppoe-wan'
if command -v shellcheck >/dev/null; then
    has 'shellcheck finds nothing' shellcheck -s dash -e SC1008 files/quicward.init files/quicward.defaults
fi
if command -v make >/dev/null; then
    build_system
    has 'make reads the Makefile' dry all
    has 'the version is that of CMake' knows_version
    has 'what is copied is there' sources_exist
    has 'every file is installed' installs_all
fi
has 'it starts nothing by itself' starts_nothing ''
has 'kernel rules first, then the daemon' rules_first "$both"
for mode in monitor firewall nat 'nat masquerade=0'; do
    has "the program understands what is written for $mode" understood "$both mode=$mode"
done
has 'several interfaces' says 'enabled=1 inside=br-lan,br-guest outside=eth1,wwan0' 'inside = ["br-lan", "br-guest"];'
has 'the mode' says "$both mode=firewall" 'mode = "firewall";'
has 'nat with masquerading' says "$both mode=nat" '    masquerade = true;'
has 'nat without' says "$both mode=nat masquerade=0" '    masquerade = false;'
echo 'log = "debug";' >"$root/more.conf"
has 'and further keys' understood "$both"
has 'the first boot names lan and wan' adds "$lan network.wan.device=eth1 network.wan.proto=dhcp" \
    'add_list quicward.main.inside=br-lan
add_list quicward.main.outside=eth1'
has 'PPPoE has an interface of its own' adds "$lan network.wan.device=eth1 network.wan.proto=pppoe" \
    'add_list quicward.main.inside=br-lan
add_list quicward.main.outside=pppoe-wan'
has 'names that are there stay' adds "$lan quicward.main.inside=br-lan network.wan.device=eth1" 'add_list quicward.main.outside=eth1'
exit $status
