#!/usr/bin/env bash
# N1, N5, N6: what coturn's behaviour discovery (RFC 5780) says of the NAT: endpoint-independent mapping, the filtering that is
# configured, each of the three, and hairpinning, which obeys the filtering too: the request comes from a port that was never
# spoken to.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without turnserver turnutils_natdiscovery
lab_trap
nat_lab_up || exit 1

serve_stun() {
    lab_spawn "$LAB_SERVER" turnserver turnserver -n --no-cli --stun-only -L "$S4" -L "$SB4" -p 3478 \
        --alt-listening-port=3479 --pidfile "$LAB_DIR/turn.pid" -l stdout
    serve_wait 3478
}

discover() { # OPTION...
    in_client timeout 30 turnutils_natdiscovery "$@" -L "$C4" "$S4"
}

# filters KEY WORDS HAIRPIN: with this filtering the discovery finds WORDS, and HAIRPIN of its own request.
filters() {
    start_nat "filtering = \"$1\";" || exit 1
    check "$1: mapping" shows 'NAT with Endpoint Independent Mapping!' discover -m
    check "$1: filtering" shows "NAT with $2 Filtering!" discover -f
    check "$1: hairpinning" shows "$3" discover -H
    check "$1: quicward ends cleanly" stop_quicward
}

serve_stun || exit 1
filters endpoint-independent 'Endpoint Independent' 'successful hairpinning'
filters address-dependent 'Address Dependent' 'receive timeout'
filters address-and-port-dependent 'Address and Port Dependent' 'receive timeout'
case_end
