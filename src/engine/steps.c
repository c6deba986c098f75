#include "walk.h"

#define PROTOCOL_UDP 17

struct step step_decode(struct walk *w)
{
    const struct engine_packet *packet = w->packet;
    if (packet_decode(packet->data, packet->captured, packet->wire_len, &w->view) != QW_OK)
        return STEP_DROP(MALFORMED);
    if (w->view.kind == PACKET_OTHER)
        return STEP_ACCEPT;
    if (w->view.kind == PACKET_FRAGMENT || w->view.first_fragment)
        return w->view.protocol == PROTOCOL_UDP ? STEP_DROP(FRAGMENT) : STEP_ACCEPT;
    return STEP_CONTINUE;
}

/* Locks the shard of `tuple` and looks its flow up. */
static void find_flow(struct walk *w, const struct qw_tuple *tuple)
{
    struct engine *engine = w->worker->engine;
    w->sender = flow_key_of(tuple, &w->key);
    w->hash = flow_hash(engine->secret, &w->key);
    w->shard = engine_shard(engine, w->hash);
    shard_lock(w->shard, w->now);
    w->flow = flow_lookup(w->shard->flows, &w->key, w->hash, w->now);
    w->flow_id = w->flow ? atomic_load_explicit(&w->flow->id, memory_order_relaxed) : 0;
}

static enum flow_side inside_of(const struct flow *flow)
{
    return flow->flags & FLOW_INSIDE_HI ? FLOW_HI : FLOW_LO;
}

/* RFC 5508 4.2: an error from outside is about a packet that the inside sent, and goes to its sender. It says
 * nothing about the flow: no timer is restarted, nothing ends. */
struct step step_related(struct walk *w)
{
    const struct packet_quote *quote = &w->view.icmp.quote;
    if (w->view.kind != PACKET_ICMP_ERROR)
        return STEP_CONTINUE;
    if (!quote->is_udp)
        return STEP_ACCEPT;
    find_flow(w, &quote->tuple);
    if (w->packet->from != ENGINE_OUTSIDE)
        return STEP_ACCEPT;
    bool related = w->flow && w->sender == inside_of(w->flow) &&
                   qw_addr_equal(&w->view.tuple.dst.addr, &quote->tuple.src.addr);
    return related ? STEP_ACCEPT : STEP_DROP(UNSOLICITED_ICMP);
}

struct step step_flow(struct walk *w)
{
    find_flow(w, &w->view.tuple);
    if (w->flow)
        return STEP_CONTINUE;
    struct policy_facts facts = walk_facts(w, false);
    struct ruling ruling = rulebook_decide(&w->worker->engine->book, &facts);
    if (!ruling.needs_hello && ruling.action != CONFIG_ACCEPT && !walk_monitors(w))
        return walk_refuse(w, &ruling);
    w->flow = flow_create(w->shard->flows, &w->key, w->hash, w->now);
    if (!w->flow)
        return STEP_DROP(TABLE_FULL);
    w->flow_id = atomic_load_explicit(&w->flow->id, memory_order_relaxed);
    w->shard->counters.created++;
    walk_admit(w->flow, w->sender, w->packet->from, &ruling);
    if (ruling.needs_hello)
        w->flow->flags |= FLOW_UNDECIDED;
    else
        w->would = ruling.reason;
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
    if (w->sender == inside_of(flow) || flow->class != FLOW_ATTEMPT)
        flow_refresh(w->shard->flows, flow, w->now);
    flow->packets[w->sender]++;
    flow->bytes[w->sender] += w->view.ip_len;
    flow->ce[w->sender] += w->view.ecn == 3; /* RFC 3168 5: CE */
    return STEP_ACCEPT;
}
