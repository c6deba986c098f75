#include "life.h"
#include <string.h>

/* The cursor counts slots over all shards, all of which have the same number. */
size_t engine_flows(struct engine *engine, uint64_t *cursor, struct qw_time now, struct engine_flow *out,
                    size_t max)
{
    uint32_t slots = flow_slots(engine->shards[0].flows);
    size_t found = 0;
    while (found == 0 && *cursor < (uint64_t)slots * engine->shard_count) {
        struct shard *shard = &engine->shards[*cursor / slots];
        uint64_t end = (*cursor / slots + 1) * slots;
        shard_lock(shard, now);
        for (; *cursor < end && found < max; ++*cursor) {
            struct flow *flow = flow_at(shard->flows, (uint32_t)(*cursor % slots), now);
            if (flow)
                out[found++] = shard_report(shard, flow);
        }
        shard_unlock(shard);
    }
    return found;
}

static void add_shard(struct shard *shard, struct engine_stats *out)
{
    pthread_mutex_lock(&shard->lock);
    out->flows_created += shard->counters.created;
    out->flows_expired += shard->counters.expired;
    out->flows_evicted += shard->counters.evicted;
    out->flows_unmapped += shard->counters.unmapped;
    out->flows_confirmed += shard->counters.confirmed;
    out->hellos += shard->counters.hellos;
    out->hellos_unreadable += shard->counters.hellos_unreadable;
    out->handshakes_displaced += shard->scratch.taken_back;
    for (int class = 0; class < FLOW_CLASSES; class ++)
        out->flows[class] += flow_count(shard->flows, (enum flow_class) class);
    out->flows_max += flow_slots(shard->flows);
    pthread_mutex_unlock(&shard->lock);
}

static void add_workers(struct engine *engine, uint64_t sums[static WORKER_COUNTERS])
{
    pthread_mutex_lock(&engine->lock);
    memcpy(sums, engine->retired, sizeof engine->retired);
    for (unsigned w = 0; w < CONFIG_WORKERS_MAX; w++)
        for (unsigned i = 0; engine->workers[w] && i < WORKER_COUNTERS; i++)
            sums[i] += atomic_load_explicit(&engine->workers[w]->counters[i], memory_order_relaxed);
    pthread_mutex_unlock(&engine->lock);
}

void engine_stats(struct engine *engine, struct engine_stats *out)
{
    uint64_t sums[WORKER_COUNTERS];
    add_workers(engine, sums);
    *out = (struct engine_stats){
        .mode = engine->mode,
        .packets = sums[COUNT_PACKETS],
        .accepted = sums[COUNT_ACCEPTED],
        .dropped = sums[COUNT_DROPPED],
        .held = sums[COUNT_HELD],
        .hold_limits = sums[COUNT_HOLD_LIMITS],
        .replies = sums[COUNT_REPLIES],
        .replies_refused = sums[COUNT_REPLIES_REFUSED],
        .ptbs = sums[COUNT_PTBS],
        .ptbs_refused = sums[COUNT_PTBS_REFUSED],
        .external_count = engine->external_count,
    };
    memcpy(out->reasons, sums + COUNT_REASONS, sizeof out->reasons);
    out->throttle_count = throttle_views(engine->throttle, out->throttles);
    if (engine->nat)
        nat_stats(engine->nat, &out->nat);
    for (unsigned i = 0; i < out->external_count; i++)
        out->external[i] = nat_address(engine->nat, i);
    for (unsigned i = 0; i < engine->shard_count; i++)
        add_shard(&engine->shards[i], out);
}
