# shellcheck shell=bash
# backend NAME: that one is what "auto" and the tests' iptables are. Sourced by the jobs.
backend() {
    case $1 in
    nft) export QW_BACKEND=nft ;;
    iptables) export QW_BACKEND=iptables && iptables_are nft ;;
    iptables-legacy) export QW_BACKEND=iptables && iptables_are legacy ;;
    *)
        echo "there is no backend '$1': nft, iptables or iptables-legacy" >&2
        return 2
        ;;
    esac
    echo "backend $1: $(nft --version), $(iptables --version)"
}

iptables_are() { # nft|legacy
    local program
    for program in iptables ip6tables; do
        update-alternatives --quiet --set $program "/usr/sbin/$program-$1" || return 1
    done
}
