/* ICMP errors go where the packet that they quote may go. They say nothing about its flow: no timer is
 * restarted, nothing ends. */
#include "walk.h"

/* The flow of a quoted packet, if the inside (or the outside) sent it. The shard is locked only then. */
static bool find_sent(struct walk *w, const struct qw_tuple *quoted, bool by_inside)
{
    walk_find(w, quoted);
    if (w->flow && (w->sender == shard_inside(w->flow)) == by_inside)
        return true;
    shard_unlock(w->shard);
    w->shard = NULL;
    w->flow = NULL;
    w->flow_id = 0;
    return false;
}

/* ---- mode nat (RFC 5508 4) ---- */

/* About a packet that left translated: its sender inside. */
static bool find_inside_sender(struct walk *w)
{
    struct qw_tuple sent = w->view->icmp.quote.tuple;
    if (!nat_inside(w->worker->engine->nat, &sent.src, &w->change.inside))
        return false;
    sent.src = w->change.inside;
    w->change.inwards = find_sent(w, &sent, true);
    return w->change.inwards;
}

/* What no mapping stands for and the router may have sent itself. It has no socket for all of that: a tunnel
 * of the kernel (VXLAN) sends from any of the ports that are kept for the router. */
static bool is_of_router(const struct walk *w, const struct qw_endpoint *at)
{
    const struct nat *nat = w->worker->engine->nat;
    return nat_is_external(nat, &at->addr) && nat_is_routers(nat, at->port);
}

/* About what was not translated (nat.except): as in the other modes. */
static bool is_excepted(const struct walk *w)
{
    const struct qw_tuple *quoted = &w->view->icmp.quote.tuple;
    const struct nat *nat = w->worker->engine->nat;
    return settings_except(w->worker->settings, &quoted->src.addr, &quoted->dst.addr) &&
           !nat_is_external(nat, &quoted->src.addr) && !nat_is_external(nat, &quoted->dst.addr);
}

/* About a packet that an inside host sent: to that host, and as it knows the packet. */
static struct step error_arrives(struct walk *w)
{
    const struct qw_endpoint *sender = &w->view->icmp.quote.tuple.src;
    if (!qw_addr_equal(&w->view->tuple.dst.addr, &sender->addr))
        return STEP_DROP(UNSOLICITED_ICMP);
    if (find_inside_sender(w) || is_of_router(w, sender))
        return STEP_ACCEPT;
    if (is_excepted(w) && find_sent(w, &w->view->icmp.quote.tuple, true))
        return STEP_ACCEPT;
    return STEP_DROP(UNSOLICITED_ICMP);
}

static bool router_made(const struct walk *w)
{
    return !w->packet->from_interface;
}

/* About a packet that came to an inside host, from that host or a router before it: nothing in it may tell
 * an inside address. */
static struct step error_departs(struct walk *w)
{
    const struct nat *nat = w->worker->engine->nat;
    const struct qw_tuple *quoted = &w->view->icmp.quote.tuple;
    if (!find_sent(w, quoted, false))
        return STEP_DROP(UNSOLICITED_ICMP);
    if (w->flow->external == 0 && is_excepted(w))
        return STEP_ACCEPT;
    if (!nat_holds(nat, w->flow->external, &quoted->dst))
        return STEP_DROP(UNSOLICITED_ICMP);
    w->hairpin = nat_is_external(nat, &w->view->tuple.dst.addr);
    struct step step = walk_leave(w);
    return step.result == RESULT_CONTINUE ? STEP_ACCEPT : step;
}

/* The router speaks to an external address: of a packet that it had translated before it could not send it
 * on. It says that to itself, or towards the outside where the address is only routed here. What no mapping
 * stands for was its own. */
static struct step error_returns(struct walk *w)
{
    if (find_inside_sender(w))
        return STEP_ACCEPT;
    struct step step = error_departs(w); /* a hairpin, translated both ways */
    return step.result == RESULT_DROP && !w->flow ? STEP_ACCEPT : step;
}

/* What the router says of packets to its own address needs no change; nobody else has seen such. */
static struct step error_from_inside(struct walk *w)
{
    const struct nat *nat = w->worker->engine->nat;
    const struct qw_tuple *quoted = &w->view->icmp.quote.tuple;
    if (nat_is_external(nat, &quoted->dst.addr))
        return router_made(w) ? STEP_ACCEPT : STEP_DROP(UNSOLICITED_ICMP);
    if (router_made(w) && nat_is_external(nat, &quoted->src.addr))
        return error_returns(w);
    return error_departs(w);
}

/* Errors about other protocols stay with the kernel. What comes here and shows no ports, as the quote of a
 * later fragment does, belongs to no mapping (RFC 5508 REQ-4, REQ-5). */
static struct step error_of_mapping(struct walk *w)
{
    if (!w->view->icmp.quote.is_udp)
        return STEP_DROP(UNSOLICITED_ICMP);
    if (!w->packet->writable)
        return STEP_DROP(COPY_LIMIT);
    return w->packet->from == ENGINE_OUTSIDE ? error_arrives(w) : error_from_inside(w);
}

/* ---- any mode ---- */

/* RFC 5508 4.2: an error from outside is about a packet that the inside sent, and goes to its sender. One
 * that does not show what it is about belongs to no flow, and its receiver could not tell either. */
struct step step_related(struct walk *w)
{
    const struct packet_quote *quote = &w->view->icmp.quote;
    if (w->view->kind != PACKET_ICMP_ERROR)
        return STEP_CONTINUE;
    if (walk_maps(w))
        return error_of_mapping(w);
    if (quote->is_other || w->packet->from != ENGINE_OUTSIDE)
        return STEP_ACCEPT;
    bool related = quote->is_udp && qw_addr_equal(&w->view->tuple.dst.addr, &quote->tuple.src.addr) &&
                   find_sent(w, &quote->tuple, true);
    return related ? STEP_ACCEPT : STEP_DROP(UNSOLICITED_ICMP);
}
