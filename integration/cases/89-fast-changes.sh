#!/usr/bin/env bash
# alone
# X4 X5 X7 O3: with offload "auto" flows go fast where they may; what they carried is counted to the byte; changes of routes, neighbours,
# addresses and interfaces reach the program, and flows that end leave nothing behind.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without tcpdump jq
lab_trap
nat_lab_up || exit 1
fast_links tc || exit 1
start_nat 'external = "auto";' 'offload = "auto";
flows = { max = 64; };' || exit 1
lab_spawn "$LAB_SERVER" echo "$QW_TOOLS/udp_echo" "$S4:9000"
wait_for 5 listening "$LAB_SERVER" 9000 || exit 1

offload_json() {
    quicward_ask offload --json
}

offload_is() { # FILTER
    offload_json | tee /dev/stderr | jq -se "$1" >/dev/null
}

ask_from() { # PORT [BYTES]
    ask "$C4:$1" "$S4:9000" 1000 "${@:2}"
}

goes_fast() { # PORT
    ask_from "$1" >/dev/null 2>&1
    flow_is ".fast and .client == \"$C4:$1\""
}

fast_or_skip
offload_json >"$LAB_DIR/first" 2>&1
grep -q '"place": *"tc"' "$LAB_DIR/first" || skip "no program can be attached here: $(cat "$LAB_DIR/first")"
check 'veth is at tc, and it is said why' \
    offload_is 'map(select(.interface and .place == "tc" and (.why | test("far end")))) | length >= 1'
check 'a flow that both sides use goes fast' wait_for 5 goes_fast 5001

# The flow's packets as the client has them, by tcpdump, beside what quicward counts.
: >"$LAB_DIR/tcpdump.log"
in_client tcpdump -Z root --immediate-mode -i c0 -n -s 64 -U -w "$LAB_DIR/flow.pcap" "udp port 5002" 2>"$LAB_DIR/tcpdump.log" &
dump=$!
wait_for 5 grep -q listening "$LAB_DIR/tcpdump.log"
for bytes in 20 100 1400 33 5 700 1472 9; do
    ask_from 5002 $bytes >/dev/null || echo "  no answer to $bytes bytes"
done
wait_for 5 goes_fast 5002 >/dev/null 2>&1
for bytes in 1 1400 1000 77 5 700 1472 9; do
    ask_from 5002 $bytes >/dev/null || echo "  no answer to $bytes bytes"
done
sleep 0.5
kill $dump; wait $dump
dumped() { # DIRECTION: packets and bytes of IP
    tcpdump -r "$LAB_DIR/flow.pcap" -n "$1 host $C4" 2>/dev/null |
        awk '{ packets++; bytes += 28 + $NF } END { print packets "/" bytes }'
}
counted() {
    flows_json | jq -r "select(.client == \"$C4:5002\") | \"\(.up.packets)/\(.up.bytes) \(.down.packets)/\(.down.bytes)\""
}
as_dumped() {
    echo "tcpdump $(dumped src) $(dumped dst), flows $(counted)"
    [ "$(counted)" = "$(dumped src) $(dumped dst)" ]
}
check 'its packets and bytes are those that tcpdump counts' as_dumped
check 'most of them were fast' offload_is 'any(.[]; .interface == "lan0" and .fast.packets >= 8 and .fast.bytes > 4000)'

# At once, on a machine at ease.
ip -n "$LAB_ROUTER" route add blackhole "$S4/32"
check 'a route that ends nowhere holds for fast flows too' wait_for 1 not ask_from 5001
ip -n "$LAB_ROUTER" route del blackhole "$S4/32"
check 'with the route back the flow goes on' wait_for 5 ask_from 5001
check 'and goes fast again' wait_for 5 goes_fast 5001

ip -n "$LAB_TRANSIT" link set t0 address 02:00:00:00:77:01
ip -n "$LAB_ROUTER" neigh flush dev wan0
check 'a next hop with another MAC address is found' wait_for 5 ask_from 5001
check 'and the flow goes fast' wait_for 5 goes_fast 5001

# A shaper appears, and the program is at tc for another reason.
if ip netns exec "$LAB_ROUTER" tc qdisc replace dev wan0 root tbf rate 100mbit burst 64k latency 50ms 2>/dev/null; then
    check 'a shaper is seen and named' wait_for 5 offload_is 'any(.[]; .interface == "wan0" and (.why | test("tbf")))'
    check 'and warned of, with what takes it away' \
        offload_is 'any(.[]; .interface == "wan0" and (.warnings | any(test("tc qdisc replace dev wan0 root"))))'
    check 'the flow is fast behind it' wait_for 5 goes_fast 5001
fi

# Another external address: at once under another name outside, and never again under the old one.
ip -n "$LAB_ROUTER" addr del "$X4/24" dev wan0
ip -n "$LAB_ROUTER" addr add 198.51.100.9/24 dev wan0
ip -n "$LAB_ROUTER" route replace default via "$T4"
ip -n "$LAB_TRANSIT" route replace 10.0.0.0/24 via 198.51.100.9
mapping_moved() {
    ask_from 5001 >/dev/null 2>&1
    mapping_is ".inside == \"$C4:5001\" and (.external | startswith(\"198.51.100.9:\"))"
}
check 'the mapping is one of the new address' wait_for 5 mapping_moved
check_not 'no packet leaves under the old one' sees "$LAB_TRANSIT" t0 "src host $X4 and udp" ask_from 5001
check 'the flow goes fast under the new one' wait_for 5 goes_fast 5001

check 'quicward ends cleanly' stop_quicward
no_programs() {
    in_router ip -d link show lan0 | tee /dev/stderr | grep -q 'prog/' && return 1
    ! in_router tc filter show dev lan0 ingress | grep .
}
check 'and leaves no program behind' no_programs
case_end
