#!/usr/bin/env bash
# M1, M2: a size limit in mode nat: a datagram above it that may not be fragmented is dropped, and its sender is asked for
# smaller ones by a PTB that quotes it as he sent it, inside endpoint or external one. Kernels on both sides take it. One that
# may be fragmented passes.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without tcpdump
case_nat '' 'size_limits = ( { class = "udp"; limit = 1300; } );'
serve_echo 7000 || exit 1

# big_datagram NAMESPACE TO PORT: 1400 bytes with DF, which bash leaves on, from a socket that then waits for errors.
big_datagram() {
    # shellcheck disable=SC2016 # expanded by the inner shell
    ip netns exec "$1" bash -c 'exec 3<>"/dev/udp/$0/$1" && printf "%1400s" >&3 && sleep 0.3' "$2" "$3"
}

check 'a small datagram' ask "$C4:5000" "$S4:7000"
check 'a large one that may be fragmented' ask "$C4:5000" "$S4:7000" 2000 1400
external=$(external_of "$C4:5000")

check 'the client is asked for smaller ones' shows 'need to frag \(mtu 1300\)' \
    sees "$LAB_CLIENT" c0 "icmp[0] == 3 and icmp[1] == 4" big_datagram "$LAB_CLIENT" "$S4" 7000
check 'by the router, about what it sent' grep -qE "^ +$C4.[0-9]+ > $S4.7000:" "$LAB_DIR/seen.log"
check 'its kernel takes it' shows 'mtu 1300' in_client ip route get "$S4"
check 'so is the server' shows 'need to frag \(mtu 1300\)' \
    sees "$LAB_SERVER" s0 "icmp[0] == 3 and icmp[1] == 4 and src host $X4" big_datagram "$LAB_SERVER" "$X4" "${external##*:}"
check 'about what it sent' grep -qE "^ +$S4.[0-9]+ > $X4.${external##*:}:" "$LAB_DIR/seen.log"
check 'its kernel takes it' shows 'mtu 1300' in_server ip route get "$X4"
check 'both are counted' [ "$(stat_of 'reasons["too-big"]')" = 2 ]
check 'quicward ends cleanly' stop_quicward
case_end
