#include "life.h"
#include <string.h>

/* Places that are looked at before the shard is let go: a table that is nearly empty must not stall packets
 * either. */
#define LOOK_MAX 4096

/* Flows of one shard, from *cursor on and not beyond `end`. */
static size_t copy_flows(struct shard *shard, uint64_t *cursor, uint64_t end, struct qw_time now,
                         struct engine_flow *out, size_t max)
{
    size_t found = 0;
    uint32_t slots = flow_slots(shard->flows);
    for (unsigned looks = 0; *cursor < end && found < max && looks < LOOK_MAX; ++*cursor, looks++) {
        struct flow *flow = flow_at(shard->flows, (uint32_t)(*cursor % slots), now);
        if (flow)
            out[found++] = shard_report(shard, flow);
    }
    return found;
}

/* The cursor counts slots over all shards, all of which have the same number. */
size_t engine_flows(struct engine *engine, uint64_t *cursor, struct qw_time now, struct engine_flow *out,
                    size_t max)
{
    uint32_t slots = flow_slots(engine->shards[0].flows);
    struct shard_settings settings = engine_shard_settings(engine);
    size_t found = 0;
    while (found == 0 && *cursor < (uint64_t)slots * engine->shard_count) {
        struct shard *shard = &engine->shards[*cursor / slots];
        uint64_t end = (*cursor / slots + 1) * slots;
        shard_lock(shard, &settings, now);
        found = copy_flows(shard, cursor, end, now, out, max);
        shard_unlock(shard);
    }
    return found;
}

static void add_shard(struct shard *shard, union qw_counters *out)
{
    pthread_mutex_lock(&shard->lock);
    for (unsigned i = 0; i < QW_COUNTERS_END; i++)
        out->all[i] += shard->counters.all[i];
    out->handshakes_displaced += shard->scratch.taken_back;
    for (int class = 0; class < FLOW_KNOWN; class ++)
        if (flow_is_attempt((enum flow_class) class))
            out->flows_attempts += flow_count(shard->flows, (enum flow_class) class);
        else
            out->flows_answered += flow_count(shard->flows, (enum flow_class) class);
    out->flows_returned += flow_count(shard->flows, FLOW_RETURNED);
    out->flows_known += flow_count(shard->flows, FLOW_KNOWN);
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

static void add_nat(struct nat *nat, union qw_counters *out)
{
    struct nat_stats stats;
    nat_stats(nat, &stats);
    out->mappings = stats.mappings;
    out->nat_ports = stats.ports;
    out->nat_resting = stats.resting;
    out->mappings_created = stats.created;
    out->mappings_removed = stats.removed;
    out->refused_port = stats.refused_port;
    out->refused_host = stats.refused_host;
    out->refused_share = stats.refused_share;
    out->refused_address = stats.refused_address;
}

static void list_addresses(struct nat *nat, struct engine_stats *out)
{
    struct nat_listed listed[NAT_ADDRESSES_MAX];
    out->external_count = nat_listed(nat, listed);
    for (unsigned i = 0; i < out->external_count; i++) {
        out->external[i] = nat_address(nat, listed[i].slot);
        out->ports[i] = nat_ports_of(nat, listed[i].slot);
        out->draining[i] = listed[i].left;
    }
}

void engine_stats(struct engine *engine, struct engine_stats *out)
{
    uint64_t sums[WORKER_COUNTERS];
    add_workers(engine, sums);
    *out = (struct engine_stats){.mode = engine->mode};
    memcpy(out->counters.all, sums, sizeof out->counters.all);
    memcpy(out->reasons, sums + WORKER_REASONS, sizeof out->reasons);
    out->throttle_count = throttle_views(engine->throttle, out->throttles);
    if (engine->nat) {
        add_nat(engine->nat, &out->counters);
        list_addresses(engine->nat, out);
    }
    for (unsigned i = 0; i < engine->shard_count; i++)
        add_shard(&engine->shards[i], &out->counters);
}

void engine_measured(struct engine *engine, struct engine_measured *out)
{
    *out = (struct engine_measured){0};
    for (unsigned i = 0; i < engine->shard_count; i++) {
        pthread_mutex_lock(&engine->shards[i].lock);
        measured_add(out, &engine->shards[i].measured);
        pthread_mutex_unlock(&engine->shards[i].lock);
    }
}

unsigned engine_throttles(struct engine *engine, struct throttle_view out[static THROTTLE_LIMITS_MAX])
{
    return throttle_views(engine->throttle, out);
}

void engine_tell(struct engine *engine, const struct engine_event *event)
{
    events_add(&engine->events, event);
}

size_t engine_events(struct engine *engine, uint64_t *after, struct engine_event *out, size_t max)
{
    return events_read(&engine->events, after, out, max);
}
