/* What is not let through although the rules allow it: flows of the blocked share, packets over a size limit.
 */
#include "ask.h"

/* The limited interface that the packet passes: the one outside. */
static int limited_interface(const struct walk *w)
{
    const struct engine_packet *packet = w->packet;
    return throttle_find(w->worker->engine->throttle,
                         packet->from == ENGINE_OUTSIDE ? packet->from_interface : packet->to_interface);
}

/* RFC 9312 4.6: whole flows or nothing, from the first packet on, and no table is asked. */
struct step step_throttle(struct walk *w)
{
    struct throttle *throttle = w->worker->engine->throttle;
    w->limited = limited_interface(w);
    if (w->limited < 0 || !throttle_active(throttle, w->limited))
        return STEP_CONTINUE;
    bool confirmed = w->flow && w->flow->state == FLOW_CONFIRMED;
    if (!throttle_blocks(throttle, w->limited, &w->key, confirmed))
        return STEP_CONTINUE;
    if (!walk_monitors(w))
        return STEP_DROP(THROTTLED);
    w->would = QW_REASON_THROTTLED;
    return STEP_CONTINUE;
}

/* In monitor mode what only passes because of it does not count as passed: the share would rise for ever. */
void walk_count_load(const struct walk *w, bool passed)
{
    if (w->limited < 0)
        return;
    enum throttle_direction direction = w->packet->from == ENGINE_OUTSIDE ? THROTTLE_IN : THROTTLE_OUT;
    throttle_count(w->worker->engine->throttle, w->limited, direction, w->view->ip_len,
                   passed && w->would == QW_REASON_NONE);
}

static bool is_quic(const struct flow *flow)
{
    return flow->flags & FLOW_QUIC || flow->state >= FLOW_INITIAL;
}

/* What is longer than its link can carry came in fragments: they were the packets on the wire. */
static bool was_fragmented(const struct walk *w)
{
    return w->packet->link_mtu != 0 && w->view->ip_len > w->packet->link_mtu;
}

static void packet_too_big(struct walk *w, uint32_t limit)
{
    struct engine *engine = w->worker->engine;
    if (icmp_too_big(w->packet->data, w->packet->captured, limit, &w->worker->reply) == QW_OK)
        walk_reply(w, engine->ptb_limiter, COUNT_PTBS, COUNT_PTBS_REFUSED);
}

/* RFC 9312 4.10. */
struct step step_size(struct walk *w)
{
    const struct sizes *sizes = size_book_look(&w->worker->engine->sizes, &w->worker->sizes);
    if (w->view->ip_len <= sizes->smallest || !w->view->dont_fragment || was_fragmented(w))
        return STEP_CONTINUE;
    uint32_t limit = sizes_limit(sizes, is_quic(w->flow), w->packet->to_interface);
    if (w->view->ip_len <= limit)
        return STEP_CONTINUE;
    if (walk_monitors(w)) {
        w->would = QW_REASON_TOO_BIG;
        return STEP_CONTINUE;
    }
    packet_too_big(w, limit);
    return STEP_DROP(TOO_BIG);
}
