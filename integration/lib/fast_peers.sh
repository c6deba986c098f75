# shellcheck shell=bash
# Real programs whose packets the fast path carries alone: from when a flow is fast the router drops all UDP that the program in the
# kernel leaves to it. A transfer has to end as it would have, with the same payload.
# shellcheck disable=SC2034,SC2154 # names that the parts share
FAST_PEERS=(gtlsclient chromium quic-go kdig curl wireguard iperf3 stun)
FAST_SIZE=3000000 # bytes of a transfer: a second or two at FAST_RATE
FAST_RATE=30mbit  # of what the server sends,
FAST_BEGIN=1mbit  # and until its flow is fast, however slow the machine is
FAST_KNOWN=' ' # ids of flows that earlier transfers had

# fast_peers_skip
fast_peers_skip() {
    skip_without gtlsclient gtlsserver ethtool jq tcpdump iptables ip6tables tc
}

# fast_peers_up nat|firewall: the NAT lab (in both modes: its transit is the far end of the router's link) with all servers.
fast_peers_up() {
    nat_lab_up && certificate_make || return 1
    fast_page "$LAB_DIR/www/large.txt"
    fast_servers
}

# What a browser shows as it is: lines of text.
fast_page() { # FILE
    head -c $((FAST_SIZE * 3 / 4)) /dev/urandom | base64 >"$1"
}

fast_servers() {
    serve_gtls 4433 || return 1
    ! fast_peer_can chromium || serve_caddy 4435 || return 1
    ! fast_peer_can quic-go || serve_quicgo '[::]' 5433 || return 1
    ! fast_peer_can iperf3 || { lab_spawn "$LAB_SERVER" iperf3 iperf3 -s -p 5201 && wait_for 5 fast_iperf_listens; } || return 1
    ! fast_peer_can stun || fast_serve_stun || return 1
    ! fast_peer_can kdig || serve_knot || return 1
}

fast_iperf_listens() {
    in_server ss -Hltn 'sport = :5201' | grep -q .
}

fast_serve_stun() {
    lab_spawn "$LAB_SERVER" turnserver turnserver -n --no-cli --stun-only -L "$S4" -L "$S6" -p 3478 \
        --pidfile "$LAB_DIR/turn.pid" -l stdout
    serve_wait 3478
}

# fast_peer_can PEER: it is here.
fast_peer_can() {
    case $1 in
    gtlsclient) true ;;
    chromium) command -v chromium >/dev/null && command -v caddy >/dev/null ;;
    quic-go) [ -n "$QUICGO" ] ;;
    kdig) command -v kdig >/dev/null && command -v knotd >/dev/null ;;
    curl) [ -x "${QW_DEBIAN13:-/nonexistent}/usr/bin/curl" ] ;;
    wireguard) command -v wireguard-go >/dev/null && command -v wg >/dev/null && [ -e /dev/net/tun ] ;;
    iperf3) command -v iperf3 >/dev/null ;;
    stun) command -v turnserver >/dev/null ;;
    esac
}

# ---- links and places ----

# fast_place xdp|tc|clsact: links that can be used so. At tc the ends send bundles and leave checksums to the router's links, which
# finish them, so that those on the wire are whole.
fast_place() {
    local side ends=on router=off
    FAST_PLACE=$1
    [ "$1" != xdp ] || ends=off router=on
    for side in "$LAB_CLIENT c0 $ends" "$LAB_SERVER s0 $ends" "$LAB_TRANSIT t1 $ends" "$LAB_TRANSIT t0 $ends" \
        "$LAB_ROUTER lan0 $router" "$LAB_ROUTER wan0 $router"; do
        # shellcheck disable=SC2086 # three words
        set -- $side
        ip netns exec "$1" ethtool -K "$2" tx "$3" tx-udp-segmentation "$3" gro on >/dev/null || return 1
    done
    fast_rate $FAST_RATE
}

fast_rate() { # RATE
    in_server tc qdisc replace dev s0 root tbf rate "$1" burst 64k latency 200ms
}

# fast_start nat|firewall [SNIPPET]: the daemon there. At clsact it finds no links at tc.
fast_start() {
    local QUICWARD=$QUICWARD place=$FAST_PLACE
    if [ "$place" = clsact ]; then
        place=tc
        printf '#!/bin/sh\nLD_PRELOAD=%s exec %s "$@"\n' "$QW_TOOLS/without_tcx.so" "$QUICWARD" >"$LAB_DIR/quicward-clsact"
        chmod +x "$LAB_DIR/quicward-clsact"
        QUICWARD=$LAB_DIR/quicward-clsact
    fi
    FAST_KNOWN=' '
    if [ "$1" = nat ]; then
        start_nat '' "offload = \"$place\"; offload_pins = \"none\"; ${2:-}"
    else
        start_quicward "offload = \"$place\"; offload_pins = \"none\"; ${2:-}"
    fi
}

# Linux 6.6 has links at tc; before it the program is a filter of clsact there, too.
fast_kernel_links() {
    [ "$(printf '%s\n' 6.6 "$(uname -r)" | sort -V | head -n 1)" = 6.6 ]
}

# fast_place_can PLACE
fast_place_can() {
    [ "$1" != clsact ] || { fast_kernel_links && [ -e "$QW_TOOLS/without_tcx.so" ]; }
}

# fast_stands: the program is where it was to be.
fast_stands() {
    local place=$FAST_PLACE
    ! grep 'offload: .*pass the queue' "$LAB_DIR/quicward.log" || return 1
    [ "$place" = xdp ] || fast_kernel_links || place=clsact
    case $place in
    xdp) in_router ip -d link show "${FAST_LAN:-lan0}" | grep 'prog/xdp' ;;
    clsact) in_router tc filter show dev "${FAST_LAN:-lan0}" ingress | grep fast_tc ;;
    tc) ! in_router tc filter show dev "${FAST_LAN:-lan0}" ingress | grep . ;;
    esac
}

# ---- a flow whose slow path drops ----

# Dropped before connection tracking and the queue, but behind the program.
slow_path_drops() { # -I|-D
    in_router iptables -t raw "$1" PREROUTING -p udp -j DROP && in_router ip6tables -t raw "$1" PREROUTING -p udp -j DROP
}

fast_ids() { # FAMILY PORT
    # shellcheck disable=SC2016 # jq's variables
    flows_json | jq -r --arg s "$(endpoint "$1" "$2")" 'select(.server == $s and .fast) | .id'
}

# newly_fast FAMILY PORT: a flow that no earlier call met. FAST_ID is its id.
newly_fast() {
    for FAST_ID in $(fast_ids "$@"); do
        [[ $FAST_KNOWN != *" $FAST_ID "* ]] || continue
        FAST_KNOWN+="$FAST_ID "
        return 0
    done
    return 1
}

# carried_alone FAMILY PORT COMMAND...
carried_alone() {
    local family=$1 port=$2 pid status=0
    shift 2
    fast_rate $FAST_BEGIN
    "$@" &
    pid=$!
    if ! wait_for 3 newly_fast "$family" "$port"; then
        echo "no flow to port $port went fast"
        flows_json
        kill "$pid" 2>/dev/null
        fast_rate $FAST_RATE
        wait "$pid"
        return 1
    fi
    slow_path_drops -I || status=1
    ! ended "$pid" || { echo 'it had ended before'; status=1; }
    fast_rate $FAST_RATE
    wait "$pid" || status=1
    slow_path_drops -D
    return $status
}

# ---- the programs; each is true when the payload is what it was ----

fast_peer() { # PEER FAMILY
    case $1 in
    gtlsclient) carried_alone "$2" 4433 fast_gtls "$2" ;;
    chromium) carried_alone "$2" 4435 fast_chromium "$2" ;;
    quic-go) carried_alone "$2" 5433 fast_quicgo "$2" ;;
    kdig) carried_alone "$2" 53 fast_kdig "$2" ;;
    curl) carried_alone "$2" 4433 fast_curl "$2" ;;
    wireguard) fast_wireguard "$2" ;;
    iperf3) carried_alone "$2" 5201 fast_iperf "$2" ;;
    stun) carried_alone "$2" 3478 fast_stun "$2" ;;
    esac
}

fast_gtls() { # FAMILY
    rm -rf "$LAB_DIR/down" && mkdir -p "$LAB_DIR/down"
    QW_PATH=large.txt client_gtls "$1" 4433 --download="$LAB_DIR/down" -q
    cmp "$LAB_DIR/www/large.txt" "$LAB_DIR/down/large.txt"
}

fast_chromium() { # FAMILY
    QW_PATH=large.txt client_chromium "$1" 4435 >"$LAB_DIR/dom" 2>"$LAB_DIR/chromium.log"
    sed -e 's/^<html.*<pre[^>]*>//' -e '/<\/pre>/,$d' "$LAB_DIR/dom" >"$LAB_DIR/dom.txt"
    cmp "$LAB_DIR/www/large.txt" "$LAB_DIR/dom.txt"
}

fast_quicgo() { # FAMILY
    client_quicgo "$(endpoint "$1" 5433)" server.test "size=$FAST_SIZE" | tee /dev/stderr | grep -q "got $FAST_SIZE"
}

# One question after the other from one port. By QUIC it would make a connection for each, which is over before it can go fast.
fast_kdig() { # FAMILY
    local i answers=0
    for ((i = 0; i < 60; i++)); do
        shows hello-dns in_client kdig +short +timeout=5 +retry=0 -b "$(client_address "$1")#5353" "@$(server_address "$1")" \
            hello.test TXT >/dev/null && answers=$((answers + 1))
        sleep 0.05
    done
    echo "$answers answers"
    [ $answers = 60 ]
}

fast_curl() { # FAMILY
    in_debian13 "$LAB_CLIENT" curl --http3-only -s --cacert /mnt/lab/tls/ca.pem -o /mnt/lab/curl.txt \
        "https://v$1.server.test:4433/large.txt"
    cmp "$LAB_DIR/www/large.txt" "$LAB_DIR/curl.txt"
}

fast_iperf() { # FAMILY
    in_client timeout 60 iperf3 -u -c "$(server_address "$1")" -p 5201 -b 2M -t 5 --json >"$LAB_DIR/iperf.json"
    jq -c .end.sum "$LAB_DIR/iperf.json"
    jq -e '.end.sum.packets > 300 and .end.sum.lost_packets == 0' "$LAB_DIR/iperf.json" >/dev/null
}

# A socket asks again and again (RFC 8489), as whoever keeps a mapping open does, and always has the same address outside.
fast_stun() { # FAMILY
    in_client timeout 60 python3 -c '
import os, socket, sys, time
cookie = bytes.fromhex("2112a442")
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
s.connect((sys.argv[1], 3478))
s.settimeout(2)
seen = set()
for _ in range(100):
    ask = b"\0\1\0\0" + cookie + os.urandom(12)
    s.send(ask)
    answer = s.recv(2048)
    assert answer[:2] == b"\1\1" and answer[4:20] == ask[4:20]
    at = answer.index(b"\0\x20\0", 20)
    port = int.from_bytes(answer[at + 6:at + 8], "big") ^ 0x2112
    seen.add((answer[at + 8:at + 12], port) if ":" not in sys.argv[1] else port)
    time.sleep(0.05)
print(len(seen), "addresses")
assert len(seen) == 1
' "$(server_address "$1")"
}

# ---- WireGuard: a tunnel from the client to the server, and a file through it ----

fast_wireguard() { # FAMILY
    local status=0
    fast_tunnel "$1" || { cat "$LAB_DIR"/wireguard*.log; return 1; }
    carried_alone "$1" 51820 fast_tunnelled || status=1
    lab_stop "$FAST_WG_CLIENT"
    lab_stop "$FAST_WG_SERVER"
    lab_stop "$FAST_WG_FILES"
    return $status
}

fast_tunnel() { # FAMILY
    local side
    for side in client server; do
        (umask 077 && wg genkey >"$LAB_DIR/wg-$side.key") && wg pubkey <"$LAB_DIR/wg-$side.key" >"$LAB_DIR/wg-$side.pub" || return 1
    done
    lab_spawn "$LAB_CLIENT" wireguard-client env WG_PROCESS_FOREGROUND=1 wireguard-go "wgc$$"
    FAST_WG_CLIENT=$LAB_PID
    lab_spawn "$LAB_SERVER" wireguard-server env WG_PROCESS_FOREGROUND=1 wireguard-go "wgs$$"
    FAST_WG_SERVER=$LAB_PID
    wait_for 5 in_client wg show "wgc$$" && wait_for 5 in_server wg show "wgs$$" || return 1
    in_server wg set "wgs$$" listen-port 51820 private-key "$LAB_DIR/wg-server.key" peer "$(cat "$LAB_DIR/wg-client.pub")" \
        allowed-ips 10.99.0.1/32
    in_client wg set "wgc$$" private-key "$LAB_DIR/wg-client.key" peer "$(cat "$LAB_DIR/wg-server.pub")" \
        allowed-ips 10.99.0.2/32 endpoint "$(endpoint "$1" 51820)"
    ip -n "$LAB_CLIENT" addr add 10.99.0.1/24 dev "wgc$$" && ip -n "$LAB_CLIENT" link set "wgc$$" up mtu 1280 || return 1
    ip -n "$LAB_SERVER" addr add 10.99.0.2/24 dev "wgs$$" && ip -n "$LAB_SERVER" link set "wgs$$" up mtu 1280 || return 1
    lab_spawn "$LAB_SERVER" files python3 -m http.server -d "$LAB_DIR/www" -b 10.99.0.2 8080
    FAST_WG_FILES=$LAB_PID
    wait_for 5 in_client curl -s -o /dev/null http://10.99.0.2:8080/index.html
}

fast_tunnelled() {
    in_client timeout 60 curl -s -o "$LAB_DIR/tunnelled" http://10.99.0.2:8080/large.txt
    cmp "$LAB_DIR/www/large.txt" "$LAB_DIR/tunnelled"
}

# ---- what the wire and the counters say ----

# fast_wire_right: of all UDP that the ends of the router's links got no checksum is wrong.
fast_wire_right() {
    local interface all bad status=0
    for interface in c0 t0; do
        tcpdump -vv -n -r "$LAB_DIR/$interface.pcap" udp 2>/dev/null >"$LAB_DIR/$interface.txt"
        all=$(grep -c 'udp sum ok' "$LAB_DIR/$interface.txt")
        bad=$(grep -cE 'bad (udp )?cksum' "$LAB_DIR/$interface.txt")
        echo "$interface: $all datagrams with right checksums, $bad with wrong ones"
        [ "$all" -ge 100 ] && [ "$bad" = 0 ] || status=1
    done
    return $status
}

# fast_counts FAMILY: a numbered exchange that goes fast meanwhile is counted to the byte, both ways, as the wire has it.
fast_counts() {
    local family=$1 wired counted
    wire_start "$LAB_CLIENT" c0
    wire_start "$LAB_TRANSIT" t0
    numbered_in_order "$family" 4 4 1000 300
    sleep 0.3
    wire_stop
    wired="$(fast_wired t0 "dst port 9000") $(fast_wired c0 "src port 9000")"
    # shellcheck disable=SC2016 # jq's variables
    counted=$(flows_json | jq -rs --arg s "$(endpoint "$family" 9000)" 'map(select(.server == $s)) |
        "\(map(.up.packets) | add)/\(map(.up.bytes) | add) \(map(.down.packets) | add)/\(map(.down.bytes) | add)"')
    echo "the wire: $wired; flows: $counted"
    [ "$wired" = "$counted" ] && [[ $wired = 1200/*' '1200/* ]]
}

fast_wired() { # INTERFACE FILTER: packets and bytes of IP
    tcpdump -n -r "$LAB_DIR/$1.pcap" "udp and $2" 2>/dev/null |
        awk '{ packets++; bytes += $NF + ($2 == "IP6" ? 48 : 28) } END { print packets "/" bytes }'
}
