/* A share of the flows with its lock: everything in it is touched only while the lock is held. */
#ifndef ENGINE_SHARD_H
#define ENGINE_SHARD_H

#include "names.h"
#include "rulebook.h"
#include "scratch.h"
#include <pthread.h>
#include <quicward/engine.h>

struct shard_counters {
    uint64_t created, expired, evicted, confirmed, hellos, hellos_unreadable;
};

struct shard {
    _Alignas(64) pthread_mutex_t lock;
    struct flow_table *flows;    /* owned */
    struct scratch_pool scratch; /* owned */
    struct name_pool names;      /* owned */
    struct rulebook *book;       /* the engine's, with a lock of its own */
    struct shard_counters counters;
    struct qw_time now; /* of the packet or tick that holds the lock */
    engine_flow_ended *ended;
    void *context;
};

/* Share `number` of `count`. False when memory is short; shard_free takes what is there. */
bool shard_init(struct shard *shard, const struct engine_options *options, struct rulebook *book,
                unsigned number, unsigned count);
void shard_free(struct shard *shard);

void shard_set_timers(struct shard *shard, const struct config *config);

/* Locks at `now`. */
void shard_lock(struct shard *shard, struct qw_time now);
void shard_unlock(struct shard *shard);

/* Locks at `now` if nobody else has the lock now. */
bool shard_try_lock(struct shard *shard, struct qw_time now);

/* The flow as reports show it, at the shard's time. */
struct engine_flow shard_report(const struct shard *shard, const struct flow *flow);

#endif
