/* RFC 9312 4.5: a flow is let through from its first packet on or not at all, and so is each connection
 * attempt in it. A flow is decided by what its first packet is and where it goes; an attempt by its
 * ClientHello, on whatever flow it comes. Where a rule asks for the ClientHello, the packets of the attempt
 * wait until it is whole (waiting.c), then all leave in the order they came, or none does. What is refused is
 * the attempt, known by the connection ID of its first Initial: the 5-tuple stays open to others, for anybody
 * may have forged that packet. */
#include "admit.h"

struct hello *admit_hello(const struct walk *w)
{
    if (w->slot < 0 || w->flow->handshake == FLOW_NONE)
        return NULL;
    return &w->shard->scratch.all[w->flow->handshake].hellos[w->slot];
}

static const struct confirm_attempt *attempt_of(const struct walk *w)
{
    return &w->shard->scratch.all[w->flow->handshake].confirm.attempts[w->slot];
}

static bool from_initiator(const struct walk *w)
{
    return w->sender == (w->flow->flags & FLOW_INITIATOR_HI ? FLOW_HI : FLOW_LO);
}

/* ---- verdicts ---- */

void admit_flow(struct shard *shard, struct flow *flow, enum flow_side sender, enum engine_origin from,
                const struct ruling *ruling)
{
    if (flow->flags & FLOW_UNDECIDED)
        walk_admit(shard, flow, sender, from, ruling);
    else if (flow->state != FLOW_CONFIRMED)
        flow->rule = ruling->rule;
}

/* The packet is refused, or in monitor mode would have been. */
static struct step refuse(struct walk *w, const struct ruling *ruling)
{
    if (!walk_monitors(w))
        return walk_refuse(w, ruling);
    w->would = ruling->reason;
    return STEP_CONTINUE;
}

static struct step settle(struct walk *w, struct hello *hello, const struct ruling *ruling)
{
    bool accepted = ruling->action == CONFIG_ACCEPT;
    if (accepted || walk_monitors(w))
        admit_flow(w->shard, w->flow, w->sender, w->packet->from, ruling);
    if (accepted) {
        admit_attempt(w->worker, w->flow_id, hello);
        return STEP_CONTINUE;
    }
    measured_count(&w->shard->measured, attempt_of(w)->version, ENGINE_OUTCOME_REFUSED);
    admit_refuse(w->worker, w->flow_id, hello, ruling);
    return refuse(w, ruling);
}

/* ---- packets of no attempt ---- */

/* What belongs to no attempt is decided with its flow. While that is undecided, each such packet is asked for
 * as if it were the first; whoever it comes from, it decides no attempt. */
static struct step admit_other(struct walk *w)
{
    if (!(w->flow->flags & FLOW_UNDECIDED))
        return STEP_CONTINUE;
    struct policy_facts facts = walk_facts(w, true);
    struct ruling ruling = ruling_decide(w->worker->settings, &facts);
    if (ruling.action != CONFIG_ACCEPT && !walk_monitors(w))
        return walk_refuse(w, &ruling);
    walk_admit(w->shard, w->flow, w->sender, w->packet->from, &ruling);
    w->would = ruling.reason;
    return STEP_CONTINUE;
}

/* ---- packets of an attempt ---- */

/* Two hosts that opened the flow together may both begin connections in it: default_in keeps those from
 * outside out only where rules choose among them by name. */
static bool is_let_in(const struct walk *w, const struct policy_facts *facts)
{
    return facts->direction == CONFIG_IN && !(w->flow->flags & FLOW_UNDECIDED) && !from_initiator(w) &&
           !ruling_needs_hello(w->worker->settings, facts);
}

/* It begins a QUIC connection in the attempt's version, whatever its datagram begins with. */
static struct policy_facts facts_of(const struct walk *w, const struct hello *hello)
{
    struct policy_facts facts = walk_facts(w, hello->status != HELLO_PARTIAL && !w->hello);
    facts.quic = true;
    facts.misshapen = false;
    facts.version = attempt_of(w)->version;
    if (is_let_in(w, &facts))
        facts.entry = POLICY_LET_IN;
    return facts;
}

/* The rules were asked when the packet began the flow; of a hairpin without its ClientHello. */
static bool asked_already(const struct walk *w)
{
    return w->begun && !w->hairpin && !w->turned && !w->ruling.needs_hello &&
           w->ruled == attempt_of(w)->version;
}

/* Where the rules ask for a name, it has two. */
static bool contradicts(const struct walk *w, const struct hello *hello, const struct policy_facts *facts)
{
    return hello->status == HELLO_CONTRADICTORY && ruling_needs_hello(w->worker->settings, facts);
}

static struct step decide(struct walk *w, struct hello *hello)
{
    static const struct ruling FREE = {.action = CONFIG_ACCEPT, .rule = FLOW_NO_RULE};
    const struct settings *settings = w->worker->settings;
    if (asked_already(w))
        return settle(w, hello, &w->ruling);
    if (!(w->flow->flags & FLOW_UNDECIDED) && !settings->judges) {
        struct ruling ruling = FREE;
        ruling.rule = w->flow->rule;
        return settle(w, hello, &ruling);
    }
    struct policy_facts facts = facts_of(w, hello);
    if (contradicts(w, hello, &facts)) {
        static const struct ruling NEITHER = {.action = CONFIG_DROP, .reason = QW_REASON_CONTRADICTION};
        return settle(w, hello, &NEITHER);
    }
    struct ruling ruling = ruling_decide(settings, &facts);
    return ruling.needs_hello ? admit_wait(w, hello, &facts) : settle(w, hello, &ruling);
}

static struct step refused_before(struct walk *w, const struct hello *hello)
{
    const struct ruling ruling = {.action = (enum config_action)hello->action,
                                  .reason = (enum qw_reason)hello->reason};
    return refuse(w, &ruling);
}

/* 0-RTT that comes after its connection was confirmed belongs to no attempt that is known. It has no name in
 * it, and without an Initial it begins nothing. */
static bool is_late_early_data(const struct walk *w)
{
    return w->flow->state == FLOW_CONFIRMED && !confirm_opened(attempt_of(w));
}

struct step step_admit(struct walk *w)
{
    struct hello *hello = admit_hello(w);
    if (w->unread) /* it is decided when it comes again */
        return STEP_DROP(HOLD_LIMIT);
    if (!hello)
        return admit_other(w);
    if (hello->verdict == VERDICT_REFUSED)
        return refused_before(w, hello);
    if (hello->verdict == VERDICT_ADMITTED || is_late_early_data(w))
        return STEP_CONTINUE;
    return decide(w, hello);
}
