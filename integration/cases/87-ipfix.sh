#!/usr/bin/env bash
# N14: mappings, or blocks of ports, are told by IPFIX to a collector that is not ours, nfcapd: by UDP, TCP and TLS, what it wrote down and what has not
# ended equals `quicward mappings`. A host at its limit is a record. A collector that is not there, or whose certificate is wrong, stops
# no packet, and what waits is told once it is there.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without nfcapd nfdump jq openssl python3
COLLECTOR=9995 DOOR=4739

# serve_nfcapd: what it writes is read once it has ended.
serve_nfcapd() {
    rm -rf "$LAB_DIR/nf" && mkdir "$LAB_DIR/nf"
    lab_spawn "$LAB_SERVER" nfcapd nfcapd -b "$S4" -p $COLLECTOR -w "$LAB_DIR/nf" -t 3600
    NFCAPD=$LAB_PID
    wait_for 5 listening "$LAB_SERVER" $COLLECTOR
}

# serve_door [CERTIFICATE KEY CA]
serve_door() {
    lab_spawn "$LAB_SERVER" door python3 "$QW_ROOT/integration/lib/collect.py" "$S4" $DOOR "$S4" $COLLECTOR "$@"
    DOOR_PID=$LAB_PID
}

# drained: nfcapd has read what came.
drained() {
    [ "$(in_server ss -ulnH "sport = :$COLLECTOR" | awk '{ print $2 }')" = 0 ]
}

# end_nfcapd: what it wrote can be read then.
end_nfcapd() {
    wait_for 5 drained
    lab_stop "$NFCAPD"
}

passed() { # COUNT
    grep -qx "passed $1" "$LAB_DIR/door.log"
}

# written: every record as "EVENT INSIDE EXTERNAL", in the order that they came.
written() {
    nfdump -R "$LAB_DIR/nf" -q -o json | sed 's/^},$/}/' |
        jq -r 'if type == "array" then .[] else . end | "\(.nat_event_id) \(.src4_addr):\(.src_port) \(.src4_xlt_ip):\(.src_xlt_port)"'
}

# standing: mappings that were made and have not ended, by the records.
standing() {
    written | awk '$1 == 8 { here[$2 " " $3] = 1 } $1 == 9 { delete here[$2 " " $3] } END { for (one in here) print one }' | sort
}

mappings() {
    quicward_ask mappings --json | jq -r '"\(.inside) \(.external)"' | sort
}

# agree COUNT: nfcapd has ended, and its records say the same as the mappings, of which there are so many.
agree() {
    end_nfcapd
    mappings >"$LAB_DIR/ours"
    standing >"$LAB_DIR/theirs"
    echo "$(wc -l <"$LAB_DIR/ours") mappings"
    [ "$(wc -l <"$LAB_DIR/ours")" = "$1" ] && diff "$LAB_DIR/ours" "$LAB_DIR/theirs"
}

sent() { # COUNT
    [ "$(in_router curl -s --max-time 5 --unix-socket "$LAB_DIR/metrics" http://quicward/metrics |
        awk '$1 == "quicward_ipfix_records_total{outcome=\"sent\"}" { print $2 }')" -ge "$1" ]
}

hosts_ask() { # COUNT
    local host
    for ((host = 3; host < 3 + $1; host++)); do
        ask "10.0.0.$host:5000" "$S4:7000" && ask "10.0.0.$host:5001" "$S4:7000" || return 1
    done
}

start_told() { # COLLECTOR [KEYS]
    start_nat "external = \"auto\"; per_host = 2; choice = \"random\"; ipfix = \"$1\"; ${2:-}" "metrics = \"$LAB_DIR/metrics\";"
}

certificates() {
    local dir=$LAB_DIR/pki name
    mkdir -p "$dir" || return 1
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=ca -keyout "$dir/ca.key" -out "$dir/ca.pem" || return 1
    for name in "good IP:$S4" "wrong IP:192.0.2.99"; do
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x -keyout "$dir/${name% *}.key" -out "$dir/x.csr" &&
            openssl x509 -req -in "$dir/x.csr" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" -CAcreateserial -days 30 \
                -extfile <(echo "subjectAltName=${name#* }") -out "$dir/${name% *}.pem" || return 1
    done
}

lab_trap
nat_lab_up || exit 1
serve_echo 7000 || exit 1

# ---- UDP ----

check 'nfcapd' serve_nfcapd
check 'quicward' start_told "udp:$S4:$COLLECTOR"
check 'mappings of ten hosts' hosts_ask 10
check_not 'a third of one host is refused' ask 10.0.0.3:5002 "$S4:7000" 300
check 'are sent, and the refusal' wait_for 5 sent 21
check 'nfcapd wrote down what stands' agree 20
check 'and the host at its limit' shows '^13 10.0.0.3:' written
check 'quicward ends' stop_quicward

# ---- blocks: a record each ----

blocks() { # of the events, "HOST FIRST LAST"
    quicward_ask events --json | jq -r 'select(.event == "block-assigned") | "\(.inside) \(.ports[0]) \(.ports[1])"'
}

# in_blocks: each mapping lies in a block of its host.
in_blocks() {
    blocks >"$LAB_DIR/blocks"
    cat "$LAB_DIR/blocks"
    mappings | tr ':' ' ' | awk 'NR == FNR { count++; host[count] = $1; first[count] = $2; last[count] = $3; next }
        { found = 0; for (i = 1; i <= count; i++) if (host[i] == $1 && first[i] <= $4 && $4 <= last[i]) found = 1; if (!found) { print; bad = 1 } }
        END { exit bad || count == 0 }' "$LAB_DIR/blocks" -
}

check 'nfcapd' serve_nfcapd
check 'quicward with blocks' start_told "udp:$S4:$COLLECTOR" 'block = 64;'
check 'two mappings of each of five hosts' hosts_ask 5
check 'are in blocks' in_blocks
check 'one of each host' test "$(blocks | wc -l)" = 5
check 'no mapping is an event' test "$(quicward_ask events --json | jq -s 'map(select(.event | startswith("mapping"))) | length')" = 0
check 'the blocks are sent' wait_for 5 sent 5
end_nfcapd
check 'five records' test "$(written | grep -c '^16 10.0.0')" = 5
check 'and no more' test "$(written | wc -l)" = 5
check 'quicward ends' stop_quicward

# ---- TCP, first without a collector ----

check 'quicward starts without its collector' start_told "tcp:$S4:$DOOR"
check 'packets pass' hosts_ask 5
check 'nfcapd' serve_nfcapd
check 'the collector comes' serve_door
check 'what waited is sent' wait_for 10 passed 10
check 'nfcapd wrote down what stands' agree 10
check 'quicward ends' stop_quicward
lab_stop "$DOOR_PID"

# ---- TLS ----

PKI="ipfix_ca = \"$LAB_DIR/pki/ca.pem\"; ipfix_certificate = \"$LAB_DIR/pki/good.pem\"; ipfix_key = \"$LAB_DIR/pki/good.key\";"
check 'certificates' certificates
check 'nfcapd' serve_nfcapd
check 'a collector with the certificate of another address' serve_door "$LAB_DIR/pki/wrong.pem" "$LAB_DIR/pki/wrong.key" "$LAB_DIR/pki/ca.pem"
check 'quicward' start_told "tls:$S4:$DOOR" "$PKI"
check 'packets pass' hosts_ask 5
check 'the collector is refused' wait_for 10 grep -q '^refused' "$LAB_DIR/door.log"
check_not 'nothing is sent to it' sent 1
lab_stop "$DOOR_PID"
check 'the right one comes' serve_door "$LAB_DIR/pki/good.pem" "$LAB_DIR/pki/good.key" "$LAB_DIR/pki/ca.pem"
check 'what waited is sent' wait_for 10 passed 10
check 'nfcapd wrote down what stands' agree 10
check 'quicward ends cleanly' stop_quicward
case_end
