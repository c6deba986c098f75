/* A forward that leaves drains as a mapping. One that comes takes its endpoint from whoever has it. */
#include "forwards.h"
#include "nat_state.h"
#include <stdlib.h>
#include <string.h>

/* ---- those that are wanted ---- */

static int by_place(const void *a, const void *b)
{
    const struct nat_forward *x = a, *y = b;
    if (x->address != y->address)
        return x->address < y->address ? -1 : 1;
    return (int)x->port - (int)y->port;
}

bool forwards_take(struct forwards *forwards, const struct nat_forward *wanted, unsigned count,
                   struct qw_time now)
{
    *forwards = (struct forwards){.count = count, .now = now};
    forwards->sorted = calloc(count + 1, sizeof *forwards->sorted);
    if (!forwards->sorted)
        return false;
    if (count > 0)
        memcpy(forwards->sorted, wanted, count * sizeof *wanted);
    qsort(forwards->sorted, count, sizeof *forwards->sorted, by_place);
    return true;
}

void forwards_free(struct forwards *forwards)
{
    free(forwards->sorted);
}

/* NULL: there is to be none. */
static const struct nat_forward *wanted_at(const struct forwards *forwards, unsigned address, uint16_t port)
{
    const struct nat_forward place = {.address = address, .port = port};
    return bsearch(&place, forwards->sorted, forwards->count, sizeof place, by_place);
}

static bool stands(const struct nat *nat, unsigned slot, const struct nat_forward *forward)
{
    uint32_t generation = addresses_at(&nat->addresses, slot).generation;
    return nat->pools[slot].ports[forward->port].state == PORT_FORWARD &&
           word_load(nat, slot, forward->port) == word_of(&forward->inside, generation);
}

bool forwards_stand(const struct nat *nat, const struct forwards *forwards, const uint8_t *slots)
{
    bool all = forwards->count == nat->forwards;
    for (unsigned i = 0; i < forwards->count && all; i++)
        all = stands(nat, slots[forwards->sorted[i].address], &forwards->sorted[i]);
    return all;
}

/* ---- leaving ---- */

/* Its host has it as a mapping from now on, and keeps the address that its mappings have (RFC 4787 REQ-2). */
static void drain(struct nat *nat, unsigned slot, uint16_t port, struct qw_time now)
{
    struct qw_endpoint inside = word_inside(word_load(nat, slot, port));
    uint32_t host = ipv4_of(&inside.addr);
    bool known = host_count(&nat->hosts, host) > 0;
    pool_drain(&nat->pools[slot], port, owner_of(&inside), now);
    host_up(&nat->hosts, host, known ? host_slot(&nat->hosts, host) : slot);
    blocks_drain(nat, slot, port, host, now);
    nat->stats.mappings++;
    nat->stats.created++;
    mapping_tell(nat, slot, port, true, now);
}

/* Nobody inside is left to be spoken to. Its port rests for the sake of those who still send there. */
static void end_unused(struct nat *nat, unsigned slot, uint16_t port, struct qw_time now)
{
    struct qw_endpoint inside = word_inside(word_load(nat, slot, port));
    mapping_take_down(nat, slot, port, true); /* a forward never counted */
    pool_rest(&nat->pools[slot], port, owner_of(&inside), false, now);
}

static void leave(struct nat *nat, unsigned slot, uint16_t port, struct qw_time now)
{
    if (nat->pools[slot].links[port].sessions > 0)
        drain(nat, slot, port, now);
    else
        end_unused(nat, slot, port, now);
}

/* One that leads elsewhere now is left to `enter`: its endpoint is never nobody's meanwhile. */
void forwards_leave(struct nat *nat, const struct forwards *forwards, const uint8_t *slots, unsigned count)
{
    unsigned address[NAT_ADDRESSES_MAX];
    for (unsigned slot = 0; slot < nat->slot_count; slot++)
        address[slot] = ADDRESSES_NONE;
    for (unsigned i = 0; i < count; i++)
        address[slots[i]] = i;
    for (unsigned slot = 0; slot < nat->slot_count; slot++)
        for (unsigned port = 1; port < POOL_PORTS && nat->forwards > 0; port++)
            if (nat->pools[slot].ports[port].state == PORT_FORWARD &&
                !wanted_at(forwards, address[slot], (uint16_t)port))
                leave(nat, slot, (uint16_t)port, forwards->now);
}

/* ---- entering ---- */

/* The inside endpoint's own mapping at that very port becomes the forward, with its sessions. */
static void promote(struct nat *nat, unsigned slot, uint16_t port, uint32_t host, struct qw_time now)
{
    mapping_tell(nat, slot, port, false, now);
    host_down(&nat->hosts, host);
    blocks_leave(nat, slot, port, host, now);
    nat->stats.mappings--;
    nat->stats.removed++;
}

static void cut_mapping(struct nat *nat, struct forwards *forwards, unsigned slot, uint16_t port)
{
    struct qw_endpoint inside = word_inside(word_load(nat, slot, port));
    mapping_tell(nat, slot, port, false, forwards->now);
    mapping_take_down(nat, slot, port, false);
    blocks_leave(nat, slot, port, ipv4_of(&inside.addr), forwards->now);
    nat->stats.mappings--;
    nat->stats.removed++;
    forwards->cut = true;
}

/* Another inside endpoint is spoken to there from now on. The sessions of the one before end with its flows.
 */
static void cut_forward(struct nat *nat, struct forwards *forwards, unsigned slot, uint16_t port)
{
    forwards->cut |= nat->pools[slot].links[port].sessions > 0;
    mapping_take_down(nat, slot, port, true); /* a forward never counted */
}

static void enter(struct nat *nat, struct forwards *forwards, unsigned slot,
                  const struct nat_forward *forward)
{
    uint16_t port = forward->port;
    struct pool *pool = &nat->pools[slot];
    uint8_t state = pool->ports[port].state;
    struct qw_endpoint before = word_inside(word_load(nat, slot, port));
    bool own = state == PORT_MAPPED && qw_endpoint_compare(&before, &forward->inside) == 0;
    uint32_t sessions = own ? pool->links[port].sessions : 0;
    if (own)
        promote(nat, slot, port, ipv4_of(&before.addr), forwards->now);
    else if (state == PORT_MAPPED)
        cut_mapping(nat, forwards, slot, port);
    else if (state == PORT_FORWARD)
        cut_forward(nat, forwards, slot, port);
    pool_give(pool, port);
    mapping_forward(nat, slot, forward, forwards->now);
    pool->links[port].sessions = sessions;
}

void forwards_enter(struct nat *nat, struct forwards *forwards, unsigned address, unsigned slot)
{
    for (unsigned i = 0; i < forwards->count; i++)
        if (forwards->sorted[i].address == address && !stands(nat, slot, &forwards->sorted[i]))
            enter(nat, forwards, slot, &forwards->sorted[i]);
}
