/* Bytes to a view. What is no UDP, or cannot be read, goes no further. */
#include "walk.h"

#define PROTOCOL_UDP 17

struct step step_decode(struct walk *w)
{
    const struct engine_packet *packet = w->packet;
    enum qw_error error = w->ahead ? w->ahead->decoded
                                   : packet_decode(packet->data, packet->captured, packet->wire_len, w->view);
    if (error != QW_OK)
        return STEP_DROP(MALFORMED);
    if (w->view->kind == PACKET_OTHER)
        return STEP_ACCEPT;
    if (w->view->kind == PACKET_FRAGMENT || w->view->first_fragment)
        return w->view->protocol == PROTOCOL_UDP || w->view->hides_upper ? STEP_DROP(FRAGMENT) : STEP_ACCEPT;
    return STEP_CONTINUE;
}
