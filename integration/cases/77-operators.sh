#!/usr/bin/env bash
# F1 F2 N1 P1: the files of three operators in conf/examples, as they are but for the names of interfaces and the addresses of the
# lab, do what their comments say: a home, a campus, the edge of a provider.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
lab_trap
nat_lab_up || exit 1
EXAMPLES=$(dirname "${BASH_SOURCE[0]}")/../../conf/examples
cp "$EXAMPLES/campus-lab.names" "$LAB_DIR/"

# shellcheck disable=SC2034 # QUICWARD_PID is read by the library
# example NAME SED-SCRIPT...: starts quicward with the file, changed by the scripts.
example() {
    local name=$1
    shift
    {
        sed "$@" "$EXAMPLES/$name.conf"
        printf 'control = "%s/control"; secret = "%s/secret"; queue = { first = 7400; };\n' "$LAB_DIR" "$LAB_DIR"
        [ -z "${QW_BACKEND:-}" ] || printf 'rules_backend = "%s";\n' "$QW_BACKEND"
    } >"$LAB_DIR/quicward.conf"
    check "$name: no warnings" in_router "$QUICWARD" check --strict -c "$LAB_DIR/quicward.conf"
    lab_spawn "$LAB_ROUTER" quicward "$QUICWARD" run -c "$LAB_DIR/quicward.conf"
    QUICWARD_PID=$LAB_PID
    check "$name: runs" wait_for 10 quicward_ready
}

asks() { # FROM-PORT TO-PORT
    in_client "$QW_TOOLS/udp_ask" "$C4:$1" "$S4:$2" question $((2000 * PATIENCE))
}

# A home: guests reach names and the web, and nothing else; the others everything.
serve_echo 53 || exit 1
serve_echo 7000 || exit 1
example home-router -e 's/"ppp0"/"wan0"/'
check 'home: the family reaches everything' asks 5000 7000
check 'home: and names' asks 5001 53
check 'home: ends' stop_quicward
example home-router -e 's/"ppp0"/"wan0"/; s/"lan0", "guest0"/"lan0"/; s/"guest0"/"lan0"/'
check 'home: guests reach names' asks 5002 53
check_not 'home: and nothing else' asks 5003 7000
check 'home: which is counted for the rule' test "$(stats_json | jq '.stats.rules[] | select(.name == "guests-rest").hits')" -ge 1
check 'home: ends' stop_quicward

# A campus: the examination lab is told by addresses, others never wait.
example campus-lab -e "s|\"10.20.0.0/22\"|\"$C4/32\"|; s/, \"lan1\"//"
check 'campus: what is no QUIC passes in the lab, too' asks 5010 7000
explained() { # SNI
    in_router "$QUICWARD" explain -c "$LAB_DIR/quicward.conf" "lan0 $C4:5000 -> wan0 $S4:443 sni=$1"
}
check 'campus: a listed name is rejected' grep -q 'reject, by rule lab-listed' <(explained x.chat.example)
check 'campus: one that the examination needs is not' grep -q '^verdict: accept' <(explained a.exam.example.edu)
check 'campus: another one passes' grep -q '^verdict: accept' <(explained www.example.net)
check 'campus: ends' stop_quicward

# The edge of a provider: nothing comes in but to customers' servers, and reflectors are not reached.
serve_echo 1900 || exit 1
example isp-edge -e "s/\"core0\", \"core1\"/\"lan0\"/; s/\"transit0\", \"transit1\"/\"wan0\"/"
check 'edge: customers reach everything' asks 5020 7000
check_not 'edge: but reflectors' asks 5021 1900
check 'edge: which is counted for the rule' test "$(stats_json | jq '.stats.rules[] | select(.name == "no-reflectors").hits')" -ge 1
check 'edge: ends' stop_quicward
case_end
