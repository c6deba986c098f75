#include "life.h"
#include <stdlib.h>

#define SHARDS_MAX 64
#define SHARD_FLOWS_MIN 4096            /* a smaller share fills up long before the whole does */
#define SWEEP_PAUSE (10 * QW_NS_PER_MS) /* between two looks at shards with nothing to expire */

static unsigned choose_shards(const struct engine_options *options)
{
    if (options->shards)
        return options->shards;
    unsigned shards = 1;
    while (shards < SHARDS_MAX && options->config->flows_max / (2 * shards) >= SHARD_FLOWS_MIN)
        shards *= 2;
    return shards;
}

static enum qw_error make_shards(struct engine *engine, const struct engine_options *options)
{
    engine->shards = aligned_alloc(64, engine->shard_count * sizeof *engine->shards);
    if (!engine->shards)
        return QW_ERR_NO_MEMORY;
    bool whole = true;
    for (unsigned i = 0; i < engine->shard_count; i++)
        whole &= shard_init(&engine->shards[i], options, i, engine->shard_count);
    return whole ? QW_OK : QW_ERR_NO_MEMORY;
}

enum qw_error engine_new(const struct engine_options *options, struct engine **out)
{
    *out = NULL;
    unsigned shards = choose_shards(options);
    if (shards > SHARDS_MAX || (shards & (shards - 1)) || !options->config->flows_max ||
        !options->config->handshakes_max)
        return QW_ERR_INVALID;
    struct engine *engine = calloc(1, sizeof *engine);
    if (!engine)
        return QW_ERR_NO_MEMORY;
    engine->mode = options->config->mode;
    engine->config = *options->config;
    engine->secret = options->secret;
    engine->shard_count = shards;
    for (engine->shard_shift = 64; shards > 1; shards /= 2)
        engine->shard_shift--;
    pthread_mutex_init(&engine->lock, NULL);
    enum qw_error error = make_shards(engine, options);
    if (error != QW_OK)
        engine_free(engine);
    else
        *out = engine;
    return error;
}

void engine_free(struct engine *engine)
{
    if (!engine)
        return;
    for (unsigned i = 0; engine->shards && i < engine->shard_count; i++)
        shard_free(&engine->shards[i]);
    free(engine->shards);
    pthread_mutex_destroy(&engine->lock);
    free(engine);
}

/* ---- workers ---- */

static bool enlist(struct engine *engine, struct engine_worker *worker)
{
    bool found = false;
    pthread_mutex_lock(&engine->lock);
    for (unsigned i = 0; i < CONFIG_WORKERS_MAX && !found; i++)
        if (!engine->workers[i]) {
            engine->workers[i] = worker;
            found = true;
        }
    pthread_mutex_unlock(&engine->lock);
    return found;
}

struct engine_worker *engine_worker_new(struct engine *engine)
{
    struct engine_worker *worker = calloc(1, sizeof *worker);
    if (!worker)
        return NULL;
    worker->engine = engine;
    worker->reader = confirm_reader_new(engine->secret);
    if (!worker->reader || !enlist(engine, worker)) {
        confirm_reader_free(worker->reader);
        free(worker);
        return NULL;
    }
    return worker;
}

void engine_worker_free(struct engine_worker *worker)
{
    if (!worker)
        return;
    struct engine *engine = worker->engine;
    pthread_mutex_lock(&engine->lock);
    for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++)
        if (engine->workers[i] == worker)
            engine->workers[i] = NULL;
    engine->retired_packets += worker->packets;
    engine->retired_dropped += worker->dropped;
    for (unsigned i = 0; i < QW_REASON_COUNT; i++)
        engine->retired[i] += worker->reasons[i];
    pthread_mutex_unlock(&engine->lock);
    confirm_reader_free(worker->reader);
    free(worker);
}

unsigned engine_tick(struct engine_worker *worker, struct qw_time now, unsigned budget)
{
    struct engine *engine = worker->engine;
    unsigned ended = 0;
    if (now.ns < worker->next_sweep.ns)
        return 0;
    for (unsigned i = 0; i < engine->shard_count && ended < budget; i++) {
        struct shard *shard = &engine->shards[worker->next_shard];
        shard_lock(shard, now);
        ended += flow_sweep(shard->flows, now, budget - ended);
        shard_unlock(shard);
        if (ended < budget)
            worker->next_shard = (worker->next_shard + 1) & (engine->shard_count - 1);
    }
    if (ended < budget)
        worker->next_sweep = qw_time_add(now, SWEEP_PAUSE);
    return ended;
}

enum qw_error engine_reload(struct engine *engine, const struct config *config)
{
    pthread_mutex_lock(&engine->lock);
    bool fixed = config_fixed_difference(&engine->config, config) != NULL;
    if (!fixed)
        engine->config = *config;
    pthread_mutex_unlock(&engine->lock);
    if (fixed)
        return QW_ERR_INVALID;
    for (unsigned i = 0; i < engine->shard_count; i++) {
        pthread_mutex_lock(&engine->shards[i].lock);
        shard_set_timers(&engine->shards[i], config);
        pthread_mutex_unlock(&engine->shards[i].lock);
    }
    return QW_OK;
}
