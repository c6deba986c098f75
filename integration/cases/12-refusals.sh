#!/usr/bin/env bash
# S4, S6: what cannot work is refused at start by one clear line and status 1: no CAP_NET_ADMIN, no file, a tool that is
# not there, a kernel without netfilter's netlink.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without setpriv
lab_trap
lab_up || exit 1
quicward_conf >"$LAB_DIR/good.conf"
quicward_conf 'manage_rules = false;' >"$LAB_DIR/no-rules.conf"
quicward_conf 'rules_backend = "auto";' >"$LAB_DIR/auto.conf"
quicward_conf 'rules_backend = "nft";' >"$LAB_DIR/nft.conf"
quicward_conf 'rules_backend = "iptables";' >"$LAB_DIR/iptables.conf"
mkdir "$LAB_DIR/empty" "$LAB_DIR/failing"
for tool in sh grep sed awk ip cat; do
    ln -s "$(command -v $tool)" "$LAB_DIR/empty/$tool"
done
printf '#!/bin/sh\nexit 3\n' >"$LAB_DIR/failing/iptables-save" && chmod +x "$LAB_DIR/failing/iptables-save"

# refused PATTERN COMMAND...: status 1 and one line that says so.
refused() {
    local pattern=$1 output status=0
    shift
    output=$(in_router timeout 120 "$@" 2>&1) || status=$?
    printf '%s\n' "$output"
    [ $status = 1 ] && [ "$(wc -l <<<"$output")" = 1 ] && grep -qiE -- "$pattern" <<<"$output"
}

run=("$QUICWARD" run -c)
check 'without CAP_NET_ADMIN' refused CAP_NET_ADMIN \
    setpriv --bounding-set=-net_admin --inh-caps=-net_admin "${run[@]}" "$LAB_DIR/good.conf"
check 'a file that is not there' refused 'nosuch\.conf' "${run[@]}" "$LAB_DIR/nosuch.conf"
check 'a kernel without netfilter queue' refused 'kernel.*NFQUEUE' \
    "$QW_TOOLS/without_netfilter" "${run[@]}" "$LAB_DIR/no-rules.conf"
check 'a kernel without netfilter' refused 'neither nft nor iptables' \
    "$QW_TOOLS/without_netfilter" "${run[@]}" "$LAB_DIR/auto.conf"
check 'neither nft nor iptables is installed' refused 'neither nft nor iptables.*not found' \
    env PATH="$LAB_DIR/empty" "${run[@]}" "$LAB_DIR/auto.conf"
check 'nft is not' refused 'nft is not installed' env PATH="$LAB_DIR/empty" "${run[@]}" "$LAB_DIR/nft.conf"
check 'iptables is not' refused 'iptables is not installed' env PATH="$LAB_DIR/empty" "${run[@]}" "$LAB_DIR/iptables.conf"
check_not 'no refusal leaves a rule' rules_installed
check 'what stands cannot be asked' refused 'iptables-save failed' \
    env PATH="$LAB_DIR/failing:$PATH" "${run[@]}" "$LAB_DIR/iptables.conf"
check_not 'removing says so, too' in_router env PATH="$LAB_DIR/failing:$PATH" \
    sh -c "'$QUICWARD' rules -c '$LAB_DIR/iptables.conf' --remove | sh"
cp "$LAB_DIR/good.conf" "$LAB_DIR/quicward.conf"
check 'what was left half way is removed' rules_remove
check_not 'no refusal leaves a rule' rules_installed
check_not 'or a socket' test -e "$LAB_DIR/control"
check 'no refusal stands in the way of a good start' start_quicward
check 'quicward ends cleanly' stop_quicward
case_end
