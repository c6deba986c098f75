/* What a record is worth. */
#include <quicward/measure.h>

#define NOISE_MAX 100  /* above: the bit does not spin */
#define NOISE_FEW 16   /* up to here: what reordering and stale bits leave */
#define PRIOR_FACTOR 8 /* a figure so far above the handshake's is the application's */
#define PRIOR_MORE_US 50000u
#define MEDIUM_TIGHT 4
#define MEDIUM_NEAR 6      /* three halves near the minimum, if no others come */
#define COMPUTING_US 8000u /* of a busy endpoint in its handshake, which the figure has not */
#define JITTER_US 500u     /* that the handshake happened not to have */
#define HIGH_TIGHT 8
#define SHORTER_PART 8 /* of the handshake's half, at least */
#define SHORT_PART 3   /* of the other half */

const char *measure_confidence_word(enum measure_confidence confidence)
{
    static const char *const WORDS[] = {"none", "low", "medium", "high"};
    return WORDS[confidence];
}

/* An upper bound is no prior, and a slow handshake no reason to doubt: servers begin slowly. */
static bool is_far_above(const struct measure_half *half, uint32_t handshake)
{
    uint32_t prior = handshake & MEASURE_MARKED ? 0 : handshake & MEASURE_US;
    return prior > 0 && half->smoothed > (uint64_t)PRIOR_FACTOR * prior + PRIOR_MORE_US;
}

/* What the handshake may have shown: the half since what was sent first, and if that was sent again, since
 * the last time, which is known to a step. */
struct priors {
    uint32_t first, late_least, late_most; /* 0: none */
};

static struct priors priors(uint32_t handshake)
{
    struct priors out = {.first = handshake & MEASURE_US};
    unsigned steps = (handshake & MEASURE_LATE) / MEASURE_LATE_UNIT;
    if (!(handshake & MEASURE_MARKED) || steps == 0)
        return out;
    out.late_least = out.first;
    for (; steps > 0; steps--) {
        out.late_most = out.late_least;
        out.late_least = MEASURE_LATE_STEP(out.late_least);
    }
    return out;
}

static bool agree(uint32_t min, uint32_t least, uint32_t most)
{
    return least > 0 && min <= most + most / 16 + JITTER_US && min + COMPUTING_US >= least - least / 4;
}

static bool agrees_with_first(const struct measure *m, unsigned side)
{
    uint32_t first = priors(m->handshake[side]).first;
    return agree(m->by[side].min, first, first);
}

static bool agrees_with_late(const struct measure *m, unsigned side)
{
    struct priors prior = priors(m->handshake[side]);
    return agree(m->by[side].min, prior.late_least, prior.late_most);
}

static bool is_below(const struct measure *m, unsigned side)
{
    uint32_t first = priors(m->handshake[side]).first, min = m->by[side].min;
    bool below = min < first - first / 4 && min + COMPUTING_US < first;
    return below && min > first / SHORTER_PART && measure_near(&m->by[side]) == MEASURE_NEAR_MAX;
}

/* Nearly all halves of both sides are well below what the handshake showed: no sender that waits can do that,
 * and one slow endpoint does not either. The path has become shorter. */
static bool is_shorter(const struct measure *m)
{
    return is_below(m, 0) && is_below(m, 1);
}

/* Two ways that do not depend on each other say the same: many halves are near the minimum, and that is what
 * the handshake showed, or one of two things that it may have shown. */
static bool is_confirmed(const struct measure *m, unsigned side)
{
    return (measure_near(&m->by[side]) >= MEDIUM_NEAR &&
            (agrees_with_first(m, side) || agrees_with_late(m, side))) ||
           is_shorter(m);
}

/* How sure a half is, if its variation is judged as that of `whole`. */
static enum measure_confidence judge(const struct measure *m, unsigned side, uint32_t whole)
{
    const struct measure_half *half = &m->by[side], *other = &m->by[!side];
    unsigned tight = measure_tight(half), noise = half->noise > other->noise ? half->noise : other->noise;
    uint32_t variation = half->variation * 16u;
    bool confirmed = is_confirmed(m, side);
    if (noise > NOISE_MAX || is_far_above(half, m->handshake[side]) ||
        (measure_evidence(half) < MEASURE_LOOSE && !confirmed))
        return MEASURE_NONE;
    if (noise > NOISE_FEW)
        return MEASURE_LOW;
    if (tight < MEDIUM_TIGHT || variation > whole / 2)
        return confirmed ? MEASURE_MEDIUM : MEASURE_LOW;
    return tight < HIGH_TIGHT || variation > whole / 4 ? MEASURE_MEDIUM : MEASURE_HIGH;
}

static uint32_t figure_us(const struct measure *m, unsigned side)
{
    const struct measure_half *half = &m->by[side];
    bool by_minimum = measure_tight(half) < MEDIUM_TIGHT && is_confirmed(m, side);
    return measure_tight(half) > 0 && !by_minimum ? half->smoothed : half->min;
}

/* Halves are accepted for the sum's sake: a short one of them may be far too high for itself. */
static enum measure_confidence alone(const struct measure *m, unsigned side)
{
    enum measure_confidence confidence = judge(m, side, figure_us(m, side));
    bool is_short = figure_us(m, side) < figure_us(m, !side) / SHORT_PART;
    return is_short && confidence > MEASURE_LOW && !is_confirmed(m, side) ? MEASURE_LOW : confidence;
}

static struct measure_figure figure(const struct measure *m, unsigned side, uint32_t now_us)
{
    const struct measure_half *half = &m->by[side];
    struct measure_figure out = {.confidence = alone(m, side)};
    if (out.confidence == MEASURE_NONE)
        return out;
    out.sampled = measure_tight(half) > 0;
    out.rtt_us = figure_us(m, side);
    out.min_us = half->min < out.rtt_us ? half->min : out.rtt_us;
    if (out.sampled) {
        out.variation_us = half->variation * 16u;
        out.age_ms =
            (uint32_t)((uint64_t)(((now_us >> 20) - half->sampled) % MEASURE_NEAR) * (1 << 20) / 1000);
    }
    return out;
}

static enum measure_confidence lower(enum measure_confidence a, enum measure_confidence b)
{
    return a < b ? a : b;
}

/* From end to end: both must be sure, each as far as it matters for the sum. */
static enum measure_confidence together(const struct measure *m)
{
    uint32_t one = figure_us(m, 0), two = figure_us(m, 1), mean = one / 2 + two / 2;
    return lower(judge(m, 0, one > mean ? one : mean), judge(m, 1, two > mean ? two : mean));
}

static struct measure_figure sum(const struct measure_figure *a, const struct measure_figure *b,
                                 enum measure_confidence confidence)
{
    struct measure_figure out = {.confidence = confidence};
    if (out.confidence == MEASURE_NONE)
        return out;
    out.rtt_us = a->rtt_us + b->rtt_us;
    out.min_us = a->min_us + b->min_us;
    out.variation_us = a->variation_us + b->variation_us;
    out.sampled = a->sampled && b->sampled;
    out.age_ms = a->age_ms > b->age_ms ? a->age_ms : b->age_ms;
    return out;
}

/* Of two things that the handshake may have shown, the one that the spin bit shows too; else the larger. It
 * is an upper bound either way. */
static uint32_t handshake_half(const struct measure *m, unsigned side)
{
    struct priors prior = priors(m->handshake[side]);
    bool spins = measure_phase(m) == MEASURE_SPIN && judge(m, side, figure_us(m, side)) > MEASURE_NONE;
    bool late = spins && agrees_with_late(m, side) && !agrees_with_first(m, side);
    return late ? prior.late_most : prior.first;
}

static void handshake(const struct measure *m, struct measure_report *out)
{
    uint32_t client = m->handshake[measure_client(m)], server = m->handshake[!measure_client(m)];
    out->client_us = handshake_half(m, measure_client(m));
    out->server_us = handshake_half(m, !measure_client(m));
    if (out->client_us && out->server_us)
        out->handshake_us = out->client_us + out->server_us;
    out->exact = !((client | server) & MEASURE_MARKED);
}

void measure_report(const struct measure *m, uint32_t now_us, struct measure_report *out)
{
    *out = (struct measure_report){.exact = true};
    handshake(m, out);
    if (measure_phase(m) != MEASURE_SPIN)
        return;
    out->client = figure(m, measure_client(m), now_us);
    out->server = figure(m, !measure_client(m), now_us);
    out->spin = sum(&out->client, &out->server, together(m));
}
