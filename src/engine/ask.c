/* Asking the rules, and what follows from their answer. */
#include "ask.h"
#include "mapping.h"

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

/* RFC 1812 4.3.2.8: not too many. */
void walk_reply(struct walk *w, struct icmp_limiter *limiter, unsigned sent, unsigned refused)
{
    struct engine_worker *worker = w->worker;
    pthread_mutex_lock(&worker->engine->limiter_lock);
    bool within = icmp_limiter_take(limiter, &worker->reply.to, w->now);
    pthread_mutex_unlock(&worker->engine->limiter_lock);
    if (within)
        w->reply = &worker->reply;
    worker_count(worker, within ? sent : refused, 1);
}

struct step walk_refuse(struct walk *w, const struct ruling *ruling)
{
    if (ruling->action == CONFIG_REJECT &&
        icmp_prohibited(w->packet->data, w->packet->captured, &w->worker->reply) == QW_OK)
        walk_reply(w, w->worker->engine->limiter, COUNT_REPLIES, COUNT_REPLIES_REFUSED);
    return (struct step){RESULT_DROP, ruling->reason};
}

void walk_admit(struct flow *flow, enum flow_side sender, enum engine_origin from,
                const struct ruling *ruling)
{
    bool sender_inside = from != ENGINE_OUTSIDE, sender_hi = sender == FLOW_HI;
    flow->flags &= (uint8_t) ~(FLOW_UNDECIDED | FLOW_INITIATOR_HI | FLOW_INSIDE_HI);
    if (sender_hi)
        flow->flags |= FLOW_INITIATOR_HI;
    if (sender_hi == sender_inside)
        flow->flags |= FLOW_INSIDE_HI;
    flow->rule = ruling->rule;
}
