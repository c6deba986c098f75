#include "nat_state.h"
#include <endian.h>

bool mapping_live(const struct nat *nat, nat_external mapping)
{
    unsigned slot = handle_slot(mapping);
    if (slot >= nat->slot_count)
        return false;
    uint64_t word = word_load(nat, slot, handle_port(mapping));
    return word != 0 && word_generation(word) == handle_generation(mapping);
}

nat_external mapping_now(const struct nat *nat, nat_external entered)
{
    unsigned slot = handle_slot(entered);
    return handle_of(addresses_at(&nat->addresses, slot).generation, slot, handle_port(entered));
}

nat_external mapping_find(const struct nat *nat, const struct qw_endpoint *inside, unsigned uplink)
{
    uint32_t found = nat_table_get(&nat->by_inside, inside_key(inside, uplink));
    return found == 0 ? 0 : mapping_now(nat, found);
}

/* What left the pool may be for uplinks that have no addresses any more. */
nat_external mapping_any(const struct nat *nat, const struct qw_endpoint *inside)
{
    for (unsigned uplink = 0; uplink <= nat->uplink_max; uplink++) {
        nat_external found = mapping_find(nat, inside, uplink);
        if (found != 0)
            return found;
    }
    return 0;
}

struct nat_mapping mapping_describe(const struct nat *nat, unsigned slot, uint16_t port)
{
    const struct port *record = &nat->pools[slot].ports[port];
    return (struct nat_mapping){
        .inside = word_inside(word_load(nat, slot, port)),
        .external = {.addr = addr_of(addresses_at(&nat->addresses, slot).ipv4), .port = port},
        .sessions = nat->pools[slot].links[port].sessions,
        .forward = record->state == PORT_FORWARD,
        .since = {record->since_ns},
    };
}

void mapping_tell(const struct nat *nat, unsigned slot, uint16_t port, bool created, struct qw_time now)
{
    if (!nat->changed || blocks_tell(nat, slot, port))
        return;
    struct nat_mapping mapping = mapping_describe(nat, slot, port);
    nat->changed(nat->context, &mapping, created, now);
}

nat_external mapping_set_up_at(struct nat *nat, const struct qw_endpoint *inside, unsigned slot,
                               uint16_t port, uint32_t hash)
{
    uint32_t generation = addresses_at(&nat->addresses, slot).generation;
    nat_external mapping = handle_of(generation, slot, port);
    nat_table_put_at(&nat->by_inside, inside_key(inside, slot_uplink(nat, slot)), mapping, hash);
    word_store(nat, slot, port, word_of(inside, generation));
    return mapping;
}

nat_external mapping_set_up(struct nat *nat, const struct qw_endpoint *inside, unsigned slot, uint16_t port)
{
    uint32_t hash = nat_table_hash(&nat->by_inside, inside_key(inside, slot_uplink(nat, slot)));
    return mapping_set_up_at(nat, inside, slot, port, hash);
}

/* ---- beginnings ---- */

/* A slot that is for the uplink. When that is not known, one that is for any, or else any. */
static bool is_for(const struct nat *nat, unsigned slot, unsigned uplink)
{
    bool none_for_any = uplink == 0 && !nat->any_uplink;
    return none_for_any || slot_uplink(nat, slot) == uplink;
}

static unsigned nth_slot_for(const struct nat *nat, unsigned uplink, unsigned n)
{
    for (unsigned i = 0; i < nat->in_pool_count; i++)
        if (is_for(nat, nat->in_pool[i], uplink) && n-- == 0)
            return nat->in_pool[i];
    return nat->in_pool[0];
}

/* Other routers must be able to tell it, so what the host had before does not count. */
static unsigned owners_slot(const struct nat *nat, uint32_t host)
{
    struct address_place place;
    struct qw_addr addr = addr_of(host);
    struct qw_addr external = qw_owner_address(nat->owners, qw_owner_of_host(nat->owners, &addr, QW_IPV4));
    return addresses_find(&nat->addresses, ipv4_of(&external), &place);
}

/* RFC 4787 REQ-2: all mappings of a host have one address for each uplink, as long as it is of the pool.
 * Which hosts share one is nobody's business. */
static unsigned paired_slot(const struct nat *nat, uint32_t host, unsigned uplink)
{
    unsigned count = 0;
    if (nat->owners)
        return owners_slot(nat, host);
    if (host_count(&nat->hosts, host) > 0 && nat->pools[host_slot(&nat->hosts, host)].usable &&
        is_for(nat, host_slot(&nat->hosts, host), uplink))
        return host_slot(&nat->hosts, host);
    for (unsigned i = 0; i < nat->in_pool_count; i++)
        count += is_for(nat, nat->in_pool[i], uplink);
    uint64_t hash = qw_hash24(nat->pairing, &(uint32_t){htole32(host)}, sizeof host);
    return nth_slot_for(nat, uplink, count ? (unsigned)(hash % count) : 0);
}

static bool at_limit(struct nat *nat, uint32_t host, unsigned slot, struct qw_time now)
{
    if (host_count(&nat->hosts, host) < nat->per_host)
        return false;
    pool_wake_rested(&nat->pools[slot], now);
    return host_count(&nat->hosts, host) >= nat->per_host;
}

static bool ports_scarce(const struct pool *pool, unsigned kind)
{
    return (uint64_t)pool->kinds[kind].free_count * 5 < pool->kinds[kind].configured;
}

/* RFC 6888 REQ-4: while ports are scarce a host that has more than all would have if they shared evenly gets
 * no more, and so the others go on getting theirs. */
static bool beyond_share(struct nat *nat, struct owner owner, unsigned slot, struct qw_time now)
{
    struct pool *pool = &nat->pools[slot];
    unsigned kind = pool_kind_for(pool, owner.port);
    uint32_t mine = host_count(&nat->hosts, owner.host);
    if (mine == 0 || !ports_scarce(pool, kind) || mine <= nat->stats.ports / nat->hosts.keys)
        return false;
    pool_wake_rested(pool, now);
    return ports_scarce(pool, kind);
}

/* A host at its limit may go on with a port of its own that rests and counts: it has no more than before
 * then. */
static enum nat_answer find_port(struct nat *nat, struct owner owner, unsigned slot, struct qw_time now,
                                 uint16_t *port)
{
    struct pool *pool = &nat->pools[slot];
    bool limited = at_limit(nat, owner.host, slot, now);
    if (limited && nat->choice.how == NAT_RANDOM)
        return NAT_HOST_LIMIT;
    *port =
        nat->blocks.size ? blocks_choose(nat, slot, owner, now) : choose_port(&nat->choice, pool, owner, now);
    if (limited && !pool_counts_for(pool, *port, owner.host))
        return NAT_HOST_LIMIT;
    if (*port != 0 && !pool_counts_for(pool, *port, owner.host) && beyond_share(nat, owner, slot, now))
        return NAT_PORT_SHARE;
    return *port == 0 ? NAT_NO_PORT : NAT_OK;
}

enum nat_answer mapping_make(struct nat *nat, const struct qw_endpoint *inside, unsigned uplink,
                             struct qw_time now, nat_external *out)
{
    struct owner owner = owner_of(inside);
    unsigned slot = paired_slot(nat, owner.host, uplink);
    uint16_t port;
    if (slot == ADDRESSES_NONE || addresses_at(&nat->addresses, slot).ipv4 == 0)
        return NAT_NO_ADDRESS;
    enum nat_answer answer = find_port(nat, owner, slot, now, &port);
    if (answer != NAT_OK)
        return answer;
    pool_take(&nat->pools[slot], port, owner, now);
    blocks_take(nat, slot, port, owner.host, now);
    host_up(&nat->hosts, owner.host, slot);
    *out = mapping_set_up(nat, inside, slot, port);
    nat->stats.mappings++;
    nat->stats.created++;
    mapping_tell(nat, slot, port, true, now);
    return NAT_OK;
}

void mapping_forward(struct nat *nat, unsigned slot, const struct nat_forward *forward, struct qw_time now)
{
    nat->pools[slot].ports[forward->port] = (struct port){.since_ns = now.ns, .state = PORT_FORWARD};
    mapping_set_up(nat, &forward->inside, slot, forward->port);
}

/* ---- ends ---- */

/* An inside endpoint that got a forward is found by that, while its mapping goes on. */
static bool is_found_by(const struct nat *nat, const struct qw_endpoint *inside, unsigned slot, uint16_t port)
{
    uint32_t found = nat_table_get(&nat->by_inside, inside_key(inside, slot_uplink(nat, slot)));
    return found != 0 && handle_slot(found) == slot && handle_port(found) == port;
}

void mapping_take_down(struct nat *nat, unsigned slot, uint16_t port, bool counts)
{
    struct qw_endpoint inside = word_inside(word_load(nat, slot, port));
    word_store(nat, slot, port, 0);
    atomic_signal_fence(memory_order_seq_cst); /* what a crash leaves is a mapping, or a port that rests */
    if (is_found_by(nat, &inside, slot, port))
        nat_table_remove(&nat->by_inside, inside_key(&inside, slot_uplink(nat, slot)));
    if (!counts)
        host_down(&nat->hosts, ipv4_of(&inside.addr));
}

void mapping_end(struct nat *nat, unsigned slot, uint16_t port, bool counts, struct qw_time now)
{
    struct qw_endpoint inside = word_inside(word_load(nat, slot, port));
    mapping_tell(nat, slot, port, false, now);
    mapping_take_down(nat, slot, port, counts);
    pool_release(&nat->pools[slot], port, counts, now);
    blocks_leave(nat, slot, port, ipv4_of(&inside.addr), now);
    nat->stats.mappings--;
    nat->stats.removed++;
    nat_retire_left(nat, slot);
}

/* ---- uplinks ---- */

static bool is_mapped(const struct nat *nat, unsigned slot, unsigned port)
{
    uint8_t state = nat->pools[slot].ports[port].state;
    return state == PORT_MAPPED || state == PORT_FORWARD;
}

/* Where an inside endpoint has a mapping there already, the one that was there is found. */
void mapping_change_uplink(struct nat *nat, unsigned slot, unsigned uplink)
{
    if (slot_uplink(nat, slot) == uplink)
        return;
    for (unsigned port = 1; port < POOL_PORTS; port++) {
        if (!is_mapped(nat, slot, port))
            continue;
        struct qw_endpoint inside = word_inside(word_load(nat, slot, (uint16_t)port));
        uint64_t before = inside_key(&inside, slot_uplink(nat, slot)), now = inside_key(&inside, uplink);
        uint32_t found =
            is_found_by(nat, &inside, slot, (uint16_t)port) ? nat_table_get(&nat->by_inside, before) : 0;
        if (found == 0)
            continue;
        nat_table_remove(&nat->by_inside, before);
        if (nat_table_get(&nat->by_inside, now) == 0)
            nat_table_put(&nat->by_inside, now, found);
    }
    atomic_store_explicit(&nat->uplinks[slot], (uint8_t)uplink, memory_order_relaxed);
}
