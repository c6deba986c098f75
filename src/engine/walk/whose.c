/* What another router owns is not judged here. A packet that was not routed yet can still be sent there: it
 * goes on as it is, with a mark. */
#include "walk.h"

/* Taken before the routing decision for this step alone: it comes again when it is routed. What is addressed
 * to an external address of this router does not: it is translated before. */
static bool comes_again(const struct walk *w, bool to_external)
{
    return w->packet->unrouted && !(w->worker->engine->nat && w->view->family == QW_IPV4 &&
                                    (to_external || w->packet->from == ENGINE_OUTSIDE));
}

/* No host has a group's address (RFC 1112 4, RFC 4291 2.7). */
static bool is_for_many(const struct walk *w)
{
    const uint8_t *to = w->view->tuple.dst.addr.bytes;
    return w->view->family == QW_IPV4 ? to[12] >= 224 : to[0] == 0xff;
}

/* The endpoint that is inside: of an error the one that the packet it quotes has. */
static const struct qw_addr *inside_of(const struct walk *w)
{
    const struct packet_quote *quote = &w->view->icmp.quote;
    bool from_inside = w->packet->from == ENGINE_INSIDE;
    if (!from_inside && is_for_many(w))
        return NULL;
    if (w->view->kind == PACKET_UDP)
        return from_inside ? &w->view->tuple.src.addr : &w->view->tuple.dst.addr;
    if (!quote->is_udp)
        return NULL;
    return from_inside ? &quote->tuple.dst.addr : &quote->tuple.src.addr;
}

static unsigned owner_of(const struct walk *w, bool *to_external)
{
    const struct engine *engine = w->worker->engine;
    const struct qw_owners *who = engine->owners.who;
    const struct qw_addr *to = &w->view->tuple.dst.addr, *inside = inside_of(w);
    *to_external = engine->nat && w->view->family == QW_IPV4 && nat_is_external(engine->nat, to);
    if (*to_external && w->packet->from == ENGINE_OUTSIDE)
        return qw_owner_of_address(who, to);
    return inside ? qw_owner_of_host(who, inside, w->view->family) : QW_OWNER_NONE;
}

/* To an address that another router has: as to any other host outside. */
bool walk_is_here(const struct walk *w, const struct qw_addr *external)
{
    const struct owners *owners = &w->worker->engine->owners;
    if (!owners->who)
        return true;
    uint32_t mark = owners_mark(owners, qw_owner_of_address(owners->who, external));
    return mark == OWNERS_HERE || mark == OWNERS_SOON;
}

struct step step_whose(struct walk *w)
{
    const struct owners *owners = &w->worker->engine->owners;
    bool to_external;
    bool router_made = w->packet->from == ENGINE_INSIDE && !w->packet->from_interface;
    if (!owners->who || w->packet->from == ENGINE_UNKNOWN || router_made)
        return STEP_CONTINUE;
    uint32_t mark = owners_mark(owners, owner_of(w, &to_external));
    w->owned_soon = mark == OWNERS_SOON;
    if (mark == OWNERS_HERE || mark == OWNERS_SOON) {
        to_external = to_external && walk_is_here(w, &w->view->tuple.dst.addr);
        w->looked = comes_again(w, to_external);
        return w->looked ? STEP_ACCEPT : STEP_CONTINUE;
    }
    if (!w->packet->unrouted || mark == 0)
        return STEP_DROP(ELSEWHERE);
    w->mark = mark;
    return STEP_ACCEPT;
}
