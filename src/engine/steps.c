#include "ask.h"
#include "mapping.h"

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
        return w->view->protocol == PROTOCOL_UDP ? STEP_DROP(FRAGMENT) : STEP_ACCEPT;
    return STEP_CONTINUE;
}

/* What was found out ahead holds unless another mapping was met since. */
static void take_key(struct walk *w, const struct qw_tuple *tuple)
{
    const struct ahead_packet *ahead = w->ahead;
    if (ahead && ahead->hashed && ahead->mapping == w->mapping) {
        w->sender = ahead->sender;
        w->key = ahead->key;
        w->hash = ahead->hash;
        return;
    }
    w->sender = flow_key_of(tuple, &w->key);
    w->hash = flow_hash(w->worker->engine->secret, &w->key);
}

void walk_find(struct walk *w, const struct qw_tuple *tuple)
{
    struct engine *engine = w->worker->engine;
    take_key(w, tuple);
    w->shard = engine_shard(engine, w->hash);
    shard_lock(w->shard, w->now);
    w->flow = flow_lookup(w->shard->flows, &w->key, w->hash, w->now);
    w->flow_id = w->flow ? atomic_load_explicit(&w->flow->id, memory_order_relaxed) : 0;
}

struct step step_find(struct walk *w)
{
    walk_find(w, &w->view->tuple);
    return STEP_CONTINUE;
}

static void begin(struct walk *w, const struct ruling *ruling, bool quic)
{
    w->flow_id = atomic_load_explicit(&w->flow->id, memory_order_relaxed);
    w->shard->counters.created++;
    walk_admit(w->flow, w->sender, w->packet->from, ruling);
    if (quic)
        w->flow->flags |= FLOW_QUIC;
    if (ruling->needs_hello)
        w->flow->flags |= FLOW_UNDECIDED;
    else if (w->would == QW_REASON_NONE)
        w->would = ruling->reason;
}

struct step step_begin(struct walk *w)
{
    nat_external mapping = 0;
    if (w->flow)
        return STEP_CONTINUE;
    struct policy_facts facts = walk_facts(w, w->hairpin || w->turned);
    struct ruling ruling = rulebook_decide(&w->worker->engine->book, &facts);
    if (!ruling.needs_hello && ruling.action != CONFIG_ACCEPT && !walk_monitors(w))
        return walk_refuse(w, &ruling);
    if (!flow_make_room(w->shard->flows, w->now))
        return walk_refuse_full(w);
    struct step step = walk_open_session(w, &mapping);
    if (step.result != RESULT_CONTINUE)
        return step;
    w->flow = flow_create(w->shard->flows, &w->key, w->hash, w->now);
    w->flow->external = mapping;
    if (mapping && w->packet->from != ENGINE_OUTSIDE)
        w->flow->flags |= FLOW_HOLDS_MAPPING;
    begin(w, &ruling, facts.quic);
    return STEP_CONTINUE;
}

static void answered(struct walk *w)
{
    enum flow_side initiator = w->flow->flags & FLOW_INITIATOR_HI ? FLOW_HI : FLOW_LO;
    if (w->flow->class != FLOW_ATTEMPT || w->sender == initiator)
        return;
    if (w->flow->state == FLOW_ONE_WAY)
        w->flow->state = FLOW_TWO_WAY;
    flow_set_class(w->shard->flows, w->flow, FLOW_ANSWERED, w->now);
}

/* RFC 4787 REQ-6: the inside restarts the timer; the outside too, once the flow is known to be wanted. */
struct step step_account(struct walk *w)
{
    struct flow *flow = w->flow;
    answered(w);
    if (w->sender == shard_inside(flow) || flow->class != FLOW_ATTEMPT)
        flow_refresh(w->shard->flows, flow, w->now);
    flow->packets[w->sender]++;
    flow->bytes[w->sender] += w->view->ip_len;
    flow->ce[w->sender] += w->view->ecn == 3; /* RFC 3168 5: CE */
    return STEP_ACCEPT;
}
