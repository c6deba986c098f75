/* Mode nat: the end of a packet's way. The steps only found out; the bytes change here, so that whatever is
 * sent back to a packet's sender quotes it as it was sent. */
#include "walk.h"

/* The address may have vanished just now. */
struct step walk_leave(struct walk *w)
{
    static const struct qw_addr NONE;
    w->change.external = nat_endpoint(w->worker->engine->nat, w->flow->external);
    w->change.outwards = !qw_addr_equal(&w->change.external.addr, &NONE);
    return w->change.outwards ? STEP_CONTINUE : STEP_DROP(NO_ADDRESS);
}

/* The view tells the inside endpoint where the packet carries the external one. */
static void translate_udp(const struct walk *w, const struct qw_endpoint *external,
                          const struct qw_endpoint *inside)
{
    struct qw_tuple wire = w->view->tuple;
    if (!external)
        wire.dst = w->change.external;
    struct nat_rewrite rewrite = path_rewrite(&wire, external, inside);
    nat_rewrite_udp(w->packet->writable, w->view, &rewrite);
}

void walk_translate(const struct walk *w)
{
    const struct walk_change *change = &w->change;
    const struct qw_endpoint *external = change->outwards ? &change->external : NULL;
    const struct qw_endpoint *inside = change->inwards ? &change->inside : NULL;
    if (w->view->kind == PACKET_UDP)
        translate_udp(w, external, inside);
    else
        nat_rewrite_error(w->packet->writable, w->view, external ? &external->addr : NULL,
                          inside ? &inside->addr : NULL, inside, external);
}
