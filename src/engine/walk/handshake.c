/* While a handshake is open its datagrams are read, outside the lock: decryption is slow and needs nothing of
 * the shard. The scratch is copied out, read, and copied back if nobody changed it meanwhile. */
#include "walk.h"
#include <quicward/quic.h>

/* The two directions of a flow nearly always meet in one worker; if not, one reading more settles it. Each
 * pays from the budget. */
#define READ_TRIES 3

#define LONG_HEADER 0x80 /* RFC 8999 5.1: the form bit */

/* What a client may open another connection with on a confirmed flow: a long header of v1 or v2 in a datagram
 * of full size (RFC 9000 14.1). */
static bool may_begin_another(const struct walk *w)
{
    return confirm_concerns_known(w->view->payload) && w->view->payload_len >= QUIC_CLIENT_DATAGRAM_MIN;
}

static bool concerns_confirmed(const struct walk *w)
{
    if (!(w->view->payload.data[0] & LONG_HEADER) || !w->worker->settings->judges)
        return false;
    return w->flow->handshake != FLOW_NONE ? confirm_concerns_known(w->view->payload) : may_begin_another(w);
}

static bool concerns(const struct walk *w)
{
    const struct flow *flow = w->flow;
    if (w->view->payload.len == 0 || !w->worker->settings->reads_quic)
        return false;
    if (flow->state == FLOW_CONFIRMED)
        return concerns_confirmed(w);
    if (flow->handshake != FLOW_NONE)
        return true;
    return flow->flags & FLOW_SETTLED ? confirm_concerns_known(w->view->payload)
                                      : confirm_concerns(w->view->payload);
}

static void tell_confirmed(struct walk *w)
{
    const struct flow *flow = w->flow;
    enum flow_side client = flow->flags & FLOW_CLIENT_HI ? FLOW_HI : FLOW_LO;
    events_add(&w->worker->engine->events,
               &(struct engine_event){.kind = ENGINE_EVENT_FLOW_CONFIRMED,
                                      .time = w->now,
                                      .family = (enum qw_family)flow->key.family,
                                      .client = shard_endpoint(flow, client),
                                      .server = shard_endpoint(flow, flow_peer(client)),
                                      .flow = w->flow_id,
                                      .version = flow->version});
}

/* Attempts that are not decided yet, or were refused, stay known when another one is confirmed. */
static bool is_needed(const struct walk *w)
{
    if (w->flow->handshake == FLOW_NONE)
        return false;
    const struct scratch *scratch = &w->shard->scratch.all[w->flow->handshake];
    bool needed = w->slot >= 0 && scratch->hellos[w->slot].verdict == VERDICT_OPEN;
    for (unsigned i = 0; i < scratch->confirm.in_use && !needed; i++) {
        const struct hello *hello = &scratch->hellos[i];
        needed = hello->held > 0 || (hello->status == HELLO_PARTIAL && hello->stream.ranges > 0) ||
                 hello->verdict == VERDICT_REFUSED;
    }
    return needed;
}

/* A scratch that is needed stays until it is needed elsewhere. */
static void confirmed(struct walk *w)
{
    w->news |= NEWS_CONFIRMED;
    flow_set_class(w->shard->flows, w->flow, FLOW_KNOWN, w->now);
    if (!w->turned)
        shares_take(w->shard->shares, w->flow);
    w->shard->counters.flows_confirmed++;
    measured_count(&w->shard->measured, w->flow->version, ENGINE_OUTCOME_CONFIRMED);
    tell_confirmed(w);
    peers_list(w->shard->peers, w->shard, w->flow);
    if (!is_needed(w))
        scratch_release(&w->shard->scratch, w->flow);
}

/* What does not pass proves nothing, though a replay goes on as if it had passed. */
static bool is_refused(const struct scratch *scratch, int slot)
{
    return slot >= 0 && scratch->hellos[slot].verdict == VERDICT_REFUSED &&
           scratch->hellos[slot].serial == scratch->confirm.attempts[slot].serial;
}

static void learn(struct walk *w, const struct scratch *scratch, const struct confirm_view *view)
{
    struct flow *flow = w->flow;
    bool before = flow->state == FLOW_CONFIRMED;
    if (!is_refused(scratch, view->speaker) && view->state != FLOW_ONE_WAY && view->state >= flow->state) {
        flow->state = (uint8_t)view->state;
        flow->version = view->version;
        flow->flags &= (uint8_t)~FLOW_CLIENT_HI;
        flow->flags |= (uint8_t)(FLOW_CLIENT_SEEN | (view->client == FLOW_HI ? FLOW_CLIENT_HI : 0));
    } else if (flow->version == 0)
        flow->version = view->version;
    if (flow->state == FLOW_CONFIRMED && !before) {
        w->server_cid_len = scratch->confirm.attempts[view->speaker].server_scid.len;
        confirmed(w);
    }
    if (view->stalled) {
        flow->flags |= FLOW_SETTLED;
        scratch_release(&w->shard->scratch, flow);
    }
}

/* The name that reports show is that of the first ClientHello, or of a later one while nobody answered. */
static void name_flow(struct walk *w)
{
    struct flow *flow = w->flow;
    if (flow->names != FLOW_NONE && !flow_is_attempt((enum flow_class)flow->class))
        return;
    names_drop(&w->shard->names, flow->names);
    flow->names = names_take(&w->shard->names, w->hello);
}

static void mark_hello(struct walk *w, struct hello *hello)
{
    w->flow->marks &= (uint8_t) ~(FLOW_HELLO_PARTIAL | FLOW_HELLO_UNREADABLE);
    if (hello->status == HELLO_READ) {
        w->hello = &w->worker->reading.hello;
        w->shard->counters.hellos += !hello->counted;
        hello->counted = true;
        name_flow(w);
    } else {
        w->flow->marks |= FLOW_HELLO_UNREADABLE;
        w->shard->counters.hellos_unreadable++;
    }
}

static void take_hello(struct walk *w, struct scratch *scratch)
{
    const struct confirm_piece *pieces;
    size_t count = confirm_pieces(w->worker->reader, &pieces);
    struct scratch_pool *pool = &w->shard->scratch;
    hello_follow(scratch->hellos, &scratch->confirm, pool->chunks);
    if (w->slot < 0)
        return;
    unsigned slot = (unsigned)w->slot;
    struct hello *hello = &scratch->hellos[slot];
    bool keep = w->worker->settings->judges && !scratch->confirm.attempts[slot].server_spoke;
    if (hello->status == HELLO_PARTIAL)
        scratch_spare_pieces(pool, hello_need(slot, pieces, count));
    if (hello_collect(hello, slot, pieces, count, pool->chunks, &w->worker->reading, keep))
        mark_hello(w, hello);
    if (hello->stream.ranges > 0) /* elsewhere nothing is touched but the scratch itself */
        scratch_keep_pieces(pool, scratch);
}

/* A datagram that tells nothing takes no scratch, which would be another flow's. */
static bool tells(const struct walk *w)
{
    const struct confirm *copy = &w->worker->copy;
    return copy->in_use > 0 || (copy->fruitless > 0 && w->flow->state != FLOW_CONFIRMED);
}

/* With the shard locked. NULL: the flow has none. */
static struct scratch *copy_out(struct walk *w)
{
    struct scratch_pool *pool = &w->shard->scratch;
    if (w->flow->handshake != FLOW_NONE) {
        struct scratch *scratch = scratch_of(pool, w->flow);
        confirm_copy(&w->worker->copy, &scratch->confirm);
        return scratch;
    }
    confirm_start(&w->worker->copy);
    w->worker->copy.serials = pool->serials;
    return NULL;
}

static void copy_back(struct walk *w, struct scratch *scratch)
{
    struct scratch_pool *pool = &w->shard->scratch;
    confirm_copy(&scratch->confirm, &w->worker->copy);
    scratch->revision++;
    if (pool->serials < scratch->confirm.serials)
        pool->serials = scratch->confirm.serials;
}

static bool unchanged(const struct walk *w, const struct scratch *scratch, uint32_t revision)
{
    if (!scratch)
        return w->flow->handshake == FLOW_NONE;
    return scratch->owner == w->flow && scratch->revision == revision;
}

/* What begins an attempt is not let through unread. */
static bool begins_attempt(const struct walk *w)
{
    return confirm_concerns_known(w->view->payload) &&
           confirm_look(w->view->payload, w->view->payload_len).begins;
}

/* Reads the datagram with the shard unlocked. False when the scratch changed under it: nothing was learnt.
 * When the flow itself ended meanwhile, w->flow is NULL. */
static bool read_unlocked(struct walk *w)
{
    struct confirm_view view;
    struct scratch *scratch = copy_out(w);
    uint32_t revision = scratch ? scratch->revision : 0;
    shard_unlock(w->shard);
    confirm_datagram(&w->worker->copy, w->worker->reader, w->sender, w->view->payload, &view);
    shard_lock(w->shard, &w->worker->settings->shards, w->now);
    if (atomic_load_explicit(&w->flow->id, memory_order_relaxed) != w->flow_id)
        w->flow = NULL;
    if (!w->flow || !unchanged(w, scratch, revision))
        return false;
    w->unread = view.exhausted && w->worker->settings->judges && begins_attempt(w);
    if (!scratch && !tells(w))
        return true;
    if (!scratch)
        scratch = scratch_of(&w->shard->scratch, w->flow);
    copy_back(w, scratch);
    w->slot = view.slot;
    take_hello(w, scratch);
    learn(w, scratch, &view);
    return true;
}

/* A datagram that begins with a long header of v1 or v2 may have Initials in it, of either side. */
static bool is_over_budget(struct walk *w)
{
    struct engine *engine = w->worker->engine;
    if (!confirm_concerns_known(w->view->payload))
        return false;
    bool paid = initials_spend(&engine->initials, &w->worker->settings->initials, shares_source(w->flow),
                               flow_begun_inside(w->flow), w->now);
    worker_count(w->worker, paid ? QW_COUNTER_initials_opened : QW_COUNTER_initials_over, 1);
    if (!paid)
        walk_tell_packet(w, ENGINE_EVENT_INITIALS_OVER);
    return !paid;
}

/* What is not read passes, where no rule could mind. An undecided flow is decided as one whose ClientHello
 * cannot be read (admit.c). On others a name that the rules refuse must not pass because there is much else
 * to read. */
static struct step pass_unread(struct walk *w)
{
    const struct settings *settings = w->worker->settings;
    bool decided = !(w->flow->flags & FLOW_UNDECIDED) || settings->hold_exhausted == CONFIG_EXHAUSTED_DROP;
    w->unread = settings->judges && decided && begins_attempt(w);
    return STEP_CONTINUE;
}

struct step step_handshake(struct walk *w)
{
    bool undecided = w->flow->flags & FLOW_UNDECIDED, done = true;
    for (int try = 0; try < READ_TRIES && concerns(w); try++) {
        if (is_over_budget(w))
            return pass_unread(w);
        done = read_unlocked(w);
        if (!w->flow) /* another worker ended it meanwhile: what was to wait has nothing to wait for */
            return undecided || begins_attempt(w) ? STEP_DROP(HOLD_LIMIT) : STEP_ACCEPT;
        if (done)
            break;
    }
    w->unread |= !done && begins_attempt(w);
    return STEP_CONTINUE;
}
