/* Mode nat: which inside endpoint a packet comes from or is meant for. */
#include "mapping.h"

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

enum policy_entry walk_entry(const struct walk *w)
{
    if (!walk_maps(w) || w->packet->from != ENGINE_OUTSIDE)
        return POLICY_BY_DEFAULT;
    bool admitted = nat_admits(w->worker->engine->nat, w->mapping, &w->view->tuple.src.addr);
    return admitted ? POLICY_LET_IN : POLICY_KEPT_OUT;
}
