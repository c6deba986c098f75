/* Flows of the share that is blocked, although the rules allow them. */
#include "walk.h"

/* The limited interface that the packet passes: the one outside. */
static int limited_interface(const struct walk *w)
{
    const struct engine_packet *packet = w->packet;
    return throttle_find(w->worker->engine->throttle,
                         packet->from == ENGINE_OUTSIDE ? packet->from_interface : packet->to_interface);
}

/* Of a capture's packets only the flow knows. */
static bool comes_in(const struct walk *w)
{
    if (w->packet->from == ENGINE_UNKNOWN)
        return w->flow && w->sender != shard_inside(w->flow);
    return w->packet->from == ENGINE_OUTSIDE;
}

static enum throttle_direction limited_direction(const struct walk *w)
{
    return w->comes_in ? THROTTLE_IN : THROTTLE_OUT;
}

/* RFC 9312 4.6: whole flows or nothing, from the first packet on, and no table is asked. */
struct step step_throttle(struct walk *w)
{
    struct throttle *throttle = w->worker->engine->throttle;
    w->limited = limited_interface(w);
    w->comes_in = w->limited >= 0 && comes_in(w);
    if (w->limited < 0 || !throttle_active(throttle, w->limited))
        return STEP_CONTINUE;
    const struct throttle_flow flow = {&w->key, w->hash, w->flow && w->flow->state == FLOW_CONFIRMED};
    if (!throttle_blocks(throttle, w->limited, limited_direction(w), &flow, w->view->ip_len))
        return STEP_CONTINUE;
    if (!walk_monitors(w))
        return STEP_DROP(THROTTLED);
    w->would = QW_REASON_THROTTLED;
    return STEP_CONTINUE;
}

/* In monitor mode what only passes because of it does not count as passed: the share would rise for ever. */
void walk_count_load(const struct walk *w, enum qw_reason dropped)
{
    enum throttle_fate fate = THROTTLE_PASSED;
    if (w->limited < 0)
        return;
    if (dropped != QW_REASON_NONE)
        fate = dropped == QW_REASON_THROTTLED ? THROTTLE_BLOCKED : THROTTLE_ELSEWHERE;
    throttle_count(w->worker->engine->throttle, w->limited, limited_direction(w), w->hash, w->view->ip_len,
                   fate);
}
