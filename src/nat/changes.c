#include "nat_state.h"
#include <string.h>

/* ---- another address ---- */

/* The sessions are those of the old address; the mapping stands from the next generation on. */
static void renew_forward(struct nat *nat, unsigned slot, uint16_t port)
{
    struct qw_endpoint inside = word_inside(word_load(nat, slot, port));
    nat->pools[slot].links[port].sessions = 0;
    word_store(nat, slot, port, word_of(&inside, addresses_next(&nat->addresses, slot)));
}

static void end_one(struct nat *nat, unsigned slot, uint16_t port, struct qw_time now)
{
    const struct port *record = &nat->pools[slot].ports[port];
    if (record->state != PORT_MAPPED && record->state != PORT_FORWARD)
        return;
    nat->sessions -= nat->pools[slot].links[port].sessions;
    if (record->state == PORT_MAPPED)
        mapping_end(nat, slot, port, false, now);
    else
        renew_forward(nat, slot, port);
}

static void end_all(struct nat *nat, unsigned slot, struct qw_time now)
{
    for (unsigned port = 1; port < POOL_PORTS; port++)
        end_one(nat, slot, (uint16_t)port, now);
    nat_table_remove_range(&nat->peers, peer_key(slot, 0, 0), peer_key(slot, UINT16_MAX, UINT32_MAX));
}

/* Ports rest for the sake of those who still send to them at the address. So they rest on when it goes and
 * comes again, and need no rest when another takes its place. */
static void change(struct nat *nat, unsigned slot, uint32_t ipv4, struct qw_time now)
{
    end_all(nat, slot, now);
    blocks_end(nat, slot);
    bool fresh = ipv4 != 0 && ipv4 != nat->slots[slot].last_address;
    nat_place(nat, slot, ipv4);
    if (fresh)
        pool_wake(&nat->pools[slot]);
}

bool nat_set_address(struct nat *nat, unsigned slot, const struct qw_addr *address, struct qw_time now)
{
    uint32_t ipv4 = address ? ipv4_of(address) : 0;
    pthread_mutex_lock(&nat->lock);
    bool another = addresses_at(&nat->addresses, slot).ipv4 != ipv4;
    if (another)
        change(nat, slot, ipv4, now);
    pthread_mutex_unlock(&nat->lock);
    return another;
}

/* ---- other ports of the router ---- */

static void router_word_changed(struct nat *nat, unsigned word, uint64_t changed)
{
    for (; changed != 0; changed &= changed - 1) {
        unsigned port = word * 64 + (unsigned)ffsll((long long)changed) - 1;
        for (unsigned slot = 0; slot < nat->slot_count; slot++)
            pool_router_port(&nat->pools[slot], (uint16_t)port);
    }
}

void nat_set_router_ports(struct nat *nat, const uint64_t ports[static QW_PORT_WORDS])
{
    pthread_mutex_lock(&nat->lock);
    for (unsigned word = 0; word < QW_PORT_WORDS; word++) {
        uint64_t changed = nat->router[word] ^ ports[word];
        nat->router[word] = ports[word];
        atomic_store_explicit(&nat->routers[word], ports[word], memory_order_relaxed);
        router_word_changed(nat, word, changed);
    }
    pthread_mutex_unlock(&nat->lock);
}
