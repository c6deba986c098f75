#!/usr/bin/env bash
# S4, S6: what cannot work is refused at start by one clear line and status 1: no CAP_NET_ADMIN, no file, no such interface, a
# kernel without netfilter's netlink.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without setpriv
lab_trap
lab_up || exit 1
quicward_conf >"$LAB_DIR/good.conf"
quicward_conf 'inside = ["nosuch0"];' >"$LAB_DIR/interface.conf"

# refused PATTERN COMMAND...: status 1 and one line that says so.
refused() {
    local pattern=$1 output status=0
    shift
    output=$(in_router timeout 20 "$@" 2>&1) || status=$?
    printf '%s\n' "$output"
    [ $status = 1 ] && [ "$(wc -l <<<"$output")" = 1 ] && grep -qiE -- "$pattern" <<<"$output"
}

run=("$QUICWARD" run -c)
check 'without CAP_NET_ADMIN' refused CAP_NET_ADMIN \
    setpriv --bounding-set=-net_admin --inh-caps=-net_admin "${run[@]}" "$LAB_DIR/good.conf"
check 'a file that is not there' refused 'nosuch\.conf' "${run[@]}" "$LAB_DIR/nosuch.conf"
check 'an interface that is not there' refused nosuch0 "${run[@]}" "$LAB_DIR/interface.conf"
check 'a kernel without netfilter queue' refused 'kernel.*NFQUEUE' \
    "$QW_TOOLS/without_netfilter" "${run[@]}" "$LAB_DIR/good.conf"
check_not 'no refusal leaves a rule' rules_installed
check_not 'or a socket' test -e "$LAB_DIR/control"
check 'no refusal stands in the way of a good start' start_quicward
check 'quicward ends cleanly' stop_quicward
case_end
