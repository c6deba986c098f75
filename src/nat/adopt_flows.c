/* Flows of another router, each with the mapping that it had. There may be hundreds of thousands while
 * packets of others go on: hashes are computed once, memory is fetched ahead, and the lock is taken for some
 * at a time.
 */
#include "nat_state.h"
#include <quicward/base/fetch.h>

/* ---- ahead ---- */

static void look_ahead(const struct nat *nat, struct nat_adoption *flow)
{
    struct address_place place;
    unsigned slot = addresses_find(&nat->addresses, ipv4_of(&flow->external.addr), &place);
    uint16_t port = flow->external.port;
    bool known = slot != ADDRESSES_NONE && nat->pools[slot].links;
    flow->uplink = known ? slot_uplink(nat, slot) : 0;
    flow->peer = known ? peer_key(slot, port, ipv4_of(&flow->remote)) : 0;
    flow->inside_hash = nat_table_hash(&nat->by_inside, inside_key(&flow->inside, flow->uplink));
    flow->host_hash = nat_table_hash(&nat->hosts, ipv4_of(&flow->inside.addr));
    flow->peer_hash = nat_table_hash(&nat->peers, flow->peer);
    nat_table_fetch(&nat->by_inside, flow->inside_hash);
    if (!known)
        return;
    nat_table_fetch(&nat->hosts, flow->host_hash);
    nat_table_fetch(&nat->peers, flow->peer_hash);
    qw_fetch(nat->words[slot] + port);
    qw_fetch(&nat->pools[slot].ports[port]);
    qw_fetch(&nat->pools[slot].links[port]);
}

void nat_adopt_ahead(struct nat *nat, struct nat_adoption *flows, unsigned count)
{
    pthread_mutex_lock(&nat->lock);
    for (unsigned i = 0; i < count; i++)
        look_ahead(nat, &flows[i]);
    pthread_mutex_unlock(&nat->lock);
}

/* ---- one flow ---- */

/* A reload may have changed the uplink of its address meanwhile. */
static uint32_t inside_hash(const struct nat *nat, const struct nat_adoption *flow, unsigned uplink)
{
    return uplink == flow->uplink ? flow->inside_hash
                                  : nat_table_hash(&nat->by_inside, inside_key(&flow->inside, uplink));
}

static nat_external find(const struct nat *nat, const struct nat_adoption *flow)
{
    uint32_t found = 0;
    for (unsigned uplink = 0; uplink <= nat->uplink_max && found == 0; uplink++)
        found = nat_table_get_at(&nat->by_inside, inside_key(&flow->inside, uplink),
                                 inside_hash(nat, flow, uplink));
    return found == 0 ? 0 : mapping_now(nat, found);
}

/* For an inside endpoint that has no mapping on any uplink. */
static enum nat_adopted make(struct nat *nat, struct nat_adoption *flow, struct qw_time now)
{
    const struct nat_mapping record = {.inside = flow->inside, .external = flow->external, .since = now};
    unsigned slot;
    enum nat_adopted result = adopt_judge(nat, &record, true, now, &slot);
    if (result != NAT_ADOPTED)
        return result;
    const struct adopt_hashes hashes = {.inside = inside_hash(nat, flow, slot_uplink(nat, slot)),
                                        .host = flow->host_hash};
    flow->mapping = adopt_take(nat, &record, slot, &hashes);
    return NAT_ADOPTED;
}

static enum nat_adopted find_or_make(struct nat *nat, struct nat_adoption *flow, struct qw_time now)
{
    nat_external found = find(nat, flow);
    if (found == 0)
        return make(nat, flow, now);
    struct qw_endpoint external = nat_endpoint(nat, found);
    if (qw_endpoint_compare(&external, &flow->external) != 0)
        return NAT_ADOPT_TAKEN;
    flow->mapping = found;
    return NAT_ADOPTED;
}

static void hold(struct nat *nat, const struct nat_adoption *flow)
{
    uint64_t peer = peer_key(handle_slot(flow->mapping), handle_port(flow->mapping), ipv4_of(&flow->remote));
    uint32_t hash = peer == flow->peer ? flow->peer_hash : nat_table_hash(&nat->peers, peer);
    session_hold_at(nat, flow->mapping, peer, hash);
}

static void adopt(struct nat *nat, struct nat_adoption *flow, struct qw_time now)
{
    bool full = flow->holds && nat->sessions >= nat->sessions_max;
    flow->mapping = 0;
    flow->result = full ? NAT_ADOPT_UNUSABLE : find_or_make(nat, flow, now);
    if (flow->result == NAT_ADOPTED && flow->holds)
        hold(nat, flow);
}

void nat_adopt_flows(struct nat *nat, struct nat_adoption *flows, unsigned count, struct qw_time now)
{
    pthread_mutex_lock(&nat->lock);
    for (unsigned i = 0; i < count; i++)
        adopt(nat, &flows[i], now);
    pthread_mutex_unlock(&nat->lock);
}
