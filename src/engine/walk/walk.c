/* The walk of every packet. Add a feature as a step, not as a branch. */
#include "walk.h"
#include "hint_news.h"

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

/* What is told of paths is noted while the shard is locked, and leaves when it no longer is. */
static void leave_shard(struct walk *w, const struct step *step)
{
    struct path_pending pending;
    bool paths = w->shard->paths != NULL;
    if (paths)
        paths_look(w, step->result != RESULT_DROP, &pending);
    shard_unlock(w->shard);
    if (paths)
        paths_push(w->worker, &pending);
}

/* Of a packet that is decoded, as one that is turned is already. Leaves no shard locked. */
static struct step take_steps(struct walk *w)
{
    struct step step = STEP_CONTINUE;
    for (unsigned i = 0; i < sizeof STEPS / sizeof STEPS[0]; i++) {
        step = STEPS[i](w);
        if (step.result != RESULT_CONTINUE)
            break;
    }
    if (w->shard)
        leave_shard(w, &step);
    return step;
}

/* The second part of a hairpin's way: the packet as it stands after the change outwards comes from outside
 * now. */
static struct step turn(struct walk *w)
{
    struct engine_packet packet = *w->packet;
    struct walk back = {.worker = w->worker, .packet = &packet, .now = w->now, .slot = -1, .limited = -1};
    packet.from = ENGINE_OUTSIDE;
    packet.from_interface = packet.to_interface = NULL;
    struct packet_view view = *w->view;
    back.view = &view;
    back.turned = true;
    back.trial = w->trial;
    view.tuple.src = w->change.external;
    view.icmp.quote.tuple.dst = w->change.external;
    struct step step = take_steps(&back);
    w->change.inwards = back.change.inwards;
    w->change.inside = back.change.inside;
    w->wanted = back.wanted;
    return step;
}

static struct step walk(struct walk *w)
{
    struct step step = step_decode(w);
    if (step.result == RESULT_CONTINUE)
        step = step_whose(w);
    if (step.result == RESULT_CONTINUE)
        step = take_steps(w);
    if (step.result == RESULT_ACCEPT && w->hairpin)
        step = turn(w);
    if (w->would != QW_REASON_NONE)
        step.reason = w->would;
    if (walk_monitors(w))
        step.result = RESULT_ACCEPT;
    return step;
}

/* A packet that comes again is counted then. */
static enum engine_action count(const struct walk *w, enum step_result result, enum qw_reason reason)
{
    struct engine_worker *worker = w->worker;
    if (w->looked)
        return ENGINE_ACCEPT;
    worker_count(worker, QW_COUNTER_packets, 1);
    if (result == RESULT_HOLD) {
        worker_count(worker, QW_COUNTER_held, 1);
        return ENGINE_HOLD;
    }
    worker_count(worker, WORKER_REASONS + reason, 1);
    if (w->mark)
        worker_count(worker, QW_COUNTER_marked, 1);
    worker_count(worker, result == RESULT_DROP ? QW_COUNTER_dropped : QW_COUNTER_accepted, 1);
    return result == RESULT_DROP ? ENGINE_DROP : ENGINE_ACCEPT;
}

static void handle(struct engine_worker *worker, const struct engine_packet *packet, struct qw_time now,
                   struct engine_trial *trial, struct engine_verdict *out)
{
    struct walk w = {
        .worker = worker, .packet = packet, .now = now, .trial = trial, .slot = -1, .limited = -1};
    struct packet_view view;
    struct ahead_packet *ahead = ahead_take(&worker->ahead, packet->data);
    w.ahead = ahead;
    w.view = ahead ? &ahead->view : &view;
    worker->hold.released_count = 0;
    worker_take_settings(worker);
    struct step step = walk(&w);
    *out = (struct engine_verdict){.action = count(&w, step.result, step.reason),
                                   .reason = step.reason,
                                   .flow = w.flow_id,
                                   .mark = w.mark,
                                   .reply = w.wanted.kind == REPLY_NONE ? NULL : walk_reply(&w)};
    walk_count_load(&w, step.reason);
    out->translated = step.result != RESULT_DROP && (w.change.outwards || w.change.inwards);
    if (out->translated)
        walk_translate(&w);
    if (w.news)
        hint_news(&w);
}

void engine_handle(struct engine_worker *worker, const struct engine_packet *packet, struct qw_time now,
                   struct engine_verdict *out)
{
    handle(worker, packet, now, NULL, out);
}

void engine_try(struct engine_worker *worker, const struct engine_packet *packet, struct qw_time now,
                struct engine_trial *trial)
{
    trial->asked = 0;
    handle(worker, packet, now, trial, &trial->verdict);
}
