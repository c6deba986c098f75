/* The walk of every packet. Add a feature as a step, not as a branch. */
#include "walk.h"

static struct step (*const STEPS[])(struct walk *w) = {
    step_decode,    /* what it is */
    step_related,   /* an ICMP error: does it belong to a flow? */
    step_flow,      /* whose it is: the 5-tuple's record, or none may be made */
    step_handshake, /* what the handshake says, until it is confirmed */
    step_account,   /* who spoke when */
};

static void count(_Atomic uint64_t *counter)
{
    uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, value + 1, memory_order_relaxed);
}

static struct step take_steps(struct walk *w)
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

void engine_handle(struct engine_worker *worker, const struct engine_packet *packet, struct qw_time now,
                   struct engine_verdict *out)
{
    struct walk w = {.worker = worker, .packet = packet, .now = now};
    struct step step = take_steps(&w);
    bool drop = step.result == RESULT_DROP && worker->engine->mode != CONFIG_MONITOR;
    *out = (struct engine_verdict){drop ? ENGINE_DROP : ENGINE_ACCEPT, step.reason, w.flow_id};
    count(&worker->packets);
    count(&worker->reasons[step.reason]);
    if (drop)
        count(&worker->dropped);
}
