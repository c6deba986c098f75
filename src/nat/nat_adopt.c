/* Mappings that this room did not make: of the process before, or of another router. Nothing in them is
 * believed (S1). */
#include "nat_state.h"

static bool possible(const struct nat_mapping *record)
{
    return record->external.port != 0 && ipv4_of(&record->inside.addr) != 0 &&
           record->external.port % 2 == record->inside.port % 2;
}

/* No configuration hands out such a port. They stand in order. */
static bool reflects(uint16_t port)
{
    const uint16_t *ports;
    size_t count = qw_reflection_ports(&ports), first = 0, end = count;
    while (first < end) {
        size_t middle = (first + end) / 2;
        if (ports[middle] < port)
            first = middle + 1;
        else
            end = middle;
    }
    return first < count && ports[first] == port;
}

static enum nat_adopted judge_port(const struct nat *nat, unsigned slot, uint16_t port, bool wakes)
{
    if (reflects(port))
        return NAT_ADOPT_UNUSABLE;
    static const enum nat_adopted RESULTS[PORT_STATES] = {
        [PORT_FOREIGN] = NAT_ADOPTED,
        [PORT_FREE] = NAT_ADOPTED,     /* it lives on where the port left the pool */
        [PORT_RESERVED] = NAT_ADOPTED, /* and where the router came meanwhile */
        [PORT_RESTING] = NAT_ADOPT_TAKEN,
        [PORT_MAPPED] = NAT_ADOPT_TAKEN,
        [PORT_FORWARD] = NAT_ADOPT_UNUSABLE,
    };
    uint8_t state = nat->pools[slot].ports[port].state;
    return wakes && state == PORT_RESTING ? NAT_ADOPTED : RESULTS[state];
}

/* As many as there are places for: by_inside has one for each session that there may be. */
static bool has_room(const struct nat *nat)
{
    return nat->stats.mappings < nat->sessions_max && nat->by_inside.keys < nat_table_room(&nat->by_inside) &&
           nat->hosts.keys < nat_table_room(&nat->hosts);
}

enum nat_adopted adopt_judge(const struct nat *nat, const struct nat_mapping *record, bool wakes,
                             struct qw_time now, unsigned *slot)
{
    struct address_place place;
    if (!possible(record))
        return NAT_ADOPT_IMPOSSIBLE;
    if (record->since.ns > now.ns)
        return NAT_ADOPT_AHEAD;
    *slot = addresses_find(&nat->addresses, ipv4_of(&record->external.addr), &place);
    if (*slot == ADDRESSES_NONE)
        return NAT_ADOPT_ADDRESS;
    enum nat_adopted result = judge_port(nat, *slot, record->external.port, wakes);
    return result == NAT_ADOPTED && !has_room(nat) ? NAT_ADOPT_TAKEN : result;
}

nat_external adopt_take(struct nat *nat, const struct nat_mapping *record, unsigned slot,
                        const struct adopt_hashes *hashes)
{
    struct owner owner = owner_of(&record->inside);
    pool_take(&nat->pools[slot], record->external.port, owner, record->since);
    host_up_at(&nat->hosts, owner.host, slot, hashes->host);
    blocks_adopt(nat, slot, record->external.port, owner.host);
    nat->stats.mappings++;
    return mapping_set_up_at(nat, &record->inside, slot, record->external.port, hashes->inside);
}

static enum nat_adopted adopt(struct nat *nat, const struct nat_mapping *record, bool wakes,
                              struct qw_time now)
{
    unsigned slot;
    enum nat_adopted result = adopt_judge(nat, record, wakes, now, &slot);
    if (result != NAT_ADOPTED)
        return result;
    uint64_t inside = inside_key(&record->inside, slot_uplink(nat, slot));
    const struct adopt_hashes hashes = {
        .inside = nat_table_hash(&nat->by_inside, inside),
        .host = nat_table_hash(&nat->hosts, ipv4_of(&record->inside.addr)),
    };
    if (nat_table_get_at(&nat->by_inside, inside, hashes.inside) != 0)
        return NAT_ADOPT_TAKEN;
    adopt_take(nat, record, slot, &hashes);
    return NAT_ADOPTED;
}

enum nat_adopted adopt_mapping(struct nat *nat, const struct nat_mapping *record, struct qw_time now)
{
    return adopt(nat, record, false, now);
}

static enum nat_adopted adopt_locked(struct nat *nat, const struct nat_mapping *record, bool wakes,
                                     struct qw_time now)
{
    pthread_mutex_lock(&nat->lock);
    enum nat_adopted result = adopt(nat, record, wakes, now);
    pthread_mutex_unlock(&nat->lock);
    return result;
}

enum nat_adopted nat_adopt(struct nat *nat, const struct nat_mapping *record, struct qw_time now)
{
    return adopt_locked(nat, record, false, now);
}

enum nat_adopted nat_adopt_awake(struct nat *nat, const struct nat_mapping *record, struct qw_time now)
{
    return adopt_locked(nat, record, true, now);
}

bool adopt_rest(struct nat *nat, unsigned slot, uint16_t port, struct owner owner, bool counts,
                struct qw_time since)
{
    uint8_t state = nat->pools[slot].ports[port].state;
    if (state > PORT_RESERVED || !nat->pools[slot].links)
        return false;
    counts = counts && owner.host != 0 && nat->hosts.keys < nat_table_room(&nat->hosts);
    pool_rest(&nat->pools[slot], port, owner, counts, since);
    return true;
}

void nat_adopt_rest(struct nat *nat, const struct qw_endpoint *external, const struct qw_endpoint *host,
                    bool counts, struct qw_time since, struct qw_time now)
{
    struct address_place place;
    struct owner owner = host ? owner_of(host) : (struct owner){0, 0};
    pthread_mutex_lock(&nat->lock);
    unsigned slot = addresses_find(&nat->addresses, ipv4_of(&external->addr), &place);
    if (slot != ADDRESSES_NONE)
        adopt_rest(nat, slot, external->port, owner, counts, since.ns < now.ns ? since : now);
    pthread_mutex_unlock(&nat->lock);
}

nat_external nat_mapping_of(struct nat *nat, const struct qw_endpoint *inside)
{
    pthread_mutex_lock(&nat->lock);
    nat_external mapping = mapping_any(nat, inside);
    pthread_mutex_unlock(&nat->lock);
    return mapping;
}

nat_external nat_adopt_session(struct nat *nat, const struct qw_endpoint *inside,
                               const struct qw_addr *remote)
{
    pthread_mutex_lock(&nat->lock);
    nat_external mapping = nat->sessions < nat->sessions_max ? mapping_any(nat, inside) : 0;
    if (mapping != 0)
        session_hold(nat, mapping, remote);
    pthread_mutex_unlock(&nat->lock);
    return mapping;
}

/* Others wait for the lock meanwhile. */
#define PORTS_AT_ONCE 1024

static uint32_t end_idle(struct nat *nat, unsigned slot, unsigned first, struct qw_time now)
{
    const struct pool *pool = &nat->pools[slot];
    uint32_t ended = 0;
    for (unsigned port = first; port < first + PORTS_AT_ONCE; port++)
        if (pool->ports[port].state == PORT_MAPPED && pool->links[port].sessions == 0) {
            mapping_end(nat, slot, (uint16_t)port, false, now);
            ended++;
        }
    return ended;
}

static uint32_t end_idle_some(struct nat *nat, unsigned slot, unsigned first, struct qw_time now)
{
    pthread_mutex_lock(&nat->lock);
    uint32_t ended = nat->pools[slot].mapped > 0 ? end_idle(nat, slot, first, now) : 0;
    pthread_mutex_unlock(&nat->lock);
    return ended;
}

uint32_t nat_adopt_end(struct nat *nat, struct qw_time now)
{
    uint32_t ended = 0;
    for (unsigned slot = 0; slot < nat->slot_count; slot++)
        for (unsigned first = 0; first < POOL_PORTS; first += PORTS_AT_ONCE)
            ended += end_idle_some(nat, slot, first, now);
    return ended;
}

const char *nat_adopted_word(enum nat_adopted result)
{
    static const char *const WORDS[NAT_ADOPT_RESULTS] = {
        [NAT_ADOPTED] = "adopted",   [NAT_ADOPT_IMPOSSIBLE] = "impossible", [NAT_ADOPT_AHEAD] = "ahead",
        [NAT_ADOPT_TAKEN] = "taken", [NAT_ADOPT_UNUSABLE] = "unusable",     [NAT_ADOPT_ADDRESS] = "address",
    };
    return result < NAT_ADOPT_RESULTS ? WORDS[result] : "unknown";
}
