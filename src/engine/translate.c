/* Mode nat: the end of a packet's way. The steps only found out; the bytes change here, so that whatever is
 * sent back to a packet's sender quotes it as it was sent. */
#include "mapping.h"

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
