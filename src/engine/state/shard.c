#include "shard.h"
#include "flow_path.h"
#include <quicward/base/lock.h>
#include <stdlib.h>
#include <string.h>

static const struct qw_addr *remote_of(const struct flow *flow)
{
    return &flow->key.addr[flow_peer(shard_inside(flow))];
}

void shard_silence(struct shard *shard, const struct flow *flow)
{
    if (flow->flags & FLOW_HOLDS_MAPPING)
        nat_session_silence(shard->nat, flow->external, remote_of(flow));
}

void shard_speak(struct shard *shard, const struct flow *flow)
{
    if (flow->flags & FLOW_UNDECIDED && flow->flags & FLOW_HOLDS_MAPPING)
        nat_session_speak(shard->nat, flow->external, remote_of(flow));
}

static void end_session(struct shard *shard, const struct flow *flow, enum flow_end why)
{
    struct qw_endpoint inside = shard_endpoint(flow, shard_inside(flow));
    if (flow->class == FLOW_ASKED && why == FLOW_EXPIRED)
        nat_session_end_short(shard->nat, flow->external, &inside, remote_of(flow), shard->now);
    else
        nat_session_end(shard->nat, flow->external, &inside, remote_of(flow), shard->now);
}

void shard_unmap(struct shard *shard, struct flow *flow)
{
    shard_speak(shard, flow);
    if (flow->flags & FLOW_HOLDS_MAPPING)
        end_session(shard, flow, FLOW_UNMAPPED);
    flow->flags &= (uint8_t)~FLOW_HOLDS_MAPPING;
    flow->external = 0;
    flow_mark(shard->flows, flow);
}

static void flow_over(void *context, struct flow *flow, enum flow_end why)
{
    struct shard *shard = context;
    if (why == FLOW_EXPIRED)
        shard->counters.flows_expired++;
    else if (why == FLOW_EVICTED)
        shard->counters.flows_evicted++;
    else
        shard->counters.flows_unmapped++;
    if (flow->version != 0 && flow->state != FLOW_CONFIRMED)
        measured_count(&shard->measured, flow->version, ENGINE_OUTCOME_UNCONFIRMED);
    scratch_release(&shard->scratch, flow);
    shard_speak(shard, flow);
    peers_unlist(shard->peers, flow);
    shares_give(shard->shares, flow);
    if (shard->paths)
        paths_flow_over(shard, flow);
    if (flow->flags & FLOW_HOLDS_MAPPING)
        end_session(shard, flow, why);
    if (shard->ended) {
        struct engine_flow report = shard_report(shard, flow);
        shard->ended(shard->context, &report, why);
    }
    names_drop(&shard->names, flow->names);
}

static uint32_t share(uint32_t total, unsigned count)
{
    return (total + count - 1) / count;
}

/* Chunks of 1 KiB; every shard can hold one long ClientHello at least. */
static uint16_t chunks(const struct config *config, unsigned count)
{
    uint32_t chunks = share(config->hello_memory_kib, count);
    if (chunks < QUIC_STREAM_CHUNKS)
        return QUIC_STREAM_CHUNKS;
    return (uint16_t)(chunks < UINT16_MAX ? chunks : UINT16_MAX);
}

static struct flow_table *make_flows(struct shard *shard, const struct engine_options *options,
                                     const struct store *store, unsigned number, unsigned count)
{
    uint32_t capacity = share(options->config->flows_max, count);
    struct store_region memory;
    if (!store_region(store, flow_part(number, capacity).name, &memory))
        return NULL;
    return flow_table_new(&memory, capacity, options->secret, number + 1, count, flow_over, shard);
}

/* Touched now, as the table's memory is. */
static struct measure *make_measures(const struct flow_table *flows)
{
    if (!flows)
        return NULL;
    size_t size = flow_slots(flows) * sizeof(struct measure);
    struct measure *measures = aligned_alloc(sizeof *measures, size);
    if (measures)
        memset(measures, 0, size);
    return measures;
}

bool shard_init(struct shard *shard, const struct engine_options *options, const struct store *store,
                unsigned number, unsigned count)
{
    uint32_t handshakes = share(options->config->handshakes_max, count);
    const struct config *config = options->config;
    memset(shard, 0, sizeof *shard);
    qw_lock_init(&shard->lock);
    shard->ended = options->ended;
    shard->context = options->context;
    shard->flows = make_flows(shard, options, store, number, count);
    shard->measures = make_measures(shard->flows);
    shard->records = shard->flows ? flow_records(shard->flows) : NULL;
    bool whole = shard->measures != NULL;
    whole &= scratch_init(&shard->scratch, handshakes, chunks(config, count));
    whole &= names_init(&shard->names, handshakes, options->secret);
    return whole;
}

void shard_free(struct shard *shard)
{
    flow_table_free(shard->flows);
    free(shard->measures);
    scratch_free(&shard->scratch);
    names_free(&shard->names);
    pthread_mutex_destroy(&shard->lock);
}

void shard_take_settings(struct shard *shard, const struct shard_settings *settings)
{
    if (settings->generation <= shard->generation)
        return;
    shard->generation = settings->generation;
    shard->throttled = settings->throttled;
    flow_set_timers(shard->flows, &settings->timers);
}

void shard_lock(struct shard *shard, const struct shard_settings *settings, struct qw_time now)
{
    pthread_mutex_lock(&shard->lock);
    shard->now = now;
    shard_take_settings(shard, settings);
}

bool shard_try_lock(struct shard *shard, const struct shard_settings *settings, struct qw_time now)
{
    if (pthread_mutex_trylock(&shard->lock) != 0)
        return false;
    shard->now = now;
    shard_take_settings(shard, settings);
    return true;
}

void shard_unlock(struct shard *shard)
{
    pthread_mutex_unlock(&shard->lock);
}
