/* Flows of an earlier process, each with the mapping that it had. There may be a million: hashes are computed
 * once, memory is fetched ahead, and the lock is taken for many at a time. */
#include "nat_state.h"

struct nat_claim nat_claim_of(const struct nat *nat, nat_external was, bool holds,
                              const struct qw_endpoint *inside, const struct qw_addr *remote)
{
    struct nat_claim claim = {.was = was, .holds = holds};
    if (was == 0)
        return claim;
    claim.inside = inside_key(inside, 0);
    claim.inside_hash = nat_table_hash(&nat->by_inside, claim.inside);
    nat_table_fetch(&nat->by_inside, claim.inside_hash);
    if (!holds)
        return claim;
    /* The address mostly stands in the same slot. */
    claim.peer = peer_key(handle_slot(was), handle_port(was), ipv4_of(remote));
    claim.peer_hash = nat_table_hash(&nat->peers, claim.peer);
    nat_table_fetch(&nat->peers, claim.peer_hash);
    return claim;
}

static void hold(struct nat *nat, const struct nat_claim *claim, nat_external mapping)
{
    ++*mapping_sessions(nat, mapping);
    nat->sessions++;
    uint64_t key = peer_key(handle_slot(mapping), handle_port(mapping), (uint32_t)claim->peer);
    if (key == claim->peer)
        nat_table_up_at(&nat->peers, key, claim->peer_hash);
    else
        nat_table_up(&nat->peers, key);
}

/* What an earlier process had on an uplink of its own may be on that one, or on any. */
static nat_external find(const struct nat *nat, const struct nat_claim *claim)
{
    uint16_t port = nat_port(claim->was);
    nat_external found = nat_table_get_at(&nat->by_inside, claim->inside, claim->inside_hash);
    for (unsigned uplink = 1; uplink <= nat->uplink_max && (found == 0 || nat_port(found) != port); uplink++)
        found = nat_table_get(&nat->by_inside, inside_key_on(claim->inside, uplink));
    return found != 0 && nat_port(found) == port ? mapping_now(nat, found) : 0;
}

static nat_external take(struct nat *nat, const struct nat_claim *claim)
{
    if (claim->was == 0 || (claim->holds && nat->sessions >= nat->sessions_max))
        return 0;
    nat_external mapping = find(nat, claim);
    if (mapping != 0 && claim->holds)
        hold(nat, claim, mapping);
    return mapping;
}

void nat_claims_take(struct nat *nat, struct nat_claim *claims, unsigned count)
{
    pthread_mutex_lock(&nat->lock);
    for (unsigned i = 0; i < count; i++)
        claims[i].mapping = take(nat, &claims[i]);
    pthread_mutex_unlock(&nat->lock);
}
