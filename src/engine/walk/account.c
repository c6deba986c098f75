/* Who spoke when, and how much. */
#include "walk.h"

#define DNS_PORT 53 /* RFC 1035 4.2.1 */
#define FIRST_PACKETS 8

/* Inlined, it would cost the packets that do not come to it registers. */
#define NOT_INLINE __attribute__((noinline))

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

static uint32_t now_us(const struct walk *w)
{
    return (uint32_t)(w->now.ns / 1000);
}

static void measure_spin_of(const struct walk *w, struct measure *measure)
{
    measure_spin(measure, w->sender, w->view->payload.data[0] & MEASURE_SPIN_BIT, now_us(w));
}

/* The spin bit's round trip changes, so it is sampled, once a second. So is the client's connection ID, but
 * for its first packets: clients that change it at all do so mostly right after the handshake. Where a reload
 * said that QUIC is not read, measuring ends here. */
static NOT_INLINE void measure_closely(struct walk *w, struct measure *measure, bool second)
{
    w->flow->measured = w->worker->settings->reads_quic;
    measure_spin_of(w, measure);
    if (second)
        measured_spin(&w->shard->measured, measure, now_us(w));
    if (w->sender == measure_client(measure))
        w->news |= NEWS_HEARD;
}

/* A handshake's round trip is known when the phase of the spin bit begins. */
static NOT_INLINE void measure_handshake(struct walk *w, struct measure *measure, bool is_long)
{
    if (!w->worker->settings->reads_quic)
        return;
    bool spun = measure_phase(measure) == MEASURE_SPIN;
    measure_open(measure, w->sender, w->view->payload, is_long && is_fresh(w), now_us(w));
    if (!spun && measure_phase(measure) == MEASURE_SPIN)
        measured_handshake(&w->shard->measured, measure, now_us(w));
    if (is_long && measure_phase(measure) != MEASURE_NOTHING)
        w->flow->measured = true;
}

/* Nearly every packet of a QUIC flow ends in measure_spin. */
static void measure_quic(struct walk *w, bool is_long, bool second)
{
    struct measure *measure = shard_measure(w->shard, w->flow);
    if (is_long || !measure_spins(measure))
        measure_handshake(w, measure, is_long);
    else if (second || w->flow->packets[w->sender] <= FIRST_PACKETS)
        measure_closely(w, measure, second);
    else
        measure_spin_of(w, measure);
}

/* RFC 3168 5: CE. RFC 9331 4.1: ECT(1). */
static NOT_INLINE void count_mark(struct walk *w)
{
    w->flow->ce[w->sender] += w->view->ecn == 3;
    if (w->view->ecn == 1)
        shard_measure(w->shard, w->flow)->ect1[w->sender]++;
}

/* Flows that are no QUIC do not touch their records, unless they are marked with ECT(1). A handshake counts
 * whatever confirms it: a capture may have cut the Initials. */
static void measure(struct walk *w, bool second)
{
    const struct flow *flow = w->flow;
    const struct qw_bytes *payload = &w->view->payload;
    bool is_long = payload->len > 0 && payload->data[0] & MEASURE_LONG;
    if (payload->len > 0 && (flow->measured || (is_long && !(flow->flags & FLOW_SETTLED))))
        measure_quic(w, is_long, second);
}

/* The part of a hairpin that comes in again is of nobody outside. */
static void returned(struct walk *w)
{
    w->news |= NEWS_RETURNED;
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
    if (w->view->ecn != 0)
        count_mark(w);
    measure(w, flow->queued_s != queued_s);
    return STEP_ACCEPT;
}
