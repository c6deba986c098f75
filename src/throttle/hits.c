#include "hits.h"
#include <math.h>

void hits_add(struct hits *hits, uint16_t hash)
{
    _Atomic uint64_t *word = &hits->words[hash / 64];
    uint64_t bit = 1ull << hash % 64;
    /* Mostly it is set already, and a line that is only read stays in every core's cache. */
    if (!(atomic_load_explicit(word, memory_order_relaxed) & bit))
        atomic_fetch_or_explicit(word, bit, memory_order_relaxed);
}

void hits_add_all(struct hits *hits, const uint64_t words[static HITS_BITS / 64])
{
    for (unsigned i = 0; i < HITS_BITS / 64; i++)
        if (words[i] != 0)
            atomic_fetch_or_explicit(&hits->words[i], words[i], memory_order_relaxed);
}

static uint32_t running(const struct hits *hits)
{
    unsigned set = 0;
    for (unsigned i = 0; i < HITS_BITS / 64; i++)
        for (uint64_t word = atomic_load_explicit(&hits->words[i], memory_order_relaxed); word; set++)
            word &= word - 1;
    unsigned left = set < HITS_BITS ? HITS_BITS - set : 1;
    return (uint32_t)lround(HITS_BITS * log((double)HITS_BITS / left));
}

static void begin(struct hits *hits, struct qw_time now)
{
    for (unsigned i = 0; i < HITS_BITS / 64; i++)
        atomic_store_explicit(&hits->words[i], 0, memory_order_relaxed);
    hits->since = now;
}

void hits_turn(struct hits *hits, uint64_t window_ns, struct qw_time now)
{
    uint64_t age = qw_time_since(now, hits->since);
    if (age < window_ns && now.ns >= hits->since.ns)
        return;
    hits->last = age < 2 * window_ns ? running(hits) : 0; /* what is older is none of the last */
    begin(hits, now);
}

void hits_clear(struct hits *hits, struct qw_time now)
{
    hits->last = 0;
    begin(hits, now);
}

uint32_t hits_estimate(const struct hits *hits)
{
    uint32_t now = running(hits);
    return now > hits->last ? now : hits->last;
}
