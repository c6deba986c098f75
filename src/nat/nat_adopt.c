/* Mappings that this room did not make: of the process before, or of another router. Nothing in them is
 * believed (S1). */
#include "nat_state.h"
#include <quicward/base/fetch.h>

static bool possible(const struct nat_mapping *record)
{
    return record->external.port != 0 && ipv4_of(&record->inside.addr) != 0 &&
           record->external.port % 2 == record->inside.port % 2;
}

/* No configuration hands out such a port. */
static bool reflects(uint16_t port)
{
    const uint16_t *ports;
    size_t count = qw_reflection_ports(&ports);
    for (size_t i = 0; i < count && ports[i] <= port; i++)
        if (ports[i] == port)
            return true;
    return false;
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

static enum nat_adopted judge(const struct nat *nat, const struct nat_mapping *record, bool wakes,
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
    if (result == NAT_ADOPTED && mapping_find(nat, &record->inside, slot_uplink(nat, *slot)) != 0)
        return NAT_ADOPT_TAKEN;
    return result;
}

/* As many as there are places for: by_inside has one for each session that there may be. */
static bool has_room(const struct nat *nat)
{
    return nat->stats.mappings < nat->sessions_max && nat->by_inside.keys < nat_table_room(&nat->by_inside) &&
           nat->hosts.keys < nat_table_room(&nat->hosts);
}

static enum nat_adopted adopt(struct nat *nat, const struct nat_mapping *record, bool wakes,
                              struct qw_time now)
{
    unsigned slot;
    enum nat_adopted result = judge(nat, record, wakes, now, &slot);
    if (result == NAT_ADOPTED && !has_room(nat))
        result = NAT_ADOPT_TAKEN;
    if (result != NAT_ADOPTED)
        return result;
    struct owner owner = owner_of(&record->inside);
    pool_take(&nat->pools[slot], record->external.port, owner, record->since);
    host_up(&nat->hosts, owner.host, slot);
    blocks_adopt(nat, slot, record->external.port, owner.host);
    mapping_set_up(nat, &record->inside, slot, record->external.port);
    nat->stats.mappings++;
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

static enum nat_adopted adopt_or_find(struct nat *nat, const struct nat_mapping *record, struct qw_time now,
                                      nat_external *out)
{
    *out = mapping_any(nat, &record->inside);
    if (*out == 0) {
        enum nat_adopted result = adopt(nat, record, true, now);
        *out = result == NAT_ADOPTED ? mapping_any(nat, &record->inside) : 0;
        return result;
    }
    struct qw_endpoint external = nat_endpoint(nat, *out);
    return qw_endpoint_compare(&external, &record->external) == 0 ? NAT_ADOPTED : NAT_ADOPT_TAKEN;
}

enum nat_adopted nat_adopt_flow(struct nat *nat, const struct nat_mapping *record,
                                const struct qw_addr *remote, bool holds, struct qw_time now,
                                nat_external *out)
{
    nat_external mapping;
    pthread_mutex_lock(&nat->lock);
    bool full = holds && nat->sessions >= nat->sessions_max;
    enum nat_adopted result = full ? NAT_ADOPT_UNUSABLE : adopt_or_find(nat, record, now, &mapping);
    if (result == NAT_ADOPTED) {
        if (holds)
            session_hold(nat, mapping, remote);
        *out = mapping;
    }
    pthread_mutex_unlock(&nat->lock);
    return result;
}

static void fetch(const struct nat *nat, const struct nat_mapping *mapping, const struct qw_addr *remote)
{
    struct address_place place;
    unsigned slot = addresses_find(&nat->addresses, ipv4_of(&mapping->external.addr), &place);
    uint16_t port = mapping->external.port;
    if (slot == ADDRESSES_NONE || !nat->pools[slot].links)
        return;
    nat_table_fetch_key(&nat->by_inside, inside_key(&mapping->inside, slot_uplink(nat, slot)));
    nat_table_fetch_key(&nat->hosts, ipv4_of(&mapping->inside.addr));
    nat_table_fetch_key(&nat->peers, peer_key(slot, port, ipv4_of(remote)));
    qw_fetch(nat->words[slot] + port);
    qw_fetch(&nat->pools[slot].ports[port]);
    qw_fetch(&nat->pools[slot].links[port]);
}

void nat_adopt_fetch(struct nat *nat, const struct nat_mapping *mappings, const struct qw_addr *remotes,
                     unsigned count)
{
    pthread_mutex_lock(&nat->lock);
    for (unsigned i = 0; i < count; i++)
        fetch(nat, &mappings[i], &remotes[i]);
    pthread_mutex_unlock(&nat->lock);
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
