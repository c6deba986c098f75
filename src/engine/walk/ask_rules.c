/* Asking the rules, and what follows from their answer. */
#include "ask_rules.h"

static enum config_direction direction(const struct walk *w)
{
    return w->packet->from == ENGINE_OUTSIDE ? CONFIG_IN : CONFIG_OUT;
}

struct policy_facts walk_facts(const struct walk *w, bool hello_unreadable)
{
    struct confirm_look look = confirm_look(w->view->payload, w->view->payload_len);
    return (struct policy_facts){
        .direction = direction(w),
        .entry = walk_entry(w),
        .from_interface = w->packet->from_interface,
        .to_interface = w->packet->to_interface,
        .tuple = w->view->tuple,
        .hello = w->hello,
        .hello_unreadable = hello_unreadable,
        .quic = look.begins,
        .misshapen = look.misshapen,
        .version = look.version,
    };
}

static void tell_refused(struct walk *w, const struct ruling *ruling)
{
    struct engine *engine = w->worker->engine;
    unsigned key = ruling->rule + 5u * (unsigned)ruling->reason;
    if (!events_count(&engine->events, ENGINE_EVENT_FLOW_REFUSED, key, w->now))
        return;
    struct engine_event event = {.kind = ENGINE_EVENT_FLOW_REFUSED,
                                 .time = w->now,
                                 .family = w->view->family,
                                 .client = w->view->tuple.src,
                                 .server = w->view->tuple.dst,
                                 .flow = w->flow_id,
                                 .reason = ruling->reason};
    rule_ids_name(&engine->rules, ruling->rule, event.rule);
    events_tell(&engine->events, &event, key);
}

struct step walk_refuse(struct walk *w, const struct ruling *ruling)
{
    tell_refused(w, ruling);
    if (ruling->action == CONFIG_REJECT)
        w->wanted.kind = REPLY_PROHIBITED;
    return (struct step){RESULT_DROP, ruling->reason};
}

/* Who begins outside is first to go when the table is full. */
static void classify(struct shard *shard, struct flow *flow, bool outside)
{
    enum flow_class class = outside ? FLOW_OUTER_ATTEMPT : FLOW_ATTEMPT;
    if (flow_is_attempt((enum flow_class)flow->class) && flow->class != class)
        flow_set_class(shard->flows, flow, class, shard->now);
}

void walk_admit(struct shard *shard, struct flow *flow, enum flow_side sender, enum engine_origin from,
                const struct ruling *ruling)
{
    shard_speak(shard, flow);
    shares_give(shard->shares, flow);
    bool sender_inside = from != ENGINE_OUTSIDE, sender_hi = sender == FLOW_HI;
    uint8_t flags = flow->flags & (uint8_t) ~(FLOW_UNDECIDED | FLOW_INITIATOR_HI | FLOW_INSIDE_HI);
    if (sender_hi)
        flags |= FLOW_INITIATOR_HI;
    if (sender_hi == sender_inside)
        flags |= FLOW_INSIDE_HI;
    flow->rule = ruling->rule;
    atomic_signal_fence(memory_order_release); /* what a crash leaves is undecided, or whole */
    flow->flags = flags;
    flow_mark(shard->flows, flow);
    classify(shard, flow, !sender_inside);
    shares_take(shard->shares, flow);
}
