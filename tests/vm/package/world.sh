#!/bin/bash
# Before the router's network is up: clients, servers and the link outside are there, and somebody sends from both sides.
# shellcheck source-path=SCRIPTDIR source=inside.sh
. "$(dirname "$0")/inside.sh"

# knock NAMESPACE TO PORT: by one socket, whether anything hears it or not.
knock() {
    # shellcheck disable=SC2016 # expanded by the inner shell
    lab_spawn "$1" "knock-$3" bash -c 'exec 3>/dev/udp/$0/$1; while :; do echo knock >&3; sleep 0.2; done' "$2" "$3"
}

# watch NAMESPACE INTERFACE NAME FILTER: what matches, in NAME.pcap.
watch() {
    lab_spawn "$1" "watch-$3" tcpdump -Z root --immediate-mode -U -n -s 64 -i "$2" -w "$LAB_DIR/$3.pcap" "$4"
    wait_for 10 grep -q listening "$LAB_DIR/watch-$3.log"
}

nat_lab_ends || exit 1
watch "$LAB_TRANSIT" t0 untranslated 'udp and src net 10.0.0.0/8'
watch "$LAB_TRANSIT" t0 translated "udp and src host $X4 and dst port 7009"
watch "$LAB_TRANSIT" t0 unasked 'udp and dst net 10.0.0.0/8 and dst port 7008'
watch "$LAB_CLIENT" c0 entered 'udp and dst port 7008'
watch "$LAB_CLIENT" c0 sent 'udp and dst port 7009'
knock "$LAB_CLIENT" "$S4" 7009
knock "$LAB_SERVER" "$C4" 7008
echo "world up, $(cut -d ' ' -f 1 /proc/uptime) s after the machine's start"
