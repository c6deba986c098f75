#!/usr/bin/env bash
# F3 W7: what passes of every protocol, chain of headers and ICMP type, in each mode and direction, within a flow and without: the
# table of docs/what-passes.md is what arrived. And multicast that the router forwards.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without python3
lab_trap
nat_lab_up || exit 1
page=$QW_ROOT/docs/what-passes.md
mac() { # NAMESPACE INTERFACE
    ip netns exec "$1" cat "/sys/class/net/$2/address"
}

send_all() { # RESULT
    timeout 120 python3 "$QW_ROOT/integration/lib/packets.py" send "$LAB_CLIENT" "$LAB_SERVER" \
        "$(mac "$LAB_ROUTER" lan0)" "$(mac "$LAB_TRANSIT" t1)" "$LAB_DIR/$1.json"
}

# What answers by itself would be taken for what was sent: the ends are silent. So is the kernel about errors.
for ns in "$LAB_CLIENT" "$LAB_SERVER"; do
    ip netns exec "$ns" iptables -A OUTPUT -j DROP
    ip netns exec "$ns" ip6tables -A OUTPUT -p icmpv6 --icmpv6-type neighbour-advertisement -j ACCEPT
    ip netns exec "$ns" ip6tables -A OUTPUT -p icmpv6 --icmpv6-type neighbour-solicitation -j ACCEPT
    ip netns exec "$ns" ip6tables -A OUTPUT -j DROP
done
check 'without quicward' send_all kernel
check 'mode firewall' start_quicward 'mode = "firewall";'
check 'sent' send_all firewall
check 'ends cleanly' stop_quicward
check 'mode monitor' start_quicward 'mode = "monitor";'
check 'sent' send_all monitor
check 'ends cleanly' stop_quicward
check 'mode nat' start_nat
check 'sent' send_all nat
check 'ends cleanly' stop_quicward
in_router sh -c "'$QUICWARD' rules -c '$LAB_DIR/quicward.conf' --remove | sh"

(cd "$LAB_DIR" && python3 "$QW_ROOT/integration/lib/packets.py" table kernel.json firewall.json nat.json monitor.json) >"$LAB_DIR/table"
[ -z "${QW_TABLE:-}" ] || cp "$LAB_DIR/table" "$QW_TABLE"
sed -n '/^| packet /,/^$/p' "$page" | sed '/^$/d' >"$LAB_DIR/documented"
check 'the page says what arrived' diff "$LAB_DIR/documented" "$LAB_DIR/table"

# multicast MODE: a datagram from outside to a group that the router forwards to the inside.
multicast() {
    lab_spawn "$LAB_ROUTER" mroute python3 -c '
import socket, struct, time
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_IGMP)
s.setsockopt(0, 200, 1) # MRT_INIT
for vif, name in enumerate(("wan0", "lan0")):
    s.setsockopt(0, 202, struct.pack("=HBBIiI", vif, 8, 1, 0, socket.if_nametoindex(name), 0)) # MRT_ADD_VIF
entry = socket.inet_aton("203.0.113.2") + socket.inet_aton("239.1.2.3") + struct.pack("=H", 0) + bytes([0, 1]) + bytes(30)
s.setsockopt(0, 204, entry + bytes(18)) # MRT_ADD_MFC
print("ready", flush=True)
time.sleep(60)'
    wait_for 3 grep -q ready "$LAB_DIR/mroute.log" || return 2
    sees "$LAB_CLIENT" c0 'udp and dst host 239.1.2.3' python3 - "$(mac "$LAB_ROUTER" wan0)" "$LAB_TRANSIT" <<'P'
import ctypes, os, socket, struct, sys
ctypes.CDLL(None).setns(os.open('/run/netns/' + sys.argv[2], os.O_RDONLY), 0)
def checksum(data):
    total = sum(struct.unpack('!%dH' % (len(data) // 2), data))
    while total >> 16: total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff
head = struct.pack('!BBHHHBBH', 0x45, 0, 36, 1, 0, 32, 17, 0) + socket.inet_aton('203.0.113.2') + socket.inet_aton('239.1.2.3')
head = head[:10] + struct.pack('!H', checksum(head)) + head[12:]
s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
s.sendto(head + struct.pack('!HHHH', 7000, 5000, 16, 0) + b'multicas', ('t0', 0x0800, 0, 0, b'\1\0\x5e\1\2\3'))
P
    local status=$?
    lab_stop "$LAB_PID"
    return $status
}
lab_sysctl "$LAB_ROUTER" net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.wan0.rp_filter=0
check 'multicast: the kernel forwards it' multicast
for mode in firewall nat; do
    if [ $mode = nat ]; then start=start_nat snippet=''; else start=start_quicward snippet='mode = "firewall";'; fi
    check "multicast, $mode" $start "$snippet"
    check_not "multicast, $mode: stays out" multicast
    check "multicast, $mode: counted" [ "$(stat_of 'reasons.unsolicited')" = 1 ]
    stop_quicward
    [ $mode = firewall ] && start_quicward 'mode = "firewall"; rules = ( { name = "tv"; direction = "in"; to = "239.1.2.3"; action = "accept"; } );'
    [ $mode = nat ] && start_nat '' 'rules = ( { name = "tv"; direction = "in"; to = "239.1.2.3"; action = "accept"; } );'
    check "multicast, $mode: a rule lets it in" multicast
    check 'ends cleanly' stop_quicward
done
check 'multicast, monitor' start_quicward 'mode = "monitor";'
case_end
