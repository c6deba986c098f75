/* New settings, and what becomes of the old ones. They are made outside of every lock and published by one
 * pointer. A worker takes the pointer before its packet and then says which settings it has: it refers to no
 * older ones any more. Settings that all workers have passed are freed here, by no worker. */
#include "life.h"

/* ---- looking ---- */

bool engine_rule(struct engine *engine, uint32_t index, struct engine_rule *out)
{
    pthread_mutex_lock(&engine->lock);
    bool there = settings_rule(atomic_load_explicit(&engine->settings, memory_order_relaxed), index, out);
    pthread_mutex_unlock(&engine->lock);
    return there;
}

struct shard_settings engine_shard_settings(struct engine *engine)
{
    pthread_mutex_lock(&engine->lock);
    struct shard_settings now = atomic_load_explicit(&engine->settings, memory_order_relaxed)->shards;
    pthread_mutex_unlock(&engine->lock);
    return now;
}

/* ---- freeing ---- */

/* Older settings than that are nobody's any more. With engine->lock held. */
static uint64_t oldest_in_use(struct engine *engine)
{
    uint64_t oldest = atomic_load_explicit(&engine->settings, memory_order_relaxed)->shards.generation;
    for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++) {
        if (!engine->workers[i])
            continue;
        uint64_t seen = atomic_load_explicit(&engine->workers[i]->seen, memory_order_acquire);
        oldest = seen < oldest ? seen : oldest;
    }
    return oldest;
}

/* The newest stand first, so that those nobody has are the end of the list. With engine->lock held. */
static struct settings *cut_unused(struct engine *engine)
{
    uint64_t oldest = oldest_in_use(engine);
    struct settings **link = &engine->replaced;
    while (*link && (*link)->shards.generation >= oldest)
        link = &(*link)->older;
    struct settings *unused = *link;
    *link = NULL;
    return unused;
}

bool engine_reclaim(struct engine *engine)
{
    pthread_mutex_lock(&engine->lock);
    struct settings *unused = cut_unused(engine);
    bool left = engine->replaced != NULL;
    pthread_mutex_unlock(&engine->lock);
    while (unused) {
        struct settings *older = unused->older;
        settings_free(unused);
        unused = older;
    }
    return left;
}

/* ---- publishing ---- */

bool engine_start_settings(struct engine *engine, const struct engine_options *options,
                           const struct store *store, enum qw_error *error)
{
    struct settings *settings;
    *error = QW_ERR_NO_MEMORY;
    if (!rule_ids_init(&engine->rules, store, options->secret))
        return false;
    *error = settings_new(options->config, &engine->rules, options->errors, &settings);
    if (*error != QW_OK)
        return false;
    settings_number(settings, NULL, &engine->rules);
    settings->shards.generation = 1;
    atomic_store(&engine->settings, settings);
    return true;
}

void engine_end_settings(struct engine *engine)
{
    struct settings *current = atomic_load(&engine->settings);
    if (current)
        engine_reclaim(engine);
    settings_free(current);
    rule_ids_free(&engine->rules);
}

/* With engine->reloading held, so that nobody else publishes. */
static void publish(struct engine *engine, struct settings *settings)
{
    struct settings *before = atomic_load_explicit(&engine->settings, memory_order_relaxed);
    settings_number(settings, before, &engine->rules);
    settings->shards.generation = before->shards.generation + 1;
    pthread_mutex_lock(&engine->lock);
    engine_show_open(engine, settings);
    atomic_store_explicit(&engine->settings, settings, memory_order_release);
    engine_show_closed(engine, settings);
    before->older = engine->replaced;
    engine->replaced = before;
    pthread_mutex_unlock(&engine->lock);
}

enum qw_error engine_reload(struct engine *engine, const struct config *config, FILE *errors)
{
    struct settings *settings;
    if (config->mode != engine->mode || config->flows_max != engine->flows_max ||
        config->handshakes_max != engine->handshakes_max) {
        if (errors)
            fputs("mode, flows.max and flows.handshakes cannot change while running\n", errors);
        return QW_ERR_INVALID;
    }
    pthread_mutex_lock(&engine->reloading);
    enum qw_error error = settings_new(config, &engine->rules, errors, &settings);
    if (error == QW_OK) {
        error =
            owners_fit(engine, config, errors) ? engine_change_nat(engine, config, errors) : QW_ERR_INVALID;
        if (error != QW_OK)
            settings_free(settings);
    }
    if (error == QW_OK) {
        publish(engine, settings);
        throttle_change(engine->throttle, &settings->throttling.options, settings->shards.generation);
        paths_resync(engine);
    }
    pthread_mutex_unlock(&engine->reloading);
    engine_reclaim(engine);
    return error;
}
