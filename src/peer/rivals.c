#include "rivals.h"
#include "writer.h"

static uint16_t bit(unsigned i)
{
    return (uint16_t)(1U << i);
}

/* Routers that were known to be active stay so through a takeover of another's flows. */
void rivals_begin(struct rivals *rivals, const struct rival_claim *claims, unsigned count, unsigned taken,
                  uint64_t epoch, struct qw_time now)
{
    bool fresh = rivals->first == 0;
    rivals->since = now;
    if (fresh)
        rivals->first = epoch;
    for (unsigned i = 0; i < count; i++) {
        if (i == taken)
            rivals->owe &= (uint16_t)~bit(i);
        if (!claims[i].usable)
            continue;
        if (fresh || i == taken)
            rivals->known[i] = claims[i].epoch;
        if (claims[i].active) {
            rivals->before |= bit(i);
            rivals->lives[i] = claims[i].life;
        }
    }
}

static bool says_so(const struct rival_claim *claim, struct qw_time now)
{
    return claim->usable && claim->active && qw_time_since(now, claim->changed) < RIVAL_CLAIM_NS;
}

/* One that steps back as we take over says so a moment later. One that says so long after, and was not
 * started anew, was active all that time. Nor does anybody else get an epoch like ours while we are active
 * alone. */
static bool was_active(struct rivals *rivals, const struct rival_claim *claim, unsigned i)
{
    bool before = (rivals->before & bit(i)) && claim->life == rivals->lives[i];
    rivals->before &= (uint16_t)~bit(i);
    return (claim->epoch >= rivals->first && claim->epoch != rivals->known[i]) ||
           (before && claim->changed.ns > rivals->since.ns + RIVAL_CLAIM_NS);
}

unsigned rivals_look(struct rivals *rivals, const struct rival_claim *claims, unsigned count,
                     struct qw_time now)
{
    unsigned found = count;
    rivals->active = 0;
    for (unsigned i = count; i-- > 0;) {
        const struct rival_claim *claim = &claims[i];
        bool says = says_so(claim, now);
        /* What a dead router said last is no claim: it must have said so after we became active. */
        bool active = says && claim->changed.ns > rivals->since.ns + WRITER_HEADER_NS;
        bool spoke = claim->usable && !claim->active && claim->changed.ns > rivals->since.ns;
        if (active)
            rivals->active |= bit(i);
        if (active || (spoke && was_active(rivals, claim, i)))
            rivals->owe |= bit(i);
        if (!says && claim->usable && (rivals->owe & bit(i)))
            found = i;
    }
    return found;
}

void rivals_end(struct rivals *rivals)
{
    *rivals = (struct rivals){.since = rivals->since};
}
