#!/usr/bin/env bash
# long: 60 s
# K1 K3: what cuts two routers from each other cuts the link between their stores, too. So both are active, and neither sees it: flows begin on
# both. Then one of them steps back and only after that the stores have their link again: the other takes what that one had, whichever took over
# from which; the server reaches all of them, and they outlive the death of the one that took them.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without redis-server redis-cli
lab_trap

# alone FIRST: nobody sees anybody; both are active. Flows begin on a, from FIRST on, and on b, 100 further.
alone() {
    ip -n "${PAIR_NS[a]}" link set sync0 down
    wait_for 10 pair_link_is down && pair_active "$(PAIR_OTHER_OF "$ACTIVE")" || return 1
    wait_for 5 pair_is a '.role == "active"' && wait_for 5 pair_is b '.role == "active"' || return 1
    pair_towards a && pair_begin "$1" 6 && pair_towards b && pair_begin $(($1 + 100)) 6 || return 1
    { pair_endpoints a && pair_endpoints b; } | sort -u >"$LAB_DIR/endpoints"
    pair_is a '.split | not' && pair_is b '.split | not'
}

# healed: ACTIVE keeps the addresses, and the link comes last.
healed() {
    local other
    other=$(PAIR_OTHER_OF "$ACTIVE")
    BEFORE=$(pair_ask "$ACTIVE" cluster --json | jq .cluster.takeovers)
    pair_standby "$other"
    pair_towards "$ACTIVE"
    wait_for 5 pair_is "$other" '.role == "standby"' || return 1
    sleep 3 # longer than any claim lasts
    ip -n "${PAIR_NS[a]}" link set sync0 up
    wait_for 20 pair_link_is up
}

has_taken() {
    pair_is "$ACTIVE" ".takeovers == $((BEFORE + 1)) and .role == \"active\""
}

all_speak() { # FIRST
    pair_begin "$1" 6 && pair_begin $(($1 + 100)) 6
}

takes_all() { # FIRST
    local other
    other=$(PAIR_OTHER_OF "$ACTIVE")
    check "$ACTIVE keeps the addresses, and the stores their link" healed
    check "$ACTIVE takes what $other had" wait_for 20 has_taken
    check "$ACTIVE has all mappings" pair_kept "$ACTIVE"
    check "the server reaches what began on a" pair_reached "$1" 6
    check "the server reaches what began on b" pair_reached $(($1 + 100)) 6
    check "$other has none, but the copy" wait_for 20 pair_has_none "$other"
    check "$other has read them all" wait_for 20 pair_is "$other" '.peer.flows >= 12'
    check 'once is enough' has_taken
}

dies() { # FIRST
    local other
    other=$(PAIR_OTHER_OF "$ACTIVE")
    pair_power_loss "$ACTIVE"
    pair_active "$other"
    check "$ACTIVE dies, $other is active" wait_for 5 pair_is "$other" '.role == "active"'
    check "$other has all mappings" pair_kept "$other"
    check "the server reaches them" pair_reached "$1" 6
    check "and those" pair_reached $(($1 + 100)) 6
    check "they speak again" all_speak "$1"
    check "no endpoint is another" pair_kept "$other"
    check "$ACTIVE comes back" pair_power_back "$ACTIVE"
    check "$ACTIVE stands by" wait_for 5 pair_is "$ACTIVE" '.role == "standby" and .peer.active'
    check "$ACTIVE has read them all" wait_for 20 pair_is "$ACTIVE" '.peer.flows >= 12'
}

pair_lab_up || exit 1
serve_echo 7000
for router in a b; do
    pair_conf $router nat >"$LAB_DIR/$router/quicward.conf"
    check "$router has its stores" pair_redis $router
    check "$router starts" pair_start $router
done
check 'a is active, b stands by' wait_for 5 pair_is a '.role == "active" and .peer.known'
ACTIVE=a
check 'b takes over unseen; flows begin on both' alone 6000
takes_all 6000
dies 6000
# b is active, and knows that a was before it. Now a takes over unseen, and b keeps the addresses.
ACTIVE=b
check 'a takes over unseen; flows begin on both' alone 6400
takes_all 6400
# The one that took over unseen keeps the addresses.
check 'a takes over unseen again; flows begin on both' alone 6800
ACTIVE=a
takes_all 6800
dies 6800
for router in a b; do
    check "$router ends cleanly" lab_stop "${PAIR_DAEMON[$router]}"
done
case_end
