/* Mode nat: which inside endpoint a packet comes from or is meant for. */
#include "walk.h"

/* 224.0.0.0/4 and the limited broadcast address (RFC 1112 4, RFC 919 7). */
static bool is_for_many(const struct qw_addr *addr)
{
    return addr->bytes[12] >= 224;
}

/* Packets for many come in as they are, if the rules let them: no mapping stands for a group. What an
 * authentication header covers cannot be changed (RFC 3715 2.1). */
static bool may_map(const struct walk *w)
{
    if (!w->worker->engine->nat || w->view->family != QW_IPV4 || w->packet->from == ENGINE_UNKNOWN)
        return false;
    return !w->view->authenticated &&
           !(w->packet->from == ENGINE_OUTSIDE && is_for_many(&w->view->tuple.dst.addr));
}

/* A flow that was translated before a reload goes on so. */
bool walk_maps(const struct walk *w)
{
    return may_map(w) && (!w->excepted || (w->flow && w->flow->external != 0));
}

/* What is addressed to an external address is for whom a mapping or forward says (RFC 6888 REQ-6 is about
 * other destinations). */
static bool is_excepted(const struct walk *w)
{
    const struct qw_tuple *tuple = &w->view->tuple;
    return settings_except(w->worker->settings, &tuple->src.addr, &tuple->dst.addr) &&
           !nat_is_external(w->worker->engine->nat, &tuple->dst.addr);
}

/* From outside to an external endpoint: from here on the packet is meant for whom that stands for. */
static struct step arrive(struct walk *w)
{
    struct qw_endpoint *to = &w->view->tuple.dst;
    w->mapping = nat_inside(w->worker->engine->nat, to, &w->change.inside);
    if (!w->mapping)
        return STEP_DROP(UNSOLICITED);
    w->change.inwards = true;
    w->change.external = *to;
    *to = w->change.inside;
    return STEP_CONTINUE;
}

/* From inside. What is addressed to an external endpoint goes out and comes in again (RFC 4787 REQ-9), and so
 * has two flows, one of each inside endpoint. What else is taken before routing is for the router itself. */
static struct step depart(struct walk *w)
{
    const struct engine *engine = w->worker->engine;
    struct qw_endpoint inside;
    const struct qw_addr *to = &w->view->tuple.dst.addr;
    if (!nat_is_external(engine->nat, to) || !walk_is_here(w, to))
        return w->packet->unrouted ? STEP_ACCEPT : STEP_CONTINUE;
    w->hairpin = nat_inside(engine->nat, &w->view->tuple.dst, &inside) != 0;
    if (w->hairpin)
        return STEP_CONTINUE;
    return w->packet->unrouted ? STEP_ACCEPT : STEP_DROP(UNSOLICITED);
}

struct step step_address(struct walk *w)
{
    if (!may_map(w) || w->view->kind != PACKET_UDP)
        return STEP_CONTINUE;
    w->excepted = is_excepted(w);
    if (w->excepted && w->packet->from == ENGINE_OUTSIDE)
        return STEP_CONTINUE;
    if (!w->packet->writable)
        return STEP_DROP(COPY_LIMIT);
    return w->packet->from == ENGINE_OUTSIDE ? arrive(w) : depart(w);
}

enum policy_entry walk_entry(const struct walk *w)
{
    if (!walk_maps(w) || w->packet->from != ENGINE_OUTSIDE)
        return POLICY_BY_DEFAULT;
    bool admitted = nat_admits(w->worker->engine->nat, w->mapping, &w->view->tuple.src.addr);
    return admitted ? POLICY_LET_IN : POLICY_KEPT_OUT;
}
