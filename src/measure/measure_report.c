/* What a record is worth. */
#include <quicward/measure.h>

#define NOISE_MAX 100  /* above: the bit does not spin */
#define NOISE_FEW 16   /* up to here: what reordering and stale bits leave */
#define PRIOR_FACTOR 8 /* a figure so far above the handshake's is the application's */
#define PRIOR_MORE_US 50000u
#define MEDIUM_TIGHT 4
#define MEDIUM_NEAR 6      /* three halves near the minimum, if no others come */
#define COMPUTING_US 3000u /* of an endpoint in its handshake, which the figure has not */
#define HIGH_TIGHT 8

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

/* Two ways that do not depend on each other say the same: many halves are near the minimum, and that is what
 * the handshake showed. */
static bool is_confirmed(const struct measure *m, unsigned side)
{
    uint32_t min = m->by[side].min, prior = m->handshake[side];
    if (prior & MEASURE_MARKED || (prior & MEASURE_US) == 0 || measure_near(&m->by[side]) < MEDIUM_NEAR)
        return false;
    prior &= MEASURE_US;
    return min <= prior + prior / 8 && min + COMPUTING_US >= prior - prior / 4;
}

static enum measure_confidence judge(const struct measure *m, unsigned side)
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
    if (tight < MEDIUM_TIGHT || variation > half->smoothed / 2)
        return confirmed ? MEASURE_MEDIUM : MEASURE_LOW;
    return tight < HIGH_TIGHT || variation > half->smoothed / 4 ? MEASURE_MEDIUM : MEASURE_HIGH;
}

static struct measure_figure figure(const struct measure *m, unsigned side, uint32_t now_us)
{
    const struct measure_half *half = &m->by[side];
    struct measure_figure out = {.confidence = judge(m, side)};
    if (out.confidence == MEASURE_NONE)
        return out;
    bool by_minimum = measure_tight(half) < MEDIUM_TIGHT && is_confirmed(m, side);
    out.sampled = measure_tight(half) > 0;
    out.rtt_us = out.sampled && !by_minimum ? half->smoothed : half->min;
    out.min_us = half->min < out.rtt_us ? half->min : out.rtt_us;
    if (out.sampled) {
        out.variation_us = half->variation * 16u;
        out.age_ms =
            (uint32_t)((uint64_t)(((now_us >> 20) - half->sampled) % MEASURE_NEAR) * (1 << 20) / 1000);
    }
    return out;
}

static struct measure_figure sum(const struct measure_figure *a, const struct measure_figure *b)
{
    struct measure_figure out = {.confidence = a->confidence < b->confidence ? a->confidence : b->confidence};
    if (out.confidence == MEASURE_NONE)
        return out;
    out.rtt_us = a->rtt_us + b->rtt_us;
    out.min_us = a->min_us + b->min_us;
    out.variation_us = a->variation_us + b->variation_us;
    out.sampled = a->sampled && b->sampled;
    out.age_ms = a->age_ms > b->age_ms ? a->age_ms : b->age_ms;
    return out;
}

static void handshake(const struct measure *m, struct measure_report *out)
{
    uint32_t client = m->handshake[measure_client(m)], server = m->handshake[!measure_client(m)];
    out->client_us = client & MEASURE_US;
    out->server_us = server & MEASURE_US;
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
    out->spin = sum(&out->client, &out->server);
}
