/* Mode nat: what an inside endpoint is called outside, for as long as a flow needs it. */
#include "walk.h"
#include <string.h>

/* ---- refused ---- */

/* RFC 6888 REQ-11: the sender is told that its packet went nowhere. */
void walk_tell_sender(struct walk *w)
{
    if (w->worker->settings->nat_rejects)
        w->wanted.kind = REPLY_UNREACHABLE;
}

static struct step refuse(struct walk *w, enum nat_answer answer, const struct qw_endpoint *inside)
{
    static const struct {
        enum qw_reason reason;
        enum engine_event_kind event;
    } WHY[] = {
        [NAT_NO_PORT] = {QW_REASON_NO_PORT, ENGINE_EVENT_NO_PORT},
        [NAT_HOST_LIMIT] = {QW_REASON_HOST_LIMIT, ENGINE_EVENT_HOST_LIMIT},
        [NAT_PORT_SHARE] = {QW_REASON_PORT_SHARE, ENGINE_EVENT_PORT_SHARE},
        [NAT_NO_ADDRESS] = {QW_REASON_NO_ADDRESS, ENGINE_EVENT_NO_ADDRESS},
    };
    struct engine *engine = w->worker->engine;
    unsigned host = inside->addr.bytes[15];
    if (events_count(&engine->events, WHY[answer].event, host, w->now))
        events_tell(&engine->events,
                    &(struct engine_event){
                        .kind = WHY[answer].event, .time = w->now, .family = QW_IPV4, .inside = *inside},
                    host);
    walk_tell_sender(w);
    return (struct step){RESULT_DROP, WHY[answer].reason};
}

/* ---- held ---- */

static struct qw_endpoint inside_of(const struct walk *w)
{
    return w->packet->from == ENGINE_OUTSIDE ? w->view->tuple.dst : w->view->tuple.src;
}

/* The interface that the packet leaves by, as it was routed; 0: nobody knows, or it is no matter. */
static unsigned routed_by(const struct walk *w)
{
    const struct config_interfaces *uplinks = &w->worker->settings->uplinks;
    const char *to = w->packet->unrouted ? NULL : w->packet->to_interface;
    return to ? (unsigned)(config_interface_find(uplinks, to) + 1) : 0;
}

/* A flow that began outside goes on by the address that it came to, whatever the route is. */
static unsigned uplink_of(const struct walk *w)
{
    if (w->flow && w->flow->external != 0 && !flow_begun_inside(w->flow))
        return nat_uplink_of(w->worker->engine->nat, w->flow->external);
    return routed_by(w);
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
    enum nat_answer answer = nat_session_begin_by(w->worker->engine->nat, &inside, uplink_of(w),
                                                  &w->view->tuple.dst.addr, w->now, mapping);
    return answer == NAT_OK ? STEP_CONTINUE : refuse(w, answer, &inside);
}

/* Another route, with other addresses: the provider there would drop those of this one (BCP 38). */
static bool suits_route(const struct walk *w)
{
    return nat_suits(w->worker->engine->nat, w->flow->external, uplink_of(w));
}

/* A flow that began outside holds its mapping from the first answer on, so that nobody outside can keep a
 * mapping alive alone. A mapping that has ended, or whose address is for another route, is replaced. */
static struct step hold_mapping(struct walk *w, const struct qw_endpoint *inside)
{
    struct flow *flow = w->flow;
    bool held = flow->flags & FLOW_HOLDS_MAPPING && nat_holds(w->worker->engine->nat, flow->external, inside);
    if (held && suits_route(w))
        return STEP_CONTINUE;
    if (held)
        shard_unmap(w->shard, flow);
    struct step step = walk_open_session(w, &flow->external);
    if (step.result == RESULT_CONTINUE) {
        flow->flags |= FLOW_HOLDS_MAPPING;
        if (flow->flags & FLOW_UNDECIDED)
            shard_silence(w->shard, flow);
    } else
        flow->flags &= (uint8_t)~FLOW_HOLDS_MAPPING;
    flow_mark(w->shard->flows, flow);
    return step;
}

/* The packet came by the mapping that now stands for the flow's inside endpoint, which the other side of a
 * flow that is not translated (nat.except) has no business with. Or by one that ended while
 * it waited for the shard: the flow may hold another by now, and must not lose it. */
static struct step follow_mapping(struct walk *w, const struct qw_endpoint *inside)
{
    if (w->flow->external == w->mapping)
        return STEP_CONTINUE;
    bool plain = w->flow->external == 0 &&
                 settings_except(w->worker->settings, &w->view->tuple.src.addr, &inside->addr);
    if (plain || !nat_holds(w->worker->engine->nat, w->mapping, inside))
        return STEP_DROP(UNSOLICITED);
    w->flow->external = w->mapping;
    w->flow->flags &= (uint8_t)~FLOW_HOLDS_MAPPING;
    flow_mark(w->shard->flows, w->flow);
    return STEP_CONTINUE;
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
