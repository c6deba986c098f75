/* An engine: what it is made of, and what a reload changes. */
#include "hint_views.h"
#include "life.h"
#include "mirror.h"
#include <stdlib.h>
#include <string.h>

static enum qw_error make_shards(struct engine *engine, const struct engine_options *options,
                                 const struct store *store)
{
    engine->shards = aligned_alloc(64, engine->shard_count * sizeof *engine->shards);
    if (!engine->shards)
        return QW_ERR_NO_MEMORY;
    bool whole = true;
    for (unsigned i = 0; i < engine->shard_count; i++) {
        struct shard *shard = &engine->shards[i];
        whole &= shard_init(shard, options, store, i, engine->shard_count);
        shard->nat = engine->nat;
        shard->peers = engine->peers;
        shard->shares = &engine->shares;
        shard->hints = engine->hints;
        shard->places = engine->places;
        shard->rules = &engine->rules;
        shard->monitors = engine->mode == CONFIG_MONITOR;
        if (whole)
            shard_take_settings(shard, &atomic_load(&engine->settings)->shards);
    }
    return whole ? QW_OK : QW_ERR_NO_MEMORY;
}

/* Held packets take places in the kernel's queue: others need theirs. */
static uint32_t hold_total(const struct config *config)
{
    uint32_t half = config->queue_length > 1 ? config->queue_length / 2 : 1;
    return config->hold_total < half ? config->hold_total : half;
}

static void take_sizes(struct engine *engine, const struct engine_options *options, unsigned shards)
{
    const struct config *config = options->config;
    engine->mode = config->mode;
    engine->secret = options->secret;
    engine->flows_max = config->flows_max;
    engine->handshakes_max = config->handshakes_max;
    engine->hold_total = hold_total(config);
    engine->shard_count = shards;
    for (engine->shard_shift = 64; shards > 1; shards /= 2)
        engine->shard_shift--;
}

static bool make_limits(struct engine *engine, const struct config *config, struct qw_time now)
{
    uint64_t seed = engine->secret.k0;
    engine->limiter = icmp_limiter_new(config->reject_rate, config->reject_per_host, seed);
    engine->ptb_limiter = icmp_limiter_new(config->ptb_rate, config->ptb_per_host, seed);
    engine->places = throttling_key(config, engine->secret);
    engine->throttle = throttling_new(&atomic_load(&engine->settings)->throttling, engine->places, now);
    engine->peers = peers_new(config->flows_max, engine->secret);
    initials_init(&engine->initials, engine->secret);
    bool whole = shares_init(&engine->shares, config->flows_max, engine->secret);
    return whole && engine->limiter && engine->ptb_limiter && engine->throttle && engine->peers;
}

enum qw_error engine_new(const struct engine_options *options, struct engine **out)
{
    *out = NULL;
    unsigned shards = engine_shards(options);
    if (shards > ENGINE_SHARDS_MAX || (shards & (shards - 1)) || !options->config->flows_max ||
        !options->config->handshakes_max || !options->config->workers)
        return QW_ERR_INVALID;
    struct engine *engine = aligned_alloc(_Alignof(struct engine), sizeof *engine);
    if (!engine)
        return QW_ERR_NO_MEMORY;
    memset(engine, 0, sizeof *engine);
    pthread_mutex_init(&engine->lock, NULL);
    inside_init(&engine->inside);
    pthread_mutex_init(&engine->limiter_lock, NULL);
    pthread_mutex_init(&engine->reloading, NULL);
    take_sizes(engine, options, shards);
    const struct store *store = engine_take_store(engine, options);
    enum qw_error error;
    bool whole = engine_start_settings(engine, options, store, &error);
    whole &= events_init(&engine->events);
    whole &= hint_views_start(engine);
    whole = whole && store && make_limits(engine, options->config, options->now);
    whole = whole && owners_start(engine, options) && engine_start_nat(engine, options, store);
    if (error == QW_OK && whole && !owners_fit(engine, options->config, options->errors))
        error = QW_ERR_INVALID;
    if (error == QW_OK)
        error = whole ? make_shards(engine, options, store) : QW_ERR_NO_MEMORY;
    if (error == QW_OK && options->paths && !paths_start(engine))
        error = QW_ERR_NO_MEMORY;
    if (error == QW_OK && options->mirror && !mirror_start(engine))
        error = QW_ERR_NO_MEMORY;
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
    engine_end_settings(engine);
    icmp_limiter_free(engine->limiter);
    icmp_limiter_free(engine->ptb_limiter);
    throttle_free(engine->throttle);
    peers_free(engine->peers);
    shares_free(&engine->shares);
    inside_free(&engine->inside);
    engine_end_nat(engine);
    owners_end(engine);
    events_free(&engine->events);
    hint_views_end(engine);
    paths_end(engine);
    mirror_end(engine);
    store_free(engine->own_store);
    pthread_mutex_destroy(&engine->limiter_lock);
    pthread_mutex_destroy(&engine->reloading);
    pthread_mutex_destroy(&engine->lock);
    free(engine);
}

enum qw_error engine_set_inside(struct engine *engine, const struct qw_prefix *prefixes, size_t count)
{
    return inside_replace(&engine->inside, prefixes, count) ? QW_OK : QW_ERR_NO_MEMORY;
}
