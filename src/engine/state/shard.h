/* A share of the flows with its lock: everything in it is touched only while the lock is held. */
#ifndef ENGINE_SHARD_H
#define ENGINE_SHARD_H

#include "attempt_names.h"
#include "measured.h"
#include "peers.h"
#include "scratch.h"
#include "settings.h"
#include "shares.h"
#include <pthread.h>
#include <quicward/engine.h>
#include <quicward/measure.h>

struct shard {
    /* What every packet writes and reads first, in one cache line: it goes from core to core. */
    _Alignas(64) pthread_mutex_t lock;
    struct qw_time now;       /* of the packet or tick that holds the lock */
    struct flow_table *flows; /* owned */
    uint64_t generation;      /* of the settings that its timers are of */
    struct peers *peers;      /* the engine's, with locks of its own */
    struct shares *shares;    /* likewise, without locks */

    struct nat *nat;     /* likewise; NULL in other modes than nat */
    struct hints *hints; /* likewise; for reports (hints/hint_views.h) */
    const struct rule_ids *rules;
    bool monitors;               /* nothing is refused */
    struct scratch_pool scratch; /* owned */
    struct name_pool names;      /* owned */
    struct measure *measures;    /* owned; by slot of the flow */
    const struct flow *records;  /* flow_records of `flows` */
    struct qw_hash_key places;   /* of throttle_place, where throttles are configured */
    bool throttled;              /* they are, say the settings */
    union qw_counters counters;
    struct engine_measured measured;
    struct path_notes *paths; /* the engine's; NULL: off */
    engine_flow_ended *ended;
    void *context;
};

/* Share `number` of `count`, its flows in memory of `store`. False when memory is short; shard_free takes
 * what is there. */
bool shard_init(struct shard *shard, const struct engine_options *options, const struct store *store,
                unsigned number, unsigned count);
void shard_free(struct shard *shard);

/* Takes the settings unless it has newer ones: a worker may still have older ones. Locked, or not shared yet.
 */
void shard_take_settings(struct shard *shard, const struct shard_settings *settings);

/* Locks at `now` and takes the settings; shard_try_lock if nobody else has the lock now. */
void shard_lock(struct shard *shard, const struct shard_settings *settings, struct qw_time now);
bool shard_try_lock(struct shard *shard, const struct shard_settings *settings, struct qw_time now);
void shard_unlock(struct shard *shard);

/* In mode nat an undecided flow lets nobody outside in: its session is silent until the flow is admitted.
 * Both do nothing to flows that hold no mapping, and shard_speak nothing to those that are decided. */
void shard_silence(struct shard *shard, const struct flow *flow);
void shard_speak(struct shard *shard, const struct flow *flow);

/* The flow lets go of its mapping, and goes on without. It has none then, whoever it was of. */
void shard_unmap(struct shard *shard, struct flow *flow);

static inline enum flow_side shard_inside(const struct flow *flow)
{
    return flow->flags & FLOW_INSIDE_HI ? FLOW_HI : FLOW_LO;
}

static inline struct qw_endpoint shard_endpoint(const struct flow *flow, enum flow_side side)
{
    return (struct qw_endpoint){flow->key.addr[side], flow->key.port[side]};
}

/* What is measured of the flow. */
static inline struct measure *shard_measure(const struct shard *shard, const struct flow *flow)
{
    return &shard->measures[flow - shard->records];
}

/* The flow as reports show it, at the shard's time. */
struct engine_flow shard_report(const struct shard *shard, const struct flow *flow);

#endif
