/* The walk of every packet. Add a feature as a step, not as a branch. */
#include "mapping.h"

static struct step (*const STEPS[])(struct walk *w) = {
    step_address,   /* nat: whom it is from or for, inside */
    step_related,   /* an ICMP error: does it belong to a flow? */
    step_find,      /* whose it is: the 5-tuple's record */
    step_throttle,  /* is its flow of those that are blocked? */
    step_begin,     /* a new flow, if the rules allow one */
    step_map,       /* nat: what its inside is called outside */
    step_size,      /* is it too long for where it goes? */
    step_handshake, /* what the handshake says, until it is confirmed */
    step_admit,     /* what the rules say of its ClientHello, while that is open */
    step_account,   /* who spoke when */
};

struct step walk_take_steps(struct walk *w)
{
    struct step step = STEP_CONTINUE;
    for (unsigned i = 0; i < sizeof STEPS / sizeof STEPS[0]; i++) {
        step = STEPS[i](w);
        if (step.result != RESULT_CONTINUE)
            break;
    }
    if (w->shard)
        shard_unlock(w->shard);
    return step;
}

static struct step walk(struct walk *w)
{
    struct step step = step_decode(w);
    if (step.result == RESULT_CONTINUE)
        step = walk_take_steps(w);
    if (step.result == RESULT_ACCEPT && w->hairpin)
        step = walk_turn(w);
    if (w->would != QW_REASON_NONE)
        step.reason = w->would;
    if (walk_monitors(w))
        step.result = RESULT_ACCEPT;
    return step;
}

static enum engine_action count(struct engine_worker *worker, enum step_result result, enum qw_reason reason)
{
    worker_count(worker, COUNT_PACKETS, 1);
    if (result == RESULT_HOLD) {
        worker_count(worker, COUNT_HELD, 1);
        return ENGINE_HOLD;
    }
    worker_count(worker, COUNT_REASONS + reason, 1);
    worker_count(worker, result == RESULT_DROP ? COUNT_DROPPED : COUNT_ACCEPTED, 1);
    return result == RESULT_DROP ? ENGINE_DROP : ENGINE_ACCEPT;
}

void engine_handle(struct engine_worker *worker, const struct engine_packet *packet, struct qw_time now,
                   struct engine_verdict *out)
{
    struct walk w = {.worker = worker, .packet = packet, .now = now, .slot = -1, .limited = -1};
    struct packet_view view;
    struct ahead_packet *ahead = ahead_take(&worker->ahead, packet->data);
    w.ahead = ahead;
    w.view = ahead ? &ahead->view : &view;
    worker->hold.released_count = 0;
    struct step step = walk(&w);
    *out = (struct engine_verdict){.action = count(worker, step.result, step.reason),
                                   .reason = step.reason,
                                   .flow = w.flow_id,
                                   .reply = w.reply};
    walk_count_load(&w, step.result != RESULT_DROP);
    out->translated = step.result != RESULT_DROP && (w.change.outwards || w.change.inwards);
    if (out->translated)
        walk_translate(&w);
}
