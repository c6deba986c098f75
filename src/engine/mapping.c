/* Mode nat: what an inside endpoint is called outside, for as long as a flow needs it. */
#include "mapping.h"
#include "ask.h"

/* ---- refused ---- */

/* RFC 6888 REQ-11: the sender is told that its packet went nowhere. */
static void tell_sender(struct walk *w)
{
    struct engine *engine = w->worker->engine;
    if (atomic_load_explicit(&engine->nat_rejects, memory_order_relaxed) &&
        icmp_host_unreachable(w->packet->data, w->packet->captured, &w->worker->reply) == QW_OK)
        walk_reply(w, engine->limiter, COUNT_REPLIES, COUNT_REPLIES_REFUSED);
}

struct step walk_refuse_full(struct walk *w)
{
    if (walk_maps(w) && w->packet->from == ENGINE_INSIDE)
        tell_sender(w);
    return STEP_DROP(TABLE_FULL);
}

static struct step refuse(struct walk *w, enum nat_answer answer, const struct qw_endpoint *inside)
{
    static const struct {
        enum qw_reason reason;
        enum engine_event_kind event;
    } WHY[] = {
        [NAT_NO_PORT] = {QW_REASON_NO_PORT, ENGINE_EVENT_NO_PORT},
        [NAT_HOST_LIMIT] = {QW_REASON_HOST_LIMIT, ENGINE_EVENT_HOST_LIMIT},
        [NAT_NO_ADDRESS] = {QW_REASON_NO_ADDRESS, ENGINE_EVENT_NO_ADDRESS},
    };
    struct engine *engine = w->worker->engine;
    events_refused(&engine->events, WHY[answer].event, inside, w->now);
    tell_sender(w);
    return (struct step){RESULT_DROP, WHY[answer].reason};
}

/* ---- held ---- */

static struct qw_endpoint inside_of(const struct walk *w)
{
    return w->packet->from == ENGINE_OUTSIDE ? w->view->tuple.dst : w->view->tuple.src;
}

struct step walk_open_session(struct walk *w, nat_external *mapping)
{
    if (!walk_maps(w))
        return STEP_CONTINUE;
    if (w->packet->from == ENGINE_OUTSIDE) {
        *mapping = w->mapping;
        return STEP_CONTINUE;
    }
    struct qw_endpoint inside = inside_of(w);
    enum nat_answer answer =
        nat_session_begin(w->worker->engine->nat, &inside, &w->view->tuple.dst.addr, w->now, mapping);
    return answer == NAT_OK ? STEP_CONTINUE : refuse(w, answer, &inside);
}

/* A flow that began outside holds its mapping from the first answer on, so that nobody outside can keep a
 * mapping alive alone. A mapping that has ended is replaced. */
static struct step hold_mapping(struct walk *w, const struct qw_endpoint *inside)
{
    struct flow *flow = w->flow;
    if (flow->flags & FLOW_HOLDS_MAPPING && nat_holds(w->worker->engine->nat, flow->external, inside))
        return STEP_CONTINUE;
    struct step step = walk_open_session(w, &flow->external);
    if (step.result == RESULT_CONTINUE)
        flow->flags |= FLOW_HOLDS_MAPPING;
    else
        flow->flags &= (uint8_t)~FLOW_HOLDS_MAPPING;
    return step;
}

/* The packet came by the mapping that now stands for the flow's inside endpoint. Or by one that ended while
 * it waited for the shard: the flow may hold another by now, and must not lose it. */
static struct step follow_mapping(struct walk *w, const struct qw_endpoint *inside)
{
    if (w->flow->external == w->mapping)
        return STEP_CONTINUE;
    if (!nat_holds(w->worker->engine->nat, w->mapping, inside))
        return STEP_DROP(UNSOLICITED);
    w->flow->external = w->mapping;
    w->flow->flags &= (uint8_t)~FLOW_HOLDS_MAPPING;
    return STEP_CONTINUE;
}

/* The address may have vanished just now. */
struct step walk_leave(struct walk *w)
{
    static const struct qw_addr NONE;
    w->change.external = nat_endpoint(w->worker->engine->nat, w->flow->external);
    w->change.outwards = !qw_addr_equal(&w->change.external.addr, &NONE);
    return w->change.outwards ? STEP_CONTINUE : STEP_DROP(NO_ADDRESS);
}

struct step step_map(struct walk *w)
{
    if (!walk_maps(w))
        return STEP_CONTINUE;
    struct qw_endpoint inside = inside_of(w);
    if (w->packet->from == ENGINE_OUTSIDE)
        return follow_mapping(w, &inside);
    struct step step = hold_mapping(w, &inside);
    return step.result == RESULT_CONTINUE ? walk_leave(w) : step;
}
