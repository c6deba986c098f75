/* May the packet begin a flow, and is there room for it? Nobody takes the table from the others (RFC 6888
 * REQ-4, REQ-5). */
#include "walk.h"

/* What has expired counts no longer: so many of them are ended before anybody is refused for it. */
#define SWEEP_FIRST 64

/* Why a source gets no flow, and how that is told. */
struct refusal {
    enum qw_reason reason;
    enum engine_event_kind event;
};

static const struct refusal LIMIT = {QW_REASON_FLOW_LIMIT, ENGINE_EVENT_FLOW_LIMIT},
                            SHARE = {QW_REASON_FLOW_SHARE, ENGINE_EVENT_FLOW_SHARE},
                            FULL = {QW_REASON_TABLE_FULL, ENGINE_EVENT_TABLE_FULL};

/* RFC 6888 REQ-11: in mode nat an inside sender is told that its packet went nowhere. */
static struct step refuse(struct walk *w, const struct refusal *why)
{
    walk_tell_packet(w, why->event);
    if (walk_maps(w) && w->packet->from == ENGINE_INSIDE)
        walk_tell_sender(w);
    return (struct step){RESULT_DROP, why->reason};
}

static uint32_t flows_of_source(const struct walk *w, enum shares_side side)
{
    return shares_of(&w->worker->engine->shares, side, &w->view->tuple.src.addr, w->view->family);
}

/* All flows of an inside host count: its address was checked, so nobody else began them. */
static const struct refusal *judge_inside(const struct walk *w, bool scarce)
{
    uint32_t flows = flows_of_source(w, SHARES_INSIDE);
    if (flows >= w->worker->settings->flows_per_host)
        return &LIMIT;
    return scarce && flows > shares_fair(&w->worker->engine->shares, SHARES_INSIDE) ? &SHARE : NULL;
}

/* When flows are scarce, a first packet from outside takes the place of another one whose address is not
 * proven either. So a flood stops growing there, and whose addresses it forges does not matter. */
static const struct refusal *judge_outside(const struct walk *w, bool scarce)
{
    if (!scarce || flow_evict_outer(w->shard->flows, w->now))
        return NULL;
    uint32_t fair = shares_fair(&w->worker->engine->shares, SHARES_OUTSIDE);
    return flows_of_source(w, SHARES_OUTSIDE) > fair ? &SHARE : NULL;
}

/* A hairpin was counted on its first way. In captures nobody knows who is inside. */
static const struct refusal *judge(const struct walk *w)
{
    bool scarce = flow_is_scarce(w->shard->flows);
    if (w->turned || w->packet->from == ENGINE_UNKNOWN)
        return NULL;
    return w->packet->from == ENGINE_OUTSIDE ? judge_outside(w, scarce) : judge_inside(w, scarce);
}

struct step walk_make_room(struct walk *w)
{
    const struct refusal *why = judge(w);
    if (why && flow_sweep(w->shard->flows, w->now, SWEEP_FIRST) > 0)
        why = judge(w);
    if (why)
        return refuse(w, why);
    return flow_make_room(w->shard->flows, w->now) ? STEP_CONTINUE : refuse(w, &FULL);
}
