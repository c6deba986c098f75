#!/usr/bin/env bash
# K1 K3: three routers, of which a command says who owns an address. All three own it at once, cut from each other, and flows begin on each.
# Two of them step back before the stores see each other again: the third one takes the flows of both, and they outlive its death.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=/dev/null
. "$QW_ROOT/integration/lib/owners.sh"
skip_without redis-server redis-cli
lab_trap
OWNED=198.51.100.8
HOST= # one of that address

# says ROUTER active|standby [ADDRESS]
says() {
    pair_ask "$1" cluster "$2" "${3:-$OWNED}"
}

is_owner() { # ROUTER
    pair_is "$1" '.owners[1].role == "active"'
}

stands_by() { # ROUTER
    pair_is "$1" '.owners[1].role == "standby"'
}

# by ROUTER: all packets, both ways.
by() {
    trio_routes "${TRIO_NUMBER[$1]}"
    trio_own "$1" 8 2>/dev/null
}

# Whose hosts are whose is a hash: the first one that goes out by the second address.
find_host() {
    for ((HOST = 0; HOST < TRIO_HOSTS; HOST++)); do
        in_client "$QW_TOOLS/udp_ask" "$(trio_host4 $HOST):4000" "$S4:7000" question 5000 || return 1
        ! pair_endpoints b | grep -F "$(trio_host4 $HOST):4000 $OWNED:" || return 0
    done
    return 1
}

# One packet comes by each router that has to do with it once, or twice, and by no further ones.
go_nowhere() {
    local before after
    by b
    wait_for 5 reaches b && wait_for 5 reaches a || return 1
    before=$(trio_count a .reasons.elsewhere)
    for ((HOST = 0; HOST < 6; HOST++)); do
        in_client "$QW_TOOLS/udp_ask" "$(trio_host4 $HOST):4000" "$S4:7000" question 100 && return 1
    done
    after=$(trio_count a .reasons.elsewhere)
    echo "a dropped $((after - before)) of 6, b marked $(trio_count b .marked)"
    [ $((after - before)) -gt 0 ] && [ "$(trio_count b .marked)" -le 12 ] && [ "$(trio_count a .marked)" -le 6 ]
}

# begin FIRST: flows of the host; twice, so that each is one that is copied.
begin() {
    C4=$(trio_host4 "$HOST") pair_begin "$1" 6
}

# A lab just made has neighbours to find.
reaches() { # ROUTER
    in_client ping -c 1 -W 1 "10.0.0.${TRIO_NUMBER[$1]}"
}

# alone ROUTER FIRST: it has all packets, and flows begin.
alone() {
    says "$1" active && wait_for 5 is_owner "$1" && by "$1" && wait_for 5 reaches "$1" && { [ -n "$HOST" ] || find_host; } && begin "$2"
}

endpoints() { # ROUTER...
    local router
    for router in "$@"; do pair_endpoints "$router"; done | grep -F "$OWNED:" | sort -u
}

none_is_split() {
    local router
    for router in "${TRIO[@]}"; do pair_is "$router" '.split | not' || return 1; done
}

remember() {
    endpoints "${TRIO[@]}" >"$LAB_DIR/endpoints"
    [ "$(wc -l <"$LAB_DIR/endpoints")" -ge 24 ]
}

all_speak() {
    begin 5000 && begin 5100 && begin 5200 && begin 5300
}

sees() { # ROUTER OTHER: its copy is new
    pair_is "$1" ".peers | map(select(.router == \"$2\"))[0] | .store_up and .age < 3"
}

trio_lab_up || exit 1
serve_echo 7000
for router in "${TRIO[@]}"; do
    trio_conf "$router" nat | sed 's/^cluster = {/& follow = "command";/' >"$LAB_DIR/$router/quicward.conf"
    check "$router has its stores" trio_redis "$router"
    check "$router starts" pair_start "$router"
    check "$router owns nothing" stands_by "$router"
done
check 'another address is none to own' shows '"192\.0\.2\.1" is not one of cluster.owners: 198\.51\.100\.7, 198\.51\.100\.8' says a active 192.0.2.1
check_not 'which is an error' says a active 192.0.2.1
# The host may hash to the first address: then b sends its packets to a, and a sends them nowhere.
check 'nobody owns anything, and packets go nowhere' go_nowhere
HOST=
check 'a owns one' says a active 198.51.100.7
check 'b owns the other one' alone b 5000
check 'which is no matter here' stands_by a
check 'a has the copy' wait_for 10 pair_is a '.peers | map(select(.router == "b"))[0].flows >= 6'

ip -n "$LAB_TRANSIT" link set sync down
check 'a takes over unseen' alone a 5100
check 'c takes over unseen' alone c 5200
check 'b goes on' alone b 5300
check 'flows of each are there' remember
sleep 3 # longer than any claim lasts
check 'nobody saw it' none_is_split
check 'b steps back' says b standby
check 'c steps back' says c standby
by a
check 'they stand by' wait_for 5 stands_by b
sleep 3
ip -n "$LAB_TRANSIT" link set sync up
check 'a sees b again' wait_for 20 sees a b
check 'and c' wait_for 20 sees a c
check 'it takes the flows of both' wait_for 20 pair_kept a
check 'all flows go on' all_speak
check 'b and c have them' wait_for 20 pair_is b '.peers | map(select(.router == "a"))[0].flows >= 24'
check 'a owns it still, and the other one' pair_is a '.owners | map(select(.role == "active")) | length == 2'

trio_power_loss a
check 'a dies, c owns it' says c active
check 'c is active' wait_for 5 is_owner c
by c
check 'c has all of them' pair_kept c
check 'all go on' all_speak
check 'c steps back on demand' says c standby
check 'and does' wait_for 5 stands_by c
check 'b takes it' says b active
check 'and is active' wait_for 5 is_owner b
by b
check 'b has all of them' pair_kept b
check 'all go on, at last' all_speak
for router in b c; do
    check "$router ends cleanly" lab_stop "${PAIR_DAEMON[$router]}"
done
case_end
