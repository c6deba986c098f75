/* What an engine and its workers are made of. */
#ifndef ENGINE_LIFE_H
#define ENGINE_LIFE_H

#include "ahead.h"
#include "events.h"
#include "hold.h"
#include "shard.h"
#include "sizes.h"

/* What a worker counts. */
enum worker_counter {
    COUNT_PACKETS,
    COUNT_ACCEPTED,
    COUNT_DROPPED,
    COUNT_HELD,
    COUNT_HOLD_LIMITS,
    COUNT_REPLIES,
    COUNT_REPLIES_REFUSED,
    COUNT_PTBS,
    COUNT_PTBS_REFUSED,
    COUNT_REASONS, /* one a reason from here on */
    WORKER_COUNTERS = COUNT_REASONS + QW_REASON_COUNT
};

struct engine {
    enum config_mode mode;
    uint32_t flows_max, handshakes_max;
    size_t hold_total; /* of each worker */
    pthread_mutex_t limiter_lock;
    struct icmp_limiter *limiter, *ptb_limiter; /* owned; of all workers: rejecting is rare */
    struct qw_hash_key secret;
    struct rulebook book;
    struct size_book sizes;
    struct throttle *throttle; /* owned */
    struct qw_hash_key places; /* of throttle_place */
    struct nat *nat;           /* owned; NULL in other modes */
    unsigned external_count;   /* of its addresses */
    atomic_bool nat_rejects;   /* a refused mapping is answered with an ICMP error */
    struct events events;
    atomic_bool reads_quic;
    unsigned shard_count; /* power of two */
    unsigned shard_shift; /* hash >> shift is a shard's number */
    struct shard *shards; /* owned */
    pthread_mutex_t lock; /* of what follows */
    struct engine_worker *workers[CONFIG_WORKERS_MAX];
    uint64_t retired[WORKER_COUNTERS]; /* of workers that ended */
};

struct engine_worker {
    struct engine *engine;
    struct confirm_reader *reader; /* owned */
    struct confirm copy;           /* of the scratch being read */
    struct hello_reading reading;  /* the ClientHello that became whole */
    struct hold_list hold;         /* owned */
    atomic_bool look_again;        /* another worker decided an attempt of which packets wait here */
    struct icmp_message reply;
    struct size_copy sizes;
    struct ahead ahead;
    unsigned next_shard; /* where the next sweep goes on */
    struct qw_time next_sweep;
    _Atomic uint64_t counters[WORKER_COUNTERS]; /* written by its thread, read by any */
};

/* Makes engine->nat and what belongs to it, as `config` says; false when memory is short. (nat.c) */
bool engine_start_nat(struct engine *engine, const struct config *config, struct qw_time now);
void engine_end_nat(struct engine *engine);

static inline void worker_count(struct engine_worker *worker, unsigned counter, uint64_t by)
{
    uint64_t value = atomic_load_explicit(&worker->counters[counter], memory_order_relaxed);
    atomic_store_explicit(&worker->counters[counter], value + by, memory_order_relaxed);
}

/* The shard of a key's hash: its high bits; the table uses the low ones. */
static inline struct shard *engine_shard(struct engine *engine, uint64_t hash)
{
    return &engine->shards[engine->shard_count > 1 ? hash >> engine->shard_shift : 0];
}

#endif
