#include "throttling.h"
#include "walk.h"
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
    for (unsigned i = 0; i < engine->shard_count; i++) {
        struct shard *shard = &engine->shards[i];
        whole &= shard_init(shard, options, &engine->book, i, engine->shard_count);
        shard->nat = engine->nat;
        shard->places = engine->places;
        shard->throttled = options->config->throttle_count > 0;
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
    engine->throttle = throttling_new(config, engine->places, now);
    size_book_init(&engine->sizes, config);
    return engine->limiter && engine->ptb_limiter && engine->throttle;
}

enum qw_error engine_new(const struct engine_options *options, struct engine **out)
{
    *out = NULL;
    unsigned shards = choose_shards(options);
    if (shards > SHARDS_MAX || (shards & (shards - 1)) || !options->config->flows_max ||
        !options->config->handshakes_max || !options->config->workers)
        return QW_ERR_INVALID;
    struct engine *engine = calloc(1, sizeof *engine);
    if (!engine)
        return QW_ERR_NO_MEMORY;
    pthread_mutex_init(&engine->lock, NULL);
    pthread_mutex_init(&engine->limiter_lock, NULL);
    take_sizes(engine, options, shards);
    enum qw_error error = rulebook_init(&engine->book, options->config, options->secret, options->errors);
    bool whole = make_limits(engine, options->config, options->now);
    whole &= engine_start_nat(engine, options->config, options->now);
    if (error == QW_OK)
        error = whole ? make_shards(engine, options) : QW_ERR_NO_MEMORY;
    engine->reads_quic = rulebook_reads_quic(&engine->book);
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
    rulebook_free(&engine->book);
    icmp_limiter_free(engine->limiter);
    icmp_limiter_free(engine->ptb_limiter);
    throttle_free(engine->throttle);
    size_book_free(&engine->sizes);
    engine_end_nat(engine);
    pthread_mutex_destroy(&engine->limiter_lock);
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

static void free_parts(struct engine_worker *worker)
{
    confirm_reader_free(worker->reader);
    hold_free(&worker->hold);
    free(worker);
}

struct engine_worker *engine_worker_new(struct engine *engine)
{
    struct engine_worker *worker = calloc(1, sizeof *worker);
    if (!worker)
        return NULL;
    worker->engine = engine;
    worker->reader = confirm_reader_new(engine->secret);
    bool whole = hold_init(&worker->hold, engine->hold_total) && worker->reader;
    if (whole && enlist(engine, worker))
        return worker;
    free_parts(worker);
    return NULL;
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
    for (unsigned i = 0; i < WORKER_COUNTERS; i++)
        engine->retired[i] += worker->counters[i];
    pthread_mutex_unlock(&engine->lock);
    free_parts(worker);
}

static unsigned sweep(struct engine_worker *worker, struct qw_time now, unsigned budget)
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

unsigned engine_tick(struct engine_worker *worker, struct qw_time now, unsigned budget)
{
    worker->hold.released_count = 0;
    throttle_tick(worker->engine->throttle, now);
    if (worker->hold.count > 0)
        admit_overdue(worker, now);
    return sweep(worker, now, budget);
}

size_t engine_released(const struct engine_worker *worker, const struct engine_release **out)
{
    *out = worker->hold.released;
    return worker->hold.released_count;
}

struct qw_time engine_deadline(const struct engine_worker *worker)
{
    return worker->hold.count > 0 ? worker->hold.waiting[0].deadline : (struct qw_time){UINT64_MAX};
}

size_t engine_held(const struct engine_worker *worker)
{
    return worker->hold.count;
}

enum qw_error engine_reload(struct engine *engine, const struct config *config, FILE *errors)
{
    if (config->mode != engine->mode || config->flows_max != engine->flows_max ||
        config->handshakes_max != engine->handshakes_max) {
        if (errors)
            fputs("mode, flows.max and flows.handshakes cannot change while running\n", errors);
        return QW_ERR_INVALID;
    }
    enum qw_error error = rulebook_reload(&engine->book, config, errors);
    if (error != QW_OK)
        return error;
    atomic_store(&engine->reads_quic, rulebook_reads_quic(&engine->book));
    size_book_change(&engine->sizes, config);
    throttling_change(engine->throttle, config);
    atomic_store(&engine->nat_rejects, config->nat_exhausted == CONFIG_REJECT);
    for (unsigned i = 0; i < engine->shard_count; i++) {
        pthread_mutex_lock(&engine->shards[i].lock);
        shard_set_timers(&engine->shards[i], config);
        engine->shards[i].throttled = config->throttle_count > 0;
        pthread_mutex_unlock(&engine->shards[i].lock);
    }
    return QW_OK;
}

bool engine_rule(struct engine *engine, uint32_t index, struct engine_rule *out)
{
    return rulebook_rule(&engine->book, index, out);
}
