/* While a handshake is open its datagrams are read, outside the lock: decryption is slow and needs nothing of
 * the shard. The scratch is copied out, read, and copied back if nobody changed it meanwhile. */
#include "walk.h"

/* The two directions of a flow nearly always meet in one worker; if not, one reading more settles it. */
#define READ_TRIES 3

static bool concerns(const struct walk *w)
{
    const struct flow *flow = w->flow;
    if (flow->state == FLOW_CONFIRMED || w->view->payload.len == 0 || !w->worker->engine->reads_quic)
        return false;
    if (flow->handshake != FLOW_NONE)
        return true;
    return flow->flags & FLOW_SETTLED ? confirm_concerns_known(w->view->payload)
                                      : confirm_concerns(w->view->payload);
}

static void learn(struct walk *w, const struct confirm_view *view)
{
    struct flow *flow = w->flow;
    if (view->state != FLOW_ONE_WAY && view->state >= flow->state) {
        flow->state = (uint8_t)view->state;
        flow->version = view->version;
        flow->flags &= (uint8_t)~FLOW_CLIENT_HI;
        flow->flags |= (uint8_t)(FLOW_CLIENT_SEEN | (view->client == FLOW_HI ? FLOW_CLIENT_HI : 0));
    }
    if (flow->state == FLOW_CONFIRMED) {
        flow_set_class(w->shard->flows, flow, FLOW_KNOWN, w->now);
        w->shard->counters.confirmed++;
    }
    if (view->stalled)
        flow->flags |= FLOW_SETTLED;
    if (view->stalled || flow->state == FLOW_CONFIRMED)
        scratch_release(&w->shard->scratch, flow);
}

/* The name that reports show is that of the first ClientHello, or of a later one while nobody answered. */
static void name_flow(struct walk *w)
{
    struct flow *flow = w->flow;
    if (flow->names != FLOW_NONE && flow->class != FLOW_ATTEMPT)
        return;
    names_drop(&w->shard->names, flow->names);
    flow->names = names_take(&w->shard->names, w->hello);
}

static void take_hello(struct walk *w, struct scratch *scratch)
{
    const struct confirm_piece *pieces;
    size_t count = confirm_pieces(w->worker->reader, &pieces);
    struct quic_chunks *chunks = w->shard->scratch.chunks;
    hello_follow(scratch->hellos, &scratch->confirm, chunks);
    if (w->slot < 0)
        return;
    struct hello *hello = &scratch->hellos[w->slot];
    if (!hello_collect(hello, (unsigned)w->slot, pieces, count, chunks, &w->worker->reading))
        return;
    if (hello->status == HELLO_READ) {
        w->hello = &w->worker->reading.hello;
        w->shard->counters.hellos++;
        name_flow(w);
    } else
        w->shard->counters.hellos_unreadable++;
}

/* Reads the datagram with the shard unlocked. False when the scratch changed under it: nothing was learnt.
 * When the flow itself ended meanwhile, w->flow is NULL. */
static bool read_unlocked(struct walk *w)
{
    struct scratch *scratch = scratch_of(&w->shard->scratch, w->flow);
    struct confirm_view view;
    uint32_t revision = scratch->revision;
    confirm_copy(&w->worker->copy, &scratch->confirm);
    shard_unlock(w->shard);
    confirm_datagram(&w->worker->copy, w->worker->reader, w->sender, w->view->payload, &view);
    shard_lock(w->shard, w->now);
    if (atomic_load_explicit(&w->flow->id, memory_order_relaxed) != w->flow_id)
        w->flow = NULL;
    if (!w->flow || scratch->owner != w->flow || scratch->revision != revision)
        return false;
    confirm_copy(&scratch->confirm, &w->worker->copy);
    scratch->revision++;
    w->slot = view.slot;
    take_hello(w, scratch);
    learn(w, &view);
    return true;
}

struct step step_handshake(struct walk *w)
{
    bool undecided = w->flow->flags & FLOW_UNDECIDED;
    for (int try = 0; try < READ_TRIES && concerns(w); try++) {
        bool done = read_unlocked(w);
        if (!w->flow) /* another worker ended it meanwhile: what was to wait has nothing to wait for */
            return undecided ? STEP_DROP(HOLD_LIMIT) : STEP_ACCEPT;
        if (done)
            break;
    }
    return STEP_CONTINUE;
}
