# shellcheck shell=bash
# Real transfers over a path whose round trips are known, with a capture of what an observer in its middle sees:
#
#   client c0 10.20.0.2 -- [path_link: half of the client | observer | half of the server] -- s0 10.20.0.3 server
#
# STACK is aioquic, lsquic (bun) or quinn (deno); both ends are of the same. A transfer has a KIND, and SIZE, EVERY, COUNT:
#   get    one stream; the server sends SIZE bytes every EVERY ms, COUNT times (1: a download)
#   put    the same by the client (1: an upload)
#   talk   both at once (not lsquic)
#   ask    COUNT requests, one every EVERY ms, SIZE bytes back
# It ends after SECONDS, done or not. QW_BUN and QW_DENO name programs, and QW_DEBIAN13 a Debian 13 system with python3-aioquic.
# shellcheck disable=SC2034 # read by the script
QW_DENO=${QW_DENO:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/quicward/deno/node_modules/@deno/linux-x64-glibc/deno} # of install.sh
TRANSFER_CLIENT=10.20.0.2 TRANSFER_SERVER=10.20.0.3 TRANSFER_PORT=443

transfers_up() {
    lab_name
    LAB_LINK=qw-$LAB_ID-link
    LAB_OTHERS+=("$LAB_LINK")
    mkdir -p "$LAB_DIR" || return 1
    lab_namespaces "$LAB_CLIENT" "$LAB_SERVER" "$LAB_LINK" || return 1
    lab_sysctl "$LAB_LINK" net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
    lane_wire "$LAB_CLIENT" c0 path "$LAB_SERVER" s0 || return 1
    ip -n "$LAB_CLIENT" addr add $TRANSFER_CLIENT/24 dev c0 && ip -n "$LAB_CLIENT" link set c0 up
    ip -n "$LAB_SERVER" addr add $TRANSFER_SERVER/24 dev s0 && ip -n "$LAB_SERVER" link set s0 up
    transfer_neighbours && certificate_make && cp "$QW_ROOT"/integration/peers/transfer_* "$LAB_DIR"
}

# Without ARP on the path its first datagram is the first of the transfer.
transfer_neighbours() {
    local client server
    client=$(ip -n "$LAB_CLIENT" -br link show c0 | awk '{ print $3 }')
    server=$(ip -n "$LAB_SERVER" -br link show s0 | awk '{ print $3 }')
    ip -n "$LAB_CLIENT" neigh replace $TRANSFER_SERVER lladdr "$server" dev c0 nud permanent &&
        ip -n "$LAB_SERVER" neigh replace $TRANSFER_CLIENT lladdr "$client" dev s0 nud permanent
}

transfer_can() { # STACK
    case $1 in
    aioquic) [ -e "${QW_DEBIAN13:-/nonexistent}/usr/lib/python3/dist-packages/aioquic" ] ;;
    lsquic) [ -x "$QW_BUN" ] ;;
    quinn) [ -x "$QW_DENO" ] ;;
    *) false ;;
    esac
}

# transfer_end STACK NAMESPACE LOG MODE ARGUMENT...: one end, in the background, as lab_spawn; files are in the lab's folder.
# TRANSFER_SPIN and TRANSFER_ACK pass through the environment.
transfer_end() {
    local stack=$1 namespace=$2 log=$3
    shift 3
    case $stack in
    aioquic) spawn_debian13_here "$namespace" "$log" python3 /mnt/lab/transfer_aioquic.py "$@" ;;
    lsquic) lab_spawn "$namespace" "$log" env HOME="$LAB_DIR" "$QW_BUN" "$LAB_DIR/transfer_bun.js" "$@" ;;
    quinn) lab_spawn "$namespace" "$log" env HOME="$LAB_DIR" DENO_NO_UPDATE_CHECK=1 DENO_DIR="$LAB_DIR/deno" \
        "$QW_DENO" run --quiet --no-config --unstable-net --allow-net --allow-read "$LAB_DIR/transfer_deno.js" "$@" ;;
    esac
}

spawn_debian13_here() {
    [ -e "$LAB_DIR/hosts" ] || lab_hosts
    spawn_debian13 "$@"
}

transfer_folder() { # STACK: the lab's folder as that end sees it
    if [ "$1" = aioquic ]; then echo /mnt/lab; else echo "$LAB_DIR"; fi
}

# What a program does for the first time takes it long: a first connection inside the server's namespace is for that.
transfer_warm() { # STACK
    transfer_end "$1" "$LAB_SERVER" warm client $TRANSFER_SERVER $TRANSFER_PORT "$(transfer_folder "$1")/tls/ca.pem" ask 1000 0 1 5
    wait_for 10 ended "$LAB_PID"
    lab_stop "$LAB_PID"
}

# transfer STACK SECONDS KIND SIZE EVERY COUNT RULE...: one transfer over a path with the RULEs of path_link. Leaves
# $LAB_DIR/transfer.pcap and the truth in $LAB_DIR/path.log.
transfer() {
    local stack=$1 seconds=$2 kind=$3 size=$4 every=$5 count=$6 folder path server client status=0
    shift 6
    folder=$(transfer_folder "$stack")
    lab_spawn "$LAB_LINK" path "$QW_TOOLS/path_link" path-a path-b "$LAB_DIR/transfer.pcap" "$@"
    path=$LAB_PID
    transfer_end "$stack" "$LAB_SERVER" server server $TRANSFER_PORT "$folder/tls/cert.pem" "$folder/tls/key.pem"
    server=$LAB_PID
    if wait_for 5 grep -q ready "$LAB_DIR/path.log" && wait_for 10 grep -q ready "$LAB_DIR/server.log" &&
        wait_for 5 listening "$LAB_SERVER" $TRANSFER_PORT && transfer_warm "$stack"; then
        transfer_end "$stack" "$LAB_CLIENT" client client $TRANSFER_SERVER $TRANSFER_PORT "$folder/tls/ca.pem" \
            "$kind" "$size" "$every" "$count" "$seconds"
        client=$LAB_PID
        wait_for $((seconds + 20)) ended "$client" || status=1
        lab_stop "$client" || status=1
    else
        status=1
    fi
    lab_stop "$path"
    lab_stop "$server"
    return $status
}
