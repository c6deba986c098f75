/* What an engine and its workers are made of. */
#ifndef ENGINE_LIFE_H
#define ENGINE_LIFE_H

#include "shard.h"

struct engine {
    enum config_mode mode;
    struct qw_hash_key secret;
    unsigned shard_count; /* power of two */
    unsigned shard_shift; /* hash >> shift is a shard's number */
    struct shard *shards; /* owned */
    pthread_mutex_t lock; /* of what follows */
    struct config config;
    struct engine_worker *workers[CONFIG_WORKERS_MAX];
    uint64_t retired[QW_REASON_COUNT]; /* counters of workers that ended */
    uint64_t retired_packets, retired_dropped;
};

/* Written by one thread, read by any: relaxed atomics. */
struct engine_worker {
    struct engine *engine;
    struct confirm_reader *reader; /* owned */
    struct confirm copy;           /* of the scratch being read */
    unsigned next_shard;           /* where the next sweep goes on */
    struct qw_time next_sweep;
    _Atomic uint64_t packets, dropped, reasons[QW_REASON_COUNT];
};

/* The shard of a key's hash: its high bits; the table uses the low ones. */
static inline struct shard *engine_shard(struct engine *engine, uint64_t hash)
{
    return &engine->shards[engine->shard_count > 1 ? hash >> engine->shard_shift : 0];
}

#endif
