/* Mode nat: what an inside endpoint is called outside. The steps only find out; the bytes change at the end,
 * so that whatever is sent back to a packet's sender quotes it as it was sent. */
#include "walk.h"

bool walk_maps(const struct walk *w)
{
    return w->worker->engine->nat && w->view->family == QW_IPV4 && w->packet->from != ENGINE_UNKNOWN;
}

/* From outside to an external endpoint: from here on the packet is meant for whom that stands for. */
static struct step arrive(struct walk *w)
{
    struct qw_endpoint *to = &w->view->tuple.dst;
    w->mapping = nat_inside(w->worker->engine->nat, to, &w->change.inside);
    if (!w->mapping)
        return STEP_DROP(UNSOLICITED);
    w->change.inwards = true;
    *to = w->change.inside;
    return STEP_CONTINUE;
}

/* From inside. What is addressed to an external endpoint goes out and comes in again (RFC 4787 REQ-9), and so
 * has two flows, one of each inside endpoint. What else is taken before routing is for the router itself. */
static struct step depart(struct walk *w)
{
    const struct engine *engine = w->worker->engine;
    struct qw_endpoint inside;
    if (!nat_is_external(engine->nat, &w->view->tuple.dst.addr))
        return w->packet->unrouted ? STEP_ACCEPT : STEP_CONTINUE;
    w->hairpin = nat_inside(engine->nat, &w->view->tuple.dst, &inside) != 0;
    if (w->hairpin)
        return STEP_CONTINUE;
    return w->packet->unrouted ? STEP_ACCEPT : STEP_DROP(UNSOLICITED);
}

struct step step_address(struct walk *w)
{
    if (!walk_maps(w) || w->view->kind != PACKET_UDP)
        return STEP_CONTINUE;
    if (!w->packet->writable)
        return STEP_DROP(COPY_LIMIT);
    return w->packet->from == ENGINE_OUTSIDE ? arrive(w) : depart(w);
}

/* ---- sessions ---- */

static struct qw_endpoint inside_of(const struct walk *w)
{
    return w->packet->from == ENGINE_OUTSIDE ? w->view->tuple.dst : w->view->tuple.src;
}

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
static struct step leave(struct walk *w)
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
    return step.result == RESULT_CONTINUE ? leave(w) : step;
}

enum policy_entry walk_entry(const struct walk *w)
{
    if (!walk_maps(w) || w->packet->from != ENGINE_OUTSIDE)
        return POLICY_BY_DEFAULT;
    bool admitted = nat_admits(w->worker->engine->nat, w->mapping, &w->view->tuple.src.addr);
    return admitted ? POLICY_LET_IN : POLICY_KEPT_OUT;
}

/* ---- ICMP errors (RFC 5508 4) ---- */

/* About a packet that an inside host sent: to that host, and as it knows the packet. */
static struct step error_arrives(struct walk *w)
{
    struct qw_tuple *quoted = &w->view->icmp.quote.tuple;
    bool to_sender = qw_addr_equal(&w->view->tuple.dst.addr, &quoted->src.addr);
    if (!to_sender || !nat_inside(w->worker->engine->nat, &quoted->src, &w->change.inside))
        return STEP_DROP(UNSOLICITED_ICMP);
    quoted->src = w->change.inside;
    walk_find(w, quoted);
    w->change.inwards = w->flow && w->sender == shard_inside(w->flow);
    return w->change.inwards ? STEP_ACCEPT : STEP_DROP(UNSOLICITED_ICMP);
}

static bool router_made(const struct walk *w)
{
    return !w->packet->from_interface;
}

/* About a packet that came to an inside host, from that host or a router before it: nothing in it may tell
 * an inside address. What the router says of its own packets needs no change; nobody else has seen such. */
static struct step error_departs(struct walk *w)
{
    const struct nat *nat = w->worker->engine->nat;
    const struct qw_tuple *quoted = &w->view->icmp.quote.tuple;
    if (nat_is_external(nat, &quoted->dst.addr))
        return router_made(w) ? STEP_ACCEPT : STEP_DROP(UNSOLICITED_ICMP);
    walk_find(w, quoted);
    bool related =
        w->flow && w->sender != shard_inside(w->flow) && nat_holds(nat, w->flow->external, &quoted->dst);
    if (!related)
        return STEP_DROP(UNSOLICITED_ICMP);
    w->hairpin = nat_is_external(nat, &w->view->tuple.dst.addr);
    struct step step = leave(w);
    return step.result == RESULT_CONTINUE ? STEP_ACCEPT : step;
}

/* Errors about other protocols stay with the kernel. What comes here and shows no ports, as the quote of a
 * later fragment does, belongs to no mapping (RFC 5508 REQ-4, REQ-5). */
struct step walk_map_error(struct walk *w)
{
    if (!w->view->icmp.quote.is_udp)
        return STEP_DROP(UNSOLICITED_ICMP);
    if (!w->packet->writable)
        return STEP_DROP(COPY_LIMIT);
    return w->packet->from == ENGINE_OUTSIDE ? error_arrives(w) : error_departs(w);
}

/* ---- the bytes ---- */

/* The packet as it stands after the change outwards: it comes from outside now. */
struct step walk_turn(struct walk *w)
{
    struct engine_packet packet = *w->packet;
    struct walk back = {.worker = w->worker, .packet = &packet, .now = w->now, .slot = -1, .limited = -1};
    packet.from = ENGINE_OUTSIDE;
    packet.from_interface = packet.to_interface = NULL;
    struct packet_view view = *w->view;
    back.view = &view;
    back.turned = true;
    view.tuple.src = w->change.external;
    view.icmp.quote.tuple.dst = w->change.external;
    struct step step = walk_take_steps(&back);
    w->change.inwards = back.change.inwards;
    w->change.inside = back.change.inside;
    w->reply = back.reply;
    return step;
}

void walk_translate(const struct walk *w)
{
    const struct walk_change *change = &w->change;
    const struct qw_endpoint *external = change->outwards ? &change->external : NULL;
    const struct qw_endpoint *inside = change->inwards ? &change->inside : NULL;
    if (w->view->kind == PACKET_UDP)
        nat_rewrite_udp(w->packet->writable, w->view, external, inside);
    else
        nat_rewrite_error(w->packet->writable, w->view, external ? &external->addr : NULL,
                          inside ? &inside->addr : NULL, inside, external);
}
