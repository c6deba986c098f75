#!/usr/bin/env bash
# Installs what building, tests and demo need on Debian 12, as root; asks apt only for what is missing.
#   install.sh build    compiler and libraries
#   install.sh peers    real QUIC clients and servers, and the lab's tools
#   install.sh checks   linters
#   install.sh bench    what only the benchmarks need
#   install.sh package  what integration/package.sh needs
#   install.sh bun      the optional third client, from npm, into the cache folder
#   install.sh deno     what transfers.sh has besides, likewise
# Without arguments: build, peers and checks.
set -u
build=(cmake make gcc libc6-dev pkg-config libconfig-dev libssl-dev nettle-dev libmnl-dev libnetfilter-queue-dev
    libpcap-dev libjansson-dev libsystemd-dev libncurses-dev libcap-ng-dev libseccomp-dev libmicrohttpd-dev libhiredis-dev libcunit1-dev clang libbpf-dev bpftool libelf-dev
    zlib1g-dev)
peers=(ngtcp2-client ngtcp2-server caddy chromium firefox-esr libnss3-tools knot knot-dnsutils coturn iperf3
    golang-go golang-github-lucas-clemente-quic-go-dev wireguard-go wireguard-tools python3-libtorrent iproute2 iptables nftables ethtool strace iputils-ping traceroute tcpdump openssl jq procps util-linux
    ca-certificates curl prometheus nfdump tmux redis-server redis-tools
    keepalived conntrackd conntrack)
checks=(shellcheck zsh clang-format git tshark cppcheck clang-tidy libclang-rt-14-dev)
bench=(libndpi-dev iproute2 iptables nftables ethtool strace jq iputils-ping util-linux
    bsdextrautils valgrind)
package=(dpkg-dev debhelper lintian debootstrap logrotate)
policy=/usr/sbin/policy-rc.d
policy_made=

missing() { # PACKAGE...
    local package
    for package in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
    done
}

# Caddy, knot and coturn would start as services of the machine.
forbid_services() {
    [ -e $policy ] && return
    printf '#!/bin/sh\nexit 101\n' >$policy && chmod +x $policy && policy_made=yes
}

allow_services() {
    [ -z "$policy_made" ] || rm -f $policy
}

install_packages() { # PACKAGE...
    local wanted log
    mapfile -t wanted < <(missing "$@")
    [ ${#wanted[@]} -gt 0 ] || return 0
    [ "$(id -u)" = 0 ] || { echo "install.sh: root is needed to install: ${wanted[*]}" >&2; return 1; }
    echo "installing ${wanted[*]}"
    log=$(mktemp)
    forbid_services
    trap allow_services EXIT
    apt_quietly "${wanted[@]}" >"$log" 2>&1 || { tail -n 20 "$log" >&2; rm -f "$log"; return 1; }
    rm -f "$log"
}

apt_quietly() {
    export DEBIAN_FRONTEND=noninteractive
    local install=(apt-get install -qq -y --no-install-recommends "$@")
    # The lists may be absent or old: fetch them when they do not serve.
    "${install[@]}" || { apt-get update -qq && "${install[@]}"; }
}

install_npm() { # PACKAGE
    local folder=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/quicward/$1
    command -v npm >/dev/null || { echo "install.sh: $1 needs npm" >&2; return 1; }
    mkdir -p "$folder" && npm install --silent --ignore-scripts --no-audit --no-fund --prefix "$folder" "$1"
}

install_tier() {
    case $1 in
    build) install_packages "${build[@]}" ;;
    peers) install_packages "${peers[@]}" ;;
    checks) install_packages "${checks[@]}" ;;
    bench) install_packages "${bench[@]}" ;;
    package) install_packages "${package[@]}" ;;
    bun | deno) install_npm "$1" ;;
    *) echo "install.sh: $1 is none of build, peers, checks, bench, package, bun, deno" >&2; return 2 ;;
    esac
}

[ $# -gt 0 ] || set -- build peers checks
for tier in "$@"; do
    install_tier "$tier" || exit
done
