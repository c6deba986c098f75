/* ICMP errors go where the packet that they quote may go. They say nothing about its flow: no timer is
 * restarted, nothing ends. */
#include "mapping.h"

/* ---- mode nat (RFC 5508 4) ---- */

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
    struct step step = walk_leave(w);
    return step.result == RESULT_CONTINUE ? STEP_ACCEPT : step;
}

/* Errors about other protocols stay with the kernel. What comes here and shows no ports, as the quote of a
 * later fragment does, belongs to no mapping (RFC 5508 REQ-4, REQ-5). */
static struct step error_of_mapping(struct walk *w)
{
    if (!w->view->icmp.quote.is_udp)
        return STEP_DROP(UNSOLICITED_ICMP);
    if (!w->packet->writable)
        return STEP_DROP(COPY_LIMIT);
    return w->packet->from == ENGINE_OUTSIDE ? error_arrives(w) : error_departs(w);
}

/* ---- any mode ---- */

/* RFC 5508 4.2: an error from outside is about a packet that the inside sent, and goes to its sender. */
struct step step_related(struct walk *w)
{
    const struct packet_quote *quote = &w->view->icmp.quote;
    if (w->view->kind != PACKET_ICMP_ERROR)
        return STEP_CONTINUE;
    if (walk_maps(w))
        return error_of_mapping(w);
    if (!quote->is_udp)
        return STEP_ACCEPT;
    if (w->packet->from != ENGINE_OUTSIDE)
        return STEP_ACCEPT;
    walk_find(w, &quote->tuple);
    bool related = w->flow && w->sender == shard_inside(w->flow) &&
                   qw_addr_equal(&w->view->tuple.dst.addr, &quote->tuple.src.addr);
    return related ? STEP_ACCEPT : STEP_DROP(UNSOLICITED_ICMP);
}
