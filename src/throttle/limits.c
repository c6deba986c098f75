#include "place.h"
#include "state.h"
#include <math.h>
#include <quicward/base/share.h>
#include <stdlib.h>

/* Share 1 as thresholds and x have it: one more than the highest place. */
#define WHOLE (1ull << 32)

/* What is not limited is never touched, and costs no memory that a kernel must find. */
static struct throttle *aligned_new(void)
{
    void *memory = calloc(1, sizeof(struct throttle) + alignof(struct throttle));
    if (!memory)
        return NULL;
    uintptr_t past = (uintptr_t)memory % alignof(struct throttle);
    struct throttle *throttle = (void *)((uint8_t *)memory + (alignof(struct throttle) - past));
    throttle->memory = memory;
    return throttle;
}

struct throttle *throttle_new(const struct throttle_options *options)
{
    struct throttle *throttle = aligned_new();
    if (!throttle)
        return NULL;
    if (pthread_mutex_init(&throttle->lock, NULL) != 0) {
        free(throttle->memory);
        return NULL;
    }
    throttle->key = options->key;
    atomic_init(&throttle->looked_ns, options->now.ns);
    atomic_init(&throttle->ticked_ns, options->now.ns);
    throttle_take_over(throttle, options, options->now);
    return throttle;
}

void throttle_free(struct throttle *throttle)
{
    if (!throttle)
        return;
    pthread_mutex_destroy(&throttle->lock);
    free(throttle->memory);
}

static uint64_t x_of(const struct interface *in, int direction)
{
    return atomic_load_explicit(&in->force.x[direction], memory_order_relaxed);
}

static bool is_limited(const struct interface *in, int direction)
{
    return atomic_load_explicit(&in->force.limited[direction], memory_order_relaxed);
}

bool throttle_active(const struct throttle *throttle, int interface)
{
    const struct interface *in = &throttle->interfaces[interface];
    return x_of(in, THROTTLE_OUT) > 0 || x_of(in, THROTTLE_IN) > 0;
}

/* x to the share of the class that has `before` classes before it, both times 2^32. */
static uint64_t share_of(uint64_t x, unsigned before)
{
    uint64_t past = x > before * WHOLE ? x - before * WHOLE : 0;
    return past < WHOLE ? past : WHOLE;
}

static uint32_t steps_of(uint64_t share)
{
    return (uint32_t)(share >> QW_SHARE_SHIFT);
}

static unsigned classes_before(bool spare_confirmed, bool confirmed, bool small)
{
    unsigned confirmed_ones = spare_confirmed && confirmed;
    return confirmed_ones + (small ? (spare_confirmed ? 2 : 1) : 0);
}

/* What is found out of a flow on the way to a verdict. */
struct judgement {
    struct interface *in;
    bool confirmed; /* and these are spared */
    bool fat[THROTTLE_DIRECTIONS];
    uint64_t share; /* of its class, by the direction that asks for most; times 2^32 */
};

static void judge(const struct throttle *throttle, struct judgement *of, const struct throttle_flow *flow,
                  enum throttle_direction direction, uint32_t bytes)
{
    bool spare_small = atomic_load_explicit(&throttle->spare_small, memory_order_relaxed);
    bool spare_confirmed = atomic_load_explicit(&throttle->spare_confirmed, memory_order_relaxed);
    of->confirmed = spare_confirmed && flow->confirmed;
    of->share = of->confirmed ? 0 : atomic_load_explicit(&throttle->floor, memory_order_relaxed);
    for (int d = 0; d < THROTTLE_DIRECTIONS; d++) {
        uint64_t x = x_of(of->in, d);
        if (x == 0)
            continue;
        of->fat[d] =
            !spare_small || sketch_fat(&of->in->sketches[d], flow->hash, d == (int)direction ? bytes : 0);
        uint64_t share = share_of(x, classes_before(spare_confirmed, flow->confirmed, !of->fat[d]));
        of->share = share > of->share ? share : of->share;
    }
}

/* What judge() comes to for one kind of flows in one direction. */
static uint32_t steps_in_force(const struct throttle *throttle, uint64_t x, bool confirmed, bool small)
{
    bool spare_confirmed = atomic_load_explicit(&throttle->spare_confirmed, memory_order_relaxed);
    uint64_t share = share_of(x, classes_before(spare_confirmed, confirmed, small));
    uint64_t least = atomic_load_explicit(&throttle->floor, memory_order_relaxed);
    if (!(spare_confirmed && confirmed) && share < least)
        share = least;
    return steps_of(share);
}

void throttle_shares(const struct throttle *throttle, const struct interface *in, struct throttle_force *out)
{
    bool active = x_of(in, THROTTLE_OUT) > 0 || x_of(in, THROTTLE_IN) > 0;
    for (int d = 0; active && d < THROTTLE_DIRECTIONS; d++) {
        out->active[d] = x_of(in, d) > 0;
        for (unsigned kind = 0; kind < THROTTLE_KINDS; kind++)
            for (unsigned small = 0; small < 2; small++)
                out->shares[d][kind][small] =
                    steps_in_force(throttle, x_of(in, d), kind == THROTTLE_CONFIRMED, small);
    }
    for (int d = 0; d < THROTTLE_DIRECTIONS; d++)
        out->limited[d] = is_limited(in, d);
    out->weighs = atomic_load_explicit(&throttle->spare_small, memory_order_relaxed);
    out->spares = active && atomic_load_explicit(&throttle->spare_confirmed, memory_order_relaxed);
}

static void note(const struct judgement *of, uint64_t hash, bool blocked)
{
    bool fat = of->fat[THROTTLE_OUT] || of->fat[THROTTLE_IN];
    if (blocked) {
        hits_add(&of->in->census[CENSUS_NOW], (uint16_t)hash);
        hits_add(&of->in->census[CENSUS_HIT], (uint16_t)hash);
    } else if (of->confirmed)
        hits_add(&of->in->census[CENSUS_CONFIRMED], (uint16_t)hash);
    else if (!fat)
        hits_add(&of->in->census[CENSUS_SMALL], (uint16_t)hash);
}

/* Small flows mostly need no place: nothing of their class is blocked. Fat ones do, so that the next look
 * knows which share would block them. */
bool throttle_blocks(struct throttle *throttle, int interface, enum throttle_direction direction,
                     const struct throttle_flow *flow, uint32_t bytes)
{
    struct judgement of = {.in = &throttle->interfaces[interface]};
    judge(throttle, &of, flow, direction, bytes);
    if (of.share == 0 && !of.fat[THROTTLE_OUT] && !of.fat[THROTTLE_IN]) {
        note(&of, flow->hash, false);
        return false;
    }
    uint64_t hash = place_hash(throttle->key, flow->key);
    bool blocked = qw_share_blocks(steps_of(of.share), qw_share_step(place_of(hash)));
    uint32_t name = qw_share_name(place_of(hash), of.confirmed, blocked);
    for (int d = 0; d < THROTTLE_DIRECTIONS; d++)
        if (of.fat[d])
            sketch_name(&of.in->sketches[d], flow->hash, name);
    note(&of, hash, blocked);
    return blocked;
}

/* What is dropped elsewhere would not come through anyway: it takes no fair share. */
void throttle_count(struct throttle *throttle, int interface, enum throttle_direction direction,
                    uint64_t hash, uint32_t bytes, enum throttle_fate fate)
{
    struct interface *in = &throttle->interfaces[interface];
    struct counts *counts = &in->counts[direction];
    atomic_fetch_add_explicit(&counts->offered, bytes, memory_order_relaxed);
    if (fate == THROTTLE_PASSED)
        atomic_fetch_add_explicit(&counts->passed, bytes, memory_order_relaxed);
    else if (fate == THROTTLE_BLOCKED)
        atomic_fetch_add_explicit(&counts->dropped, 1, memory_order_relaxed);
    if (fate != THROTTLE_ELSEWHERE && is_limited(in, (int)direction) &&
        atomic_load_explicit(&throttle->spare_small, memory_order_relaxed))
        sketch_add(&in->sketches[direction], hash, bytes);
}

static struct throttle_view view_of(const struct throttle *throttle, const struct throttle_limit *limit)
{
    const struct interface *in = &throttle->interfaces[throttle_find(throttle, limit->interface)];
    const struct direction *direction = &in->directions[limit->direction];
    const struct sketch *sketch = &in->sketches[limit->direction];
    bool spare_small = atomic_load_explicit(&throttle->spare_small, memory_order_relaxed);
    bool spare = atomic_load_explicit(&throttle->spare_confirmed, memory_order_relaxed);
    uint64_t x = x_of(in, (int)limit->direction);
    uint64_t dropped = atomic_load_explicit(&in->counts[limit->direction].dropped, memory_order_relaxed);
    return (struct throttle_view){
        .limit = *limit,
        .offered = (uint64_t)direction->offered_rate,
        .passed = (uint64_t)direction->passed_rate,
        .share = (double)share_of(x, 0) / WHOLE,
        .share_confirmed = (double)share_of(x, classes_before(spare, true, false)) / WHOLE,
        .share_small = (double)share_of(x, classes_before(spare, false, spare_small)) / WHOLE,
        .fair = isinf(sketch->level) ? 0 : (uint64_t)(sketch->level * 8),
        .dropped = dropped - direction->dropped,
        .flows_blocked = hits_estimate(&in->census[CENSUS_NOW]),
        .flows_hit = hits_estimate(&in->census[CENSUS_HIT]),
        .spared_confirmed = hits_estimate(&in->census[CENSUS_CONFIRMED]),
        .spared_small = hits_estimate(&in->census[CENSUS_SMALL]),
    };
}

unsigned throttle_views(struct throttle *throttle, struct throttle_view *out)
{
    pthread_mutex_lock(&throttle->lock);
    unsigned count = throttle->limit_count;
    for (unsigned i = 0; i < count; i++)
        out[i] = view_of(throttle, &throttle->limits[i]);
    pthread_mutex_unlock(&throttle->lock);
    return count;
}
