#include "role.h"

static enum role_step begin(struct role *role, bool merges, struct qw_time now)
{
    role->now = PEER_TAKES_OVER;
    role->merges = merges;
    role->reads = false;
    role->began = now;
    return ROLE_BEGINS;
}

/* Who was active last has the newest flows. */
static uint64_t own_epoch(const struct role *role, const struct role_facts *facts)
{
    return role->epoch > facts->epoch_before ? role->epoch : facts->epoch_before;
}

/* Is there something that is worth waiting for? While nobody knows, there is. */
static bool waits(struct role *role, const struct role_facts *facts, struct qw_time now)
{
    if (qw_time_since(now, role->began) >= ROLE_PATIENCE_NS)
        return false;
    if (!facts->own_known || (!facts->answered && !facts->other_gone))
        return true;
    return facts->other_usable && !facts->other_gone && !facts->pass_done &&
           (role->merges || facts->other_epoch > own_epoch(role, facts));
}

static enum role_step end(struct role *role, const struct role_facts *facts)
{
    uint64_t own = own_epoch(role, facts);
    role->reads = facts->other_usable && (role->merges || facts->other_epoch > own);
    role->epoch = (facts->other_usable && facts->other_epoch > own ? facts->other_epoch : own) + 1;
    role->now = PEER_ACTIVE;
    return ROLE_ENDS;
}

/* After a split the one that keeps the address takes what the other had. */
static enum role_step stay_active(struct role *role, const struct role_facts *facts, struct qw_time now)
{
    role->split = facts->other_active;
    return facts->other_owes ? begin(role, true, now) : ROLE_STAYS;
}

enum role_step role_next(struct role *role, const struct role_facts *facts, struct qw_time now)
{
    if (role->now == PEER_STANDS_BY)
        return facts->owns ? begin(role, false, now) : ROLE_STAYS;
    if (!facts->owns) {
        role->now = PEER_STANDS_BY;
        role->split = false;
        return ROLE_STEPS_BACK;
    }
    if (role->now == PEER_ACTIVE)
        return stay_active(role, facts, now);
    return waits(role, facts, now) ? ROLE_STAYS : end(role, facts);
}

bool role_is_outdone(const struct role *role, const struct role_facts *facts)
{
    return role->now == PEER_STANDS_BY && facts->own_known && facts->other_usable && facts->other_active &&
           facts->other_epoch > own_epoch(role, facts);
}

enum role_retires role_retire(struct role_retirement *retirement, bool outdone, bool reading, bool read,
                              struct qw_time now)
{
    if (!outdone) {
        *retirement = (struct role_retirement){.outdone = now};
        return ROLE_KEEPS;
    }
    if (qw_time_since(now, retirement->outdone) < ROLE_OUTDONE_NS || retirement->now == RETIREMENT_OVER)
        return ROLE_KEEPS;
    if (retirement->now == RETIREMENT_READS && read) {
        retirement->now = RETIREMENT_OVER;
        return ROLE_ENDS_FLOWS;
    }
    if (reading)
        return ROLE_KEEPS;
    retirement->now = RETIREMENT_READS;
    return ROLE_READS_FIRST;
}

unsigned role_latest(const struct role_claim *claims, unsigned count, bool active)
{
    unsigned best = count;
    for (unsigned i = 0; i < count; i++) {
        bool counts = !claims[i].here && claims[i].usable && (claims[i].active || !active);
        if (counts && (best == count || claims[i].epoch > claims[best].epoch))
            best = i;
    }
    return best;
}

unsigned role_owner(const struct role_claim *claims, unsigned count)
{
    unsigned owner = role_latest(claims, count, true);
    return owner == count && !claims[0].here ? 0 : owner;
}
