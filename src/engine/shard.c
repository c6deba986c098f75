#include "shard.h"
#include <string.h>

static void flow_over(void *context, struct flow *flow, enum flow_end why)
{
    struct shard *shard = context;
    if (why == FLOW_EXPIRED)
        shard->counters.expired++;
    else if (why == FLOW_EVICTED)
        shard->counters.evicted++;
    else
        shard->counters.unmapped++;
    scratch_release(&shard->scratch, flow);
    if (flow->flags & FLOW_HOLDS_MAPPING)
        nat_session_end(shard->nat, flow->external, &flow->key.addr[flow_peer(shard_inside(flow))],
                        shard->now);
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

/* It is held for some hundred nanoseconds: whoever meets it spins, for sleeping takes far longer. */
static void init_lock(pthread_mutex_t *lock)
{
    pthread_mutexattr_t spin;
    pthread_mutexattr_init(&spin);
    pthread_mutexattr_settype(&spin, PTHREAD_MUTEX_ADAPTIVE_NP);
    pthread_mutex_init(lock, &spin);
    pthread_mutexattr_destroy(&spin);
}

bool shard_init(struct shard *shard, const struct engine_options *options, struct rulebook *book,
                unsigned number, unsigned count)
{
    uint32_t handshakes = share(options->config->handshakes_max, count);
    const struct config *config = options->config;
    memset(shard, 0, sizeof *shard);
    init_lock(&shard->lock);
    shard->ended = options->ended;
    shard->context = options->context;
    shard->book = book;
    shard->flows =
        flow_table_new(share(config->flows_max, count), options->secret, number + 1, count, flow_over, shard);
    bool whole = shard->flows != NULL;
    whole &= scratch_init(&shard->scratch, handshakes, chunks(config, count));
    whole &= names_init(&shard->names, handshakes, options->secret);
    if (!whole)
        return false;
    shard_set_timers(shard, config);
    return true;
}

void shard_free(struct shard *shard)
{
    flow_table_free(shard->flows);
    scratch_free(&shard->scratch);
    names_free(&shard->names);
    pthread_mutex_destroy(&shard->lock);
}

void shard_set_timers(struct shard *shard, const struct config *config)
{
    struct flow_timers timers;
    timers.idle_ns[FLOW_ATTEMPT] = config->timer_attempt_s * QW_NS_PER_SECOND;
    timers.idle_ns[FLOW_ANSWERED] = config->timer_two_way_s * QW_NS_PER_SECOND;
    timers.idle_ns[FLOW_KNOWN] = config->timer_confirmed_s * QW_NS_PER_SECOND;
    flow_set_timers(shard->flows, &timers);
}

void shard_lock(struct shard *shard, struct qw_time now)
{
    pthread_mutex_lock(&shard->lock);
    shard->now = now;
}

bool shard_try_lock(struct shard *shard, struct qw_time now)
{
    if (pthread_mutex_trylock(&shard->lock) != 0)
        return false;
    shard->now = now;
    return true;
}

void shard_unlock(struct shard *shard)
{
    pthread_mutex_unlock(&shard->lock);
}
