/* Paths inside the engine (quicward/engine_path.h). While a shard is locked only notes are made: which paths
 * are to be told, by slot and id. They go into a ring once it is unlocked, and the path itself is made when
 * somebody takes it out. */
#ifndef ENGINE_FLOW_PATH_H
#define ENGINE_FLOW_PATH_H

#include "path_ring.h"
#include "sizes.h"
#include <pthread.h>
#include <quicward/engine_path.h>

struct engine_worker;
struct shard;
struct walk;

#define PATH_NAMES_MAX 255 /* 0 to PATH_NO_NAME - 1; flows by further interfaces stay with the queue */
#define PATH_NO_NAME UINT8_MAX
#define PATH_TAKE 8 /* of the paths that ended, taken along by one packet */

/* ---- what is noted of a flow ---- */

enum path_told { PATH_UNTOLD, PATH_TOLD, PATH_GONE };

/* Of the flow in the same slot; PATH_GONE: of one that ended, until its END is on its way. */
struct path_note {
    uint64_t id;
    struct flow_key key;
    struct qw_endpoint external; /* as it was told */
    nat_external mapping;
    uint32_t next;                                                /* of those that ended */
    uint8_t told;                                                 /* enum path_told */
    uint8_t state, flags;                                         /* of the flow, as told */
    uint8_t inside;                                               /* enum flow_side */
    uint8_t from[FLOW_PATH_DIRECTIONS], to[FLOW_PATH_DIRECTIONS]; /* names; PATH_NO_NAME: not known */
    bool moved;                                                   /* one of them is another than was told */
    uint32_t connection;                                          /* measure.handshake, as told */
    bool was_told;                                                /* ever: somebody may forward by it */
};

/* Who takes what is forwarded by paths of flows that end; take NULL: nobody. */
struct path_taker {
    flow_path_take *take;
    void *context;
};

/* Who knows when flows of an earlier process were last seen; ask NULL: nobody. */
struct path_recall {
    flow_path_recall *ask;
    void *context;
};

/* Of one shard, under its lock. */
struct path_notes {
    struct path_note *all; /* owned */
    uint32_t gone;         /* the first that ended; FLOW_NONE */
    uint8_t shard;
    const struct path_taker *taker; /* the book's */
};

/* ---- of the engine ---- */

struct path_book {
    pthread_mutex_t reader;                  /* of who takes events out, of what follows */
    struct sizes sizes;                      /* of the settings in force, */
    bool reads_quic;                         /* likewise */
    uint64_t generation;                     /* of these settings */
    uint64_t slow[(FLOW_NO_RULE + 63) / 64]; /* likewise, as settings have it */
    unsigned next;                           /* ring that is read next */
    pthread_mutex_t lock; /* of what threads that are no workers put into `ring`, and of new names */
    struct path_ring ring;
    atomic_bool resync;
    struct path_taker taker;
    struct path_recall recall;
    atomic_uint name_count;
    char names[PATH_NAMES_MAX][FLOW_PATH_INTERFACE_MAX];
    struct path_notes *notes; /* owned; one a shard */
    unsigned shard_count;
};

/* What the reader needs of the settings in force. With `reader` held. */
void paths_take_settings(struct engine *engine);

/* What a worker notes before it unlocks a shard. */
struct path_pending {
    unsigned count;
    struct path_entry entries[PATH_TAKE + 1];
};

/* Makes engine->paths; false when memory is short. The shards exist. */
bool paths_start(struct engine *engine);
void paths_end(struct engine *engine);

/* The worker's ring. What it still holds when it ends is lost, and the reader is told so. */
bool paths_worker_start(struct engine_worker *worker);
void paths_worker_end(struct engine_worker *worker);

/* Every path may have changed. */
void paths_resync(struct engine *engine);

/* ---- notes; with the shard locked ---- */

/* The packet of `w` is decided; ends and what changed are noted in `out`. */
void paths_look(struct walk *w, bool passed, struct path_pending *out);

/* Its path is told, over the interfaces of `path`. False: it cannot be now. */
bool paths_note_adopted(struct engine *engine, struct shard *shard, const struct flow *flow,
                        const struct flow_path *path);

/* Nobody forwards the flow any more: its next packet tells its path again. */
void paths_forget(struct shard *shard, const struct flow *flow);

/* The flow ends: nobody forwards its packets any more, and what was forwarded is added to it. */
void paths_flow_over(struct shard *shard, struct flow *flow);

/* Adds what was counted. */
void paths_add(struct shard *shard, struct flow *flow, const struct flow_path_figures *figures);

/* ---- with no shard locked ---- */

void paths_push(struct engine_worker *worker, const struct path_pending *pending);

/* Tells of all flows of the shard that ended; `worker` is NULL for other threads. */
void paths_flush(struct engine *engine, struct engine_worker *worker, struct shard *shard);

/* ---- a path ---- */

/* What each packet with the endpoints `wire` becomes, from inside (`external` is not NULL) or from outside.
 */
static inline struct nat_rewrite path_rewrite(const struct qw_tuple *wire, const struct qw_endpoint *external,
                                              const struct qw_endpoint *inside)
{
    return nat_rewrite_of(wire, external, inside);
}

/* May the flow have a path now? `slow` as settings have it. With the shard locked. */
bool path_eligible(const struct engine *engine, const struct shard *shard, const struct flow *flow,
                   const uint64_t *slow);

/* The path of a flow that may have one. With the shard locked. */
struct flow_path path_make(struct engine *engine, const struct shard *shard, const struct flow *flow,
                           const struct path_note *note, const struct sizes *sizes);

/* The END of what `entry` tells. */
struct flow_path path_over(const struct path_entry *entry);

#endif
