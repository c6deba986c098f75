/* A worker: its life, and what it does beside packets. */
#include "walk.h"
#include <stdlib.h>

#define SWEEP_PAUSE (10 * QW_NS_PER_MS) /* between two looks at shards with nothing to expire */

/* The throttle first: no packet that is judged by these settings meets older limits. */
void worker_go_over(struct engine_worker *worker, const struct settings *settings)
{
    throttle_change(worker->engine->throttle, &settings->throttling.options, settings->shards.generation);
    worker->settings = settings;
    atomic_store_explicit(&worker->seen, settings->shards.generation, memory_order_release);
}

/* With the lock held nobody publishes settings: those it begins with are not freed before it is listed. */
static bool enlist(struct engine *engine, struct engine_worker *worker)
{
    bool found = false;
    pthread_mutex_lock(&engine->lock);
    for (unsigned i = 0; i < CONFIG_WORKERS_MAX && !found; i++)
        if (!engine->workers[i]) {
            worker_take_settings(worker);
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
    path_ring_free(&worker->paths);
    free(worker);
}

struct engine_worker *engine_worker_new(struct engine *engine)
{
    struct engine_worker *worker = calloc(1, sizeof *worker);
    if (!worker)
        return NULL;
    worker->engine = engine;
    worker->reader = confirm_reader_new(engine->secret);
    bool whole = hold_init(&worker->hold, (uint32_t)engine->hold_total) && worker->reader;
    whole = whole && paths_worker_start(worker);
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
    paths_worker_end(worker);
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
    events_flush(&engine->events, now);
    for (unsigned i = 0; i < engine->shard_count && ended < budget; i++) {
        struct shard *shard = &engine->shards[worker->next_shard];
        shard_lock(shard, &worker->settings->shards, now);
        ended += flow_sweep(shard->flows, now, budget - ended);
        shard_unlock(shard);
        paths_flush(engine, worker, shard);
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
    worker_take_settings(worker);
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
    const struct hold_group *first = hold_first_due(&worker->hold);
    return first ? first->deadline : (struct qw_time){UINT64_MAX};
}

size_t engine_held(const struct engine_worker *worker)
{
    return worker->hold.count;
}
