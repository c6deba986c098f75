# shellcheck shell=bash
# Captures inside the lab, and what they hold. WHERE is client (all that it sends and gets) or server (all that the router
# sends to it: DNS over QUIC is taken from the server's interface before a capture there would see it); in the NAT lab also
# outside: all that is on the link beyond the router.
declare -A CAPTURE_PIDS=()

# capture_start WHERE: waits until it runs.
capture_start() {
    local where=$1 namespace=$LAB_CLIENT options=(-i c0)
    [ "$where" != server ] || { namespace=$LAB_ROUTER options=(-i wan0 -Q out); }
    [ "$where" != outside ] || { namespace=$LAB_TRANSIT options=(-i t0); }
    : >"$LAB_DIR/capture-$where.log"
    lab_spawn "$namespace" "capture-$where" tcpdump -Z root --immediate-mode -U -n -B 16384 "${options[@]}" \
        -w "$LAB_DIR/$where.pcap" 'udp or tcp or icmp or icmp6'
    CAPTURE_PIDS[$where]=$LAB_PID
    wait_for 3 grep -q listening "$LAB_DIR/capture-$where.log"
}

# capture_stop WHERE
capture_stop() {
    capture_settled "$LAB_DIR/$1.pcap"
    lab_stop "${CAPTURE_PIDS[$1]}"
    unset "CAPTURE_PIDS[$1]"
}

# wire_start NAMESPACE INTERFACE: all frames that the interface gets, link layer too, in LAB_DIR/INTERFACE.pcap.
declare -A WIRE_PIDS=()
wire_start() {
    : >"$LAB_DIR/wire-$2.log"
    lab_spawn "$1" "wire-$2" tcpdump -Z root --immediate-mode -U -B 16384 -Q in -i "$2" -w "$LAB_DIR/$2.pcap"
    WIRE_PIDS[$2]=$LAB_PID
    wait_for 5 grep -q listening "$LAB_DIR/wire-$2.log"
}

# wire_stop: all of them.
wire_stop() {
    local interface
    for interface in "${!WIRE_PIDS[@]}"; do
        capture_settled "$LAB_DIR/$interface.pcap"
        lab_stop "${WIRE_PIDS[$interface]}"
    done
    WIRE_PIDS=()
}

# What was just sent is on its way into the file: it is whole when it did not grow for a moment, or, while a flood goes on, when
# it has what came later.
capture_settled() { # FILE
    local size left=50 before='' asked=${EPOCHREALTIME/,/.}
    while size=$(stat -c %s "$1") && [ "$size" != "$before" ] && [ $left -gt 0 ]; do
        before=$size left=$((left - 1))
        sleep 0.1
        [ $left -gt 47 ] || ! has_later "$1" "$asked" || return 0
    done
}

has_later() { # FILE SECONDS
    tcpdump -tt -n -r "$1" 2>/dev/null | tail -n 1 | awk -v asked="$2" '{ exit !($1 > asked) }'
}

# protocol FAMILY: as filters have it.
protocol() {
    if [ "$1" = 4 ]; then echo ip; else echo ip6; fi
}

# captured WHERE FILTER: a line a packet, its time in seconds first.
captured() {
    tcpdump -tt -n -r "$LAB_DIR/$1.pcap" "$2" 2>/dev/null
}

# captured_count WHERE FILTER
captured_count() {
    captured "$1" "$2" | wc -l
}

# captured_bytes WHERE FILTER: a line a packet, hexadecimal, from the IP header on.
captured_bytes() {
    tcpdump -x -n -r "$LAB_DIR/$1.pcap" "$2" 2>/dev/null | awk '
        /^[^\t]/ { if (bytes) print bytes; bytes = "" }
        /^\t/ { for (i = 2; i <= NF; i++) bytes = bytes $i }
        END { if (bytes) print bytes }'
}

# ptb FAMILY: a filter for "packet too big".
ptb() {
    if [ "$1" = 4 ]; then echo 'icmp[0] == 3 and icmp[1] == 4'; else echo 'ip6 proto 58 and ip6[40] == 2'; fi
}

# quoted_as_sent WHERE FAMILY FILTER BYTES: the last PTB quotes BYTES bytes, and they are those of the last packet that matches FILTER,
# but for what every router changes: TTL and header checksum, or hop limit.
quoted_as_sent() {
    local where=$1 family=$2 filter=$3 length=$(($4 * 2)) sent quote
    sent=$(captured_bytes "$where" "$filter" | tail -n 1)
    quote=$(captured_bytes "$where" "$(ptb "$family")" | tail -n 1)
    if [ "$family" = 4 ]; then quote=${quote:56}; else quote=${quote:96}; fi
    echo "sent   $sent"
    echo "quoted $quote"
    [ ${#quote} = $length ] && [ "$(as_any_hop "$family" "$quote")" = "$(as_any_hop "$family" "${sent:0:$length}")" ]
}

as_any_hop() { # FAMILY BYTES
    if [ "$1" = 4 ]; then echo "${2:0:16}--${2:18:2}----${2:24}"; else echo "${2:0:14}--${2:16}"; fi
}

# captured_flows WHERE FILTER: how many 5-tuples.
captured_flows() {
    captured "$1" "$2" | awk '{ print $3, $5 }' | sort -u | wc -l
}

# captured_sizes WHERE FILTER: UDP payload lengths in their order, in one line.
captured_sizes() {
    captured "$1" "$2" | sed -nE 's/.*length ([0-9]+).*/\1/p' | xargs
}

# captured_openings WHERE FILTER: for each 5-tuple how many datagrams its first sender sent before it was answered, the
# numbers sorted in one line.
captured_openings() {
    captured "$1" "$2" | awk '{
        to = $5; sub(/:$/, "", to)
        if (($3, to) in sent) sent[$3, to]++
        else if ((to, $3) in sent) answered[to, $3] = answered[to, $3] ? answered[to, $3] : sent[to, $3]
        else sent[$3, to] = 1
    } END { for (flow in sent) print answered[flow] + 0 }' | sort -n | xargs
}

# median: of the numbers in the input, one a line.
median() {
    sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}
