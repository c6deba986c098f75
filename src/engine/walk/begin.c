/* A new flow, if the rules allow one. */
#include "ask_rules.h"
#include "trial.h"
#include <quicward/quic.h>

/* Only clients move (RFC 9000 9). */
static void begin_measure(const struct walk *w)
{
    struct measure *measure = shard_measure(w->shard, w->flow);
    *measure = (struct measure){0};
    w->flow->measured = (w->flow->marks & (FLOW_INHERITED | FLOW_CAME_ON)) != 0;
    if (w->flow->measured)
        measure_join(measure, w->sender);
}

/* The record is whole before it becomes valid. */
static void begin(struct walk *w, const struct ruling *ruling, bool quic)
{
    w->shard->counters.flows_created++;
    walk_admit(w->shard, w->flow, w->sender, w->packet->from, ruling);
    if (w->inherits)
        w->flow->marks |= FLOW_INHERITED;
    else if (peers_speak_quic(w))
        w->flow->marks |= FLOW_CAME_ON;
    if (quic || w->flow->marks & (FLOW_INHERITED | FLOW_CAME_ON))
        w->flow->flags |= FLOW_QUIC;
    begin_measure(w);
    if (ruling->needs_hello)
        w->flow->flags |= FLOW_UNDECIDED;
    flow_publish(w->shard->flows, w->flow);
    w->flow_id = atomic_load_explicit(&w->flow->id, memory_order_relaxed);
    if (ruling->needs_hello)
        shard_silence(w->shard, w->flow);
    else if (w->would == QW_REASON_NONE)
        w->would = ruling->reason;
}

/* A client that moved to another port goes on as it was admitted, or the rules are asked. */
static struct ruling rule(struct walk *w, const struct policy_facts *facts)
{
    const struct settings *settings = w->worker->settings;
    struct ruling ruling = {.action = CONFIG_ACCEPT};
    w->inherits = peers_inherit(w, &ruling.rule);
    if (!w->inherits)
        return ruling_decide(settings, facts);
    rule_ids_count(settings->rules, ruling.rule);
    return ruling;
}

struct step step_begin(struct walk *w)
{
    nat_external mapping = 0;
    if (w->flow)
        return STEP_CONTINUE;
    if (w->owned_soon || atomic_load_explicit(&w->worker->engine->stands_by, memory_order_relaxed))
        return STEP_DROP(NO_ADDRESS);
    struct step step = walk_belongs(w);
    if (step.result != RESULT_CONTINUE)
        return step;
    struct policy_facts facts = walk_facts(w, w->hairpin || w->turned);
    if (w->trial)
        facts = trial_facts(w, facts);
    struct ruling ruling = rule(w, &facts);
    if (w->trial)
        trial_note(w, &facts);
    if (w->trial && ruling.needs_hello)
        return STEP_HOLD;
    if (!ruling.needs_hello && ruling.action != CONFIG_ACCEPT && !walk_monitors(w)) {
        if (facts.quic)
            measured_count(&w->shard->measured, facts.version, ENGINE_OUTCOME_REFUSED);
        return walk_refuse(w, &ruling);
    }
    step = walk_make_room(w);
    if (step.result == RESULT_CONTINUE)
        step = walk_open_session(w, &mapping);
    if (step.result != RESULT_CONTINUE)
        return step;
    w->flow = flow_begin(w->shard->flows, &w->key, w->hash, w->now);
    w->flow->external = mapping;
    if (mapping && w->packet->from != ENGINE_OUTSIDE)
        w->flow->flags |= FLOW_HOLDS_MAPPING;
    begin(w, &ruling, facts.quic);
    w->begun = true;
    w->news |= NEWS_BEGUN;
    w->ruling = ruling;
    w->ruled = facts.version;
    return STEP_CONTINUE;
}
