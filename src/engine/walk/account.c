/* Who spoke when, and how much. */
#include "walk.h"

#define DNS_PORT 53 /* RFC 1035 4.2.1 */

/* Is it the answer to the one question that an inside host has sent to port 53? RFC 4787 REQ-5 a lets a
 * mapping for such a port end early. */
static bool is_dns_answer(const struct walk *w, enum flow_side initiator)
{
    const struct flow *flow = w->flow;
    return initiator == shard_inside(flow) && flow->packets[initiator] == 1 && flow->version == 0 &&
           shard_endpoint(flow, flow_peer(initiator)).port == DNS_PORT;
}

static void answered(struct walk *w)
{
    enum flow_side initiator = w->flow->flags & FLOW_INITIATOR_HI ? FLOW_HI : FLOW_LO;
    enum flow_class class = w->flow->class == FLOW_OUTER_ATTEMPT ? FLOW_OUTER_ANSWERED : FLOW_ANSWERED;
    if (w->flow->class == FLOW_ATTEMPT && is_dns_answer(w, initiator))
        class = FLOW_ASKED;
    if (w->flow->state == FLOW_ONE_WAY)
        w->flow->state = FLOW_TWO_WAY;
    flow_set_class(w->shard->flows, w->flow, class, w->now);
    if (w->flow->marks & (FLOW_INHERITED | FLOW_CAME_ON))
        peers_list(w->shard->peers, w->shard, w->flow);
}

/* A client Initial of an attempt that no server answered yet. */
static bool is_fresh(const struct walk *w)
{
    if (w->slot < 0 || w->flow->handshake == FLOW_NONE)
        return false;
    return !confirm_answered(&w->shard->scratch.all[w->flow->handshake].confirm.attempts[w->slot]);
}

/* A handshake's round trip is known when the phase of the spin bit begins; the spin bit's changes, so it is
 * sampled, once a second. */
static void measure_payload(struct walk *w, struct measure *measure, bool fresh, bool sample)
{
    enum measure_phase before = measure_phase(measure);
    uint32_t now_us = (uint32_t)(w->now.ns / 1000);
    measure_datagram(measure, w->sender, w->view->payload, fresh, now_us);
    if (measure_phase(measure) != MEASURE_SPIN)
        return;
    if (before != MEASURE_SPIN)
        measured_handshake(&w->shard->measured, measure, now_us);
    else if (sample)
        measured_spin(&w->shard->measured, measure, now_us);
}

/* Flows that are no QUIC do not touch their records, unless they are marked with ECT(1). A handshake counts
 * whatever confirms it: a capture may have cut the Initials. */
static void measure(struct walk *w, bool sample)
{
    struct flow *flow = w->flow;
    const struct qw_bytes *payload = &w->view->payload;
    bool is_long = payload->len > 0 && payload->data[0] & MEASURE_LONG && !(flow->flags & FLOW_SETTLED);
    bool counts = (is_long || flow->measured) && w->worker->settings->reads_quic;
    if (!counts && w->view->ecn != 1)
        return;
    struct measure *measure = shard_measure(w->shard, flow);
    if (w->view->ecn == 1) /* RFC 9331 4.1 */
        measure->ect1[w->sender]++;
    if (counts)
        measure_payload(w, measure, is_long && is_fresh(w), sample);
    if (is_long && measure_phase(measure) != MEASURE_NOTHING)
        flow->measured = true;
}

/* The part of a hairpin that comes in again is of nobody outside. */
static void returned(struct walk *w)
{
    flow_set_class(w->shard->flows, w->flow, FLOW_RETURNED, w->now);
    if (!w->turned)
        shares_take(w->shard->shares, w->flow);
}

/* An answer proves nothing: servers answer forged packets too. Who speaks again after it has seen it, or
 * guessed that it came; who guesses pays with a packet more, and gains two minutes. */
static struct step prove(struct walk *w)
{
    enum flow_side initiator = w->flow->flags & FLOW_INITIATOR_HI ? FLOW_HI : FLOW_LO;
    bool attempt = flow_is_attempt((enum flow_class)w->flow->class);
    if (w->sender == initiator) {
        if (!attempt)
            returned(w);
        return STEP_CONTINUE;
    }
    struct step step = walk_guard(w);
    if (step.result == RESULT_CONTINUE && attempt)
        answered(w);
    else if (step.result == RESULT_CONTINUE && w->flow->class == FLOW_ASKED) /* more than one answer */
        flow_set_class(w->shard->flows, w->flow, FLOW_ANSWERED, w->now);
    return step;
}

/* RFC 4787 REQ-6: the inside restarts the timer; the outside too, once the flow is known to be wanted. */
struct step step_account(struct walk *w)
{
    struct flow *flow = w->flow;
    if (flow_is_unproven((enum flow_class)flow->class)) {
        struct step step = prove(w);
        if (step.result != RESULT_CONTINUE)
            return step;
    }
    uint32_t queued_s = flow->queued_s;
    if (w->sender == shard_inside(flow) || !flow_is_attempt((enum flow_class)flow->class))
        flow_refresh(w->shard->flows, flow, w->now);
    flow->packets[w->sender]++;
    flow->bytes[w->sender] += w->view->ip_len;
    flow->ce[w->sender] += w->view->ecn == 3; /* RFC 3168 5: CE */
    measure(w, flow->queued_s != queued_s);
    return STEP_ACCEPT;
}
