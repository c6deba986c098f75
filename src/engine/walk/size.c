/* Packets over a size limit, although the rules allow their flow. */
#include "walk.h"

static bool is_quic(const struct flow *flow)
{
    return flow->flags & FLOW_QUIC || flow->state >= FLOW_INITIAL;
}

/* What went over the wire. Where nobody knows of fragments, what is longer than its link can carry came in
 * some: of what length cannot be told, and none is blamed. */
static uint32_t wire_length(const struct walk *w)
{
    const struct engine_packet *packet = w->packet;
    if (packet->fragment_len != 0)
        return packet->fragment_len < w->view->ip_len ? packet->fragment_len : w->view->ip_len;
    return packet->link_mtu != 0 && w->view->ip_len > packet->link_mtu ? 0 : w->view->ip_len;
}

/* RFC 9312 4.10. */
struct step step_size(struct walk *w)
{
    const struct sizes *sizes = &w->worker->settings->sizes;
    if (w->view->ip_len <= sizes->smallest || !w->view->dont_fragment)
        return STEP_CONTINUE;
    uint32_t limit = sizes_limit(sizes, is_quic(w->flow), w->packet->to_interface);
    if (wire_length(w) <= limit)
        return STEP_CONTINUE;
    if (walk_monitors(w)) {
        w->would = QW_REASON_TOO_BIG;
        return STEP_CONTINUE;
    }
    w->wanted = (struct walk_wanted){REPLY_TOO_BIG, limit};
    return STEP_DROP(TOO_BIG);
}
