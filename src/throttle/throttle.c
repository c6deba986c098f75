#include "place.h"
#include "state.h"
#include <stdlib.h>
#include <string.h>

/* Share 1 as thresholds and x have it: one more than the highest place. */
#define WHOLE (1ull << 32)

struct throttle *throttle_new(const struct throttle_options *options)
{
    struct throttle *throttle = aligned_alloc(alignof(struct throttle), sizeof(*throttle));
    if (!throttle)
        return NULL;
    memset(throttle, 0, sizeof(*throttle));
    if (pthread_mutex_init(&throttle->lock, NULL) != 0) {
        free(throttle);
        return NULL;
    }
    throttle->key = options->key;
    atomic_init(&throttle->looked_ns, options->now.ns);
    throttle_take_over(throttle, options, options->now);
    return throttle;
}

void throttle_free(struct throttle *throttle)
{
    if (!throttle)
        return;
    pthread_mutex_destroy(&throttle->lock);
    free(throttle);
}

bool throttle_active(const struct throttle *throttle, int interface)
{
    return atomic_load_explicit(&throttle->interfaces[interface].x, memory_order_relaxed) > 0;
}

/* x to the share of one kind of flows, both times 2^32. */
static uint64_t share_of(uint64_t x, bool spared)
{
    if (spared)
        return x > WHOLE ? x - WHOLE : 0;
    return x < WHOLE ? x : WHOLE;
}

bool throttle_blocks(struct throttle *throttle, int interface, const struct flow_key *flow, bool confirmed)
{
    struct interface *in = &throttle->interfaces[interface];
    bool spared = confirmed && atomic_load_explicit(&throttle->spare, memory_order_relaxed);
    uint64_t share = share_of(atomic_load_explicit(&in->x, memory_order_relaxed), spared);
    if (share == 0)
        return false;
    uint64_t hash = place_hash(throttle->key, flow);
    if (place_of(hash) >= share)
        return false;
    hits_add(&in->hits, (uint16_t)hash);
    return true;
}

void throttle_count(struct throttle *throttle, int interface, enum throttle_direction direction,
                    uint32_t bytes, bool passed)
{
    struct counts *counts = &throttle->interfaces[interface].counts[direction];
    atomic_fetch_add_explicit(&counts->offered, bytes, memory_order_relaxed);
    if (passed)
        atomic_fetch_add_explicit(&counts->passed, bytes, memory_order_relaxed);
    else
        atomic_fetch_add_explicit(&counts->dropped, 1, memory_order_relaxed);
}

static struct throttle_view view_of(const struct throttle *throttle, const struct throttle_limit *limit)
{
    const struct interface *in = &throttle->interfaces[throttle_find(throttle, limit->interface)];
    const struct direction *direction = &in->directions[limit->direction];
    uint64_t x = atomic_load_explicit(&in->x, memory_order_relaxed);
    bool spare = atomic_load_explicit(&throttle->spare, memory_order_relaxed);
    uint64_t dropped = atomic_load_explicit(&in->counts[limit->direction].dropped, memory_order_relaxed);
    return (struct throttle_view){
        .limit = *limit,
        .offered = (uint64_t)direction->offered_rate,
        .passed = (uint64_t)direction->passed_rate,
        .share = (double)share_of(x, false) / WHOLE,
        .share_confirmed = (double)share_of(x, spare) / WHOLE,
        .dropped = dropped - direction->dropped,
        .flows_hit = hits_estimate(&in->hits),
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
