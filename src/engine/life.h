/* What an engine and its workers are made of. */
#ifndef ENGINE_LIFE_H
#define ENGINE_LIFE_H

#include "ahead.h"
#include "event_ring.h"
#include "flow_path.h"
#include "hold.h"
#include "inside.h"
#include "owner_marks.h"
#include "settings.h"
#include "shard.h"

#define ENGINE_SHARDS_MAX 64

/* What a worker counts: all counters, and packets by reason. */
#define WORKER_REASONS ((unsigned)QW_COUNTERS_END)
#define WORKER_COUNTERS (WORKER_REASONS + (unsigned)QW_REASON_COUNT)

struct engine {
    enum config_mode mode;
    uint32_t flows_max, handshakes_max;
    size_t hold_total; /* of each worker */
    pthread_mutex_t limiter_lock;
    struct icmp_limiter *limiter, *ptb_limiter; /* owned; of all workers: rejecting is rare */
    struct qw_hash_key secret;
    struct store *own_store; /* owned; NULL: the memory was handed in */
    struct rule_ids rules;
    _Atomic(struct settings *) settings; /* owned; in force, replaced with `lock` held */
    pthread_mutex_t reloading;           /* one reload after the other; packets never take it */
    struct peers *peers;                 /* owned */
    struct shares shares;
    struct initials initials;
    struct inside inside;
    struct throttle *throttle; /* owned */
    struct qw_hash_key places; /* of throttle_place */
    struct owners owners;
    struct nat *nat; /* owned; NULL in other modes */
    struct events events;
    struct hints *hints;       /* owned; for reports (hints/hint_news.h) */
    struct path_book *paths;   /* owned; NULL: off */
    struct mirror *mirror;     /* owned; NULL: off */
    atomic_bool stands_by;     /* no flow begins (engine_mirror.h) */
    unsigned shard_count;      /* power of two */
    unsigned shard_shift;      /* hash >> shift is a shard's number */
    struct shard *shards;      /* owned */
    pthread_mutex_t lock;      /* of what follows */
    struct qw_known *known;    /* borrowed; of who is shown the flows, NULL: nobody */
    struct settings *replaced; /* owned; some worker may still have them, the newest first */
    struct engine_worker *workers[CONFIG_WORKERS_MAX];
    uint64_t retired[WORKER_COUNTERS]; /* of workers that ended */
};

struct engine_worker {
    struct engine *engine;
    const struct settings *settings; /* the engine's, for the packet or tick at hand */
    _Atomic uint64_t seen;           /* their generation: the worker refers to none older */
    struct confirm_reader *reader;   /* owned */
    struct confirm copy;             /* of the scratch being read */
    struct hello_reading reading;    /* the ClientHello that became whole */
    struct hold_list hold;           /* owned */
    atomic_bool look_again;          /* another worker decided an attempt of which packets wait here */
    struct icmp_message reply;
    struct path_ring paths; /* owned, where paths are on */
    struct ahead ahead;
    unsigned next_shard; /* where the next sweep goes on */
    struct qw_time next_sweep;
    _Atomic uint64_t counters[WORKER_COUNTERS]; /* written by its thread, read by any */
};

/* Makes engine->nat and what belongs to it in memory of `store`, as the options say; false when memory is
 * short. (world.c) */
bool engine_start_nat(struct engine *engine, const struct engine_options *options, const struct store *store);
void engine_end_nat(struct engine *engine);

/* Places for addresses that a NAT of this configuration has. (world.c) */
unsigned engine_nat_slots(const struct config *config);

/* Addresses, ports, forwards, filtering and limits of the NAT as in `config`: all of it, or nothing has
 * changed. As engine_reload. (world.c) */
enum qw_error engine_change_nat(struct engine *engine, const struct config *config, FILE *errors);

/* Makes the first settings, names of rules in memory of `store`. False with *error as engine_new says;
 * engine_end_settings in either case. (reload.c) */
bool engine_start_settings(struct engine *engine, const struct engine_options *options,
                           const struct store *store, enum qw_error *error);
void engine_end_settings(struct engine *engine);

/* Who is shown the flows hears what is closed by the settings, and before they are published what no longer
 * is. With engine->lock held. (paths/show_flows.c) */
void engine_show_closed(struct engine *engine, const struct settings *settings);
void engine_show_open(struct engine *engine, const struct settings *settings);

/* A copy of what shards need of the settings in force, for threads that are no workers. (reload.c) */
struct shard_settings engine_shard_settings(struct engine *engine);

/* How many shards an engine of these options has, and how many flows each. (state.c) */
unsigned engine_shards(const struct engine_options *options);
uint32_t engine_share(uint32_t total, unsigned shards);

/* The store that was handed in, or one that the engine owns from now on; NULL when memory is short, or a part
 * is missing in it. (state.c) */
const struct store *engine_take_store(struct engine *engine, const struct engine_options *options);

/* Goes over to other settings, and refers to no older ones from here on. */
void worker_go_over(struct engine_worker *worker, const struct settings *settings);

/* Goes over to the settings in force. At that moment nothing may refer to those before: they may be freed as
 * soon as `seen` says so. Settings that the worker has are not freed, so equal pointers are the same. */
static inline void worker_take_settings(struct engine_worker *worker)
{
    const struct settings *settings = atomic_load_explicit(&worker->engine->settings, memory_order_acquire);
    if (settings != worker->settings)
        worker_go_over(worker, settings);
}

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
