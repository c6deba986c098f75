#include "holders.h"
#include <quicward/base/log.h>

bool holders_is_usable(const struct peer_reader *reader)
{
    return reader->known && !reader->mismatch;
}

bool holders_is_gone(const struct peer_reader *reader)
{
    return link_is_down(reader->link) && !link_is_up(reader->link);
}

unsigned holders_reader(const struct peer_pair *peer, unsigned number, unsigned i)
{
    unsigned router = peer->options.owned[number].routers[i];
    return router == 0 ? NOBODY : router - 1;
}

unsigned holders_claims(const struct peer_pair *peer, unsigned number,
                        struct role_claim out[static PEER_OTHERS_MAX + 1])
{
    unsigned count = peer->options.owned[number].router_count;
    for (unsigned i = 0; i < count; i++) {
        unsigned other = holders_reader(peer, number, i);
        out[i] = (struct role_claim){.here = other == NOBODY};
        if (other == NOBODY || !holders_is_usable(&peer->readers[other]))
            continue;
        const struct record_owned *owned = &peer->readers[other].header.owned[number];
        out[i] = (struct role_claim){.usable = true, .active = owned->active, .epoch = owned->epoch};
    }
    return count;
}

unsigned holders_latest(const struct peer_pair *peer, unsigned number)
{
    struct role_claim claims[PEER_OTHERS_MAX + 1];
    unsigned count = holders_claims(peer, number, claims), found = role_latest(claims, count, false);
    return found == count ? NOBODY : holders_reader(peer, number, found);
}

unsigned holders_elsewhere(const struct peer_pair *peer, unsigned number)
{
    struct role_claim claims[PEER_OTHERS_MAX + 1];
    unsigned count = holders_claims(peer, number, claims), found = role_owner(claims, count);
    return found == count ? 0 : peer->options.owned[number].routers[found];
}

uint32_t holders_mark(const struct peer_pair *peer, unsigned router)
{
    return router == 0 ? 0 : peer->options.others[router - 1].mark;
}

void holders_own(struct peer_pair *peer, unsigned number, enum engine_owned state)
{
    struct engine *engine = peer->options.engine;
    struct owned *owned = &peer->owned[number];
    owned->owner = state == ENGINE_OWNED_ELSEWHERE ? holders_elsewhere(peer, number) : 0;
    if (peer->options.owners)
        engine_own(engine, number, state, holders_mark(peer, owned->owner));
    else
        engine_stand_by(engine,
                        state == ENGINE_OWNED_SOON || (state == ENGINE_OWNED_ELSEWHERE && peer->options.nat));
}

void holders_follow(struct peer_pair *peer, unsigned number)
{
    struct owned *owned = &peer->owned[number];
    unsigned before = owned->owner;
    if (!peer->options.owners || owned->role.now != PEER_STANDS_BY ||
        holders_elsewhere(peer, number) == before)
        return;
    holders_own(peer, number, ENGINE_OWNED_ELSEWHERE);
    if (owned->owner != 0)
        qw_log(QW_LOG_INFO, "cluster: packets of %s go to %s now", peer->options.owned[number].name,
               peer->options.others[owned->owner - 1].router);
}
