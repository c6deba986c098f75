#include "state.h"

static uint64_t inside_key(const struct qw_endpoint *inside)
{
    return word_of(inside, 0);
}

struct port *mapping_live(const struct nat *nat, nat_external mapping)
{
    unsigned slot = handle_slot(mapping);
    if (slot >= nat->address_count)
        return NULL;
    uint64_t word = word_load(nat, slot, handle_port(mapping));
    if (word == 0 || word_generation(word) != handle_generation(mapping))
        return NULL;
    return &nat->pools[slot].ports[handle_port(mapping)];
}

nat_external mapping_find(const struct nat *nat, const struct qw_endpoint *inside)
{
    uint32_t found = nat_table_get(&nat->by_inside, inside_key(inside));
    if (found == 0)
        return 0;
    unsigned slot = handle_slot(found);
    return handle_of(addresses_at(&nat->addresses, slot).generation, slot, handle_port(found));
}

struct nat_mapping mapping_describe(const struct nat *nat, unsigned slot, uint16_t port)
{
    const struct port *record = &nat->pools[slot].ports[port];
    return (struct nat_mapping){
        .inside = word_inside(word_load(nat, slot, port)),
        .external = {.addr = addr_of(addresses_at(&nat->addresses, slot).ipv4), .port = port},
        .sessions = record->sessions,
        .forward = record->state == PORT_FORWARD,
        .since = {record->since_ns},
    };
}

static void tell(const struct nat *nat, unsigned slot, uint16_t port, bool created, struct qw_time now)
{
    if (!nat->changed)
        return;
    struct nat_mapping mapping = mapping_describe(nat, slot, port);
    nat->changed(nat->context, &mapping, created, now);
}

static nat_external set_up(struct nat *nat, const struct qw_endpoint *inside, unsigned slot, uint16_t port)
{
    uint32_t generation = addresses_at(&nat->addresses, slot).generation;
    nat_external mapping = handle_of(generation, slot, port);
    nat_table_put(&nat->by_inside, inside_key(inside), mapping);
    word_store(nat, slot, port, word_of(inside, generation));
    return mapping;
}

/* ---- beginnings ---- */

/* RFC 4787 REQ-2: all mappings of a host have one address. Which hosts share one is nobody's business. */
static unsigned paired_slot(const struct nat *nat, uint32_t host)
{
    return (unsigned)(qw_hash24(nat->pairing, &host, sizeof host) % nat->address_count);
}

/* RFC 6056 3.3.1, with numbers that nobody outside can tell. */
static uint64_t next_random(struct nat *nat)
{
    uint64_t number = nat->chosen++;
    return qw_hash24(nat->choosing, &number, sizeof number);
}

static bool at_limit(struct nat *nat, uint32_t host, unsigned slot, struct qw_time now)
{
    if (nat_table_get(&nat->hosts, host) < nat->per_host)
        return false;
    pool_wake_rested(&nat->pools[slot], now);
    return nat_table_get(&nat->hosts, host) >= nat->per_host;
}

enum nat_answer mapping_make(struct nat *nat, const struct qw_endpoint *inside, struct qw_time now,
                             nat_external *out)
{
    uint32_t host = ipv4_of(&inside->addr);
    unsigned slot = paired_slot(nat, host);
    if (addresses_at(&nat->addresses, slot).ipv4 == 0)
        return NAT_NO_ADDRESS;
    if (at_limit(nat, host, slot, now))
        return NAT_HOST_LIMIT;
    uint16_t port = pool_take(&nat->pools[slot], inside->port, next_random(nat), now);
    if (port == 0)
        return NAT_NO_PORT;
    nat_table_up(&nat->hosts, host);
    *out = set_up(nat, inside, slot, port);
    nat->stats.mappings++;
    nat->stats.created++;
    tell(nat, slot, port, true, now);
    return NAT_OK;
}

void mapping_forward(struct nat *nat, const struct nat_forward *forward, struct qw_time now)
{
    nat->pools[forward->address].ports[forward->port] =
        (struct port){.since_ns = now.ns, .state = PORT_FORWARD};
    set_up(nat, &forward->inside, forward->address, forward->port);
}

/* ---- ends ---- */

void mapping_end(struct nat *nat, unsigned slot, uint16_t port, bool counts, struct qw_time now)
{
    struct qw_endpoint inside = word_inside(word_load(nat, slot, port));
    uint32_t host = ipv4_of(&inside.addr), counts_for = counts ? host : 0;
    tell(nat, slot, port, false, now);
    word_store(nat, slot, port, 0);
    nat_table_remove(&nat->by_inside, inside_key(&inside));
    if (counts_for == 0)
        nat_table_down(&nat->hosts, host);
    pool_release(&nat->pools[slot], port, counts_for, now);
    nat->stats.mappings--;
    nat->stats.removed++;
}
