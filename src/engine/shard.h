/* A share of the flows with its lock: everything in it is touched only while the lock is held. */
#ifndef ENGINE_SHARD_H
#define ENGINE_SHARD_H

#include "names.h"
#include "rulebook.h"
#include "scratch.h"
#include <pthread.h>
#include <quicward/engine.h>

struct shard_counters {
    uint64_t created, expired, evicted, unmapped, confirmed, hellos, hellos_unreadable;
};

struct shard {
    /* What every packet writes and reads first, in one cache line: it goes from core to core. */
    _Alignas(64) pthread_mutex_t lock;
    struct qw_time now;       /* of the packet or tick that holds the lock */
    struct flow_table *flows; /* owned */
    struct rulebook *book;    /* the engine's, with a lock of its own */

    struct nat *nat;             /* the engine's, likewise; NULL in other modes than nat */
    struct scratch_pool scratch; /* owned */
    struct name_pool names;      /* owned */
    struct qw_hash_key places;   /* of throttle_place, where throttles are configured */
    bool throttled;              /* they are */
    struct shard_counters counters;
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

static inline enum flow_side shard_inside(const struct flow *flow)
{
    return flow->flags & FLOW_INSIDE_HI ? FLOW_HI : FLOW_LO;
}

static inline struct qw_endpoint shard_endpoint(const struct flow *flow, enum flow_side side)
{
    return (struct qw_endpoint){flow->key.addr[side], flow->key.port[side]};
}

/* The flow as reports show it, at the shard's time. */
struct engine_flow shard_report(const struct shard *shard, const struct flow *flow);

#endif
