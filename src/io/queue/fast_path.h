/* Hands judged flows to the kernel's program (quicward/offload.h), and takes them back.
 *
 * A packet that waits in a queue must not be overtaken by a later one of its flow. Entries are put at any
 * time, but forward nothing until no packet of their direction waits (offload_open): workers say when their
 * queues are empty. When a flow ends its entries go first (engine_paths_taker), so that nobody else gets its
 * port before. */
#ifndef IO_FAST_PATH_H
#define IO_FAST_PATH_H

#include "fast_drops.h"
#include "fast_limits.h"
#include "fast_links.h"
#include "fast_pins.h"
#include "fast_queues.h"
#include "side_thread.h"
#include <quicward/engine.h>
#include <quicward/offload.h>
#include <stdatomic.h>

struct mnl_socket;

/* All zero: there is none, and the calls do nothing. */
struct fast_path {
    struct engine *engine; /* borrowed */
    const struct config *config;
    struct side_thread thread; /* timers, the dead man's switch, next hops */
    struct mnl_socket *news;   /* owned; of routes, addresses, neighbours and interfaces; NULL: none */
    struct fast_queues queues;
    atomic_bool open;
    pthread_mutex_t lock; /* of who tells of paths, and of: */
    struct offload *offload;
    struct fast_drops drops;
    struct fast_limits limits;
    pthread_mutex_t ends;       /* held beside the engine's locks, of: */
    struct offload *taker;      /* the same, as long as flows that end are taken */
    atomic_uint_fast64_t taken; /* when events were last taken */
    atomic_bool resync;         /* all paths are to be listed */
    uint32_t changes;           /* of offload_stats, as last seen */
    uint64_t alive_ns;          /* that the program works on without this process */
    pthread_mutex_t linking;    /* of: */
    struct fast_links links;
};

/* When config->offload is off, only removes what earlier daemons left in `pins` (NULL: nothing outlives a
 * daemon; borrowed until fast_path_close). What fails is logged: flows pass the queue then. Before any
 * worker. */
void fast_path_start(struct fast_path *fast_path, struct engine *engine, const struct config *config,
                     struct offload_pins *pins);

/* Packets come by the queues again, unless it `stays` for the next process. Workers may still run. */
void fast_path_close(struct fast_path *fast_path, bool stays);

/* Frees; no worker runs. */
void fast_path_end(struct fast_path *fast_path);

/* Worker `index` is about to receive. */
static inline void fast_path_receive(struct fast_path *fast_path, unsigned index)
{
    if (atomic_load_explicit(&fast_path->open, memory_order_relaxed))
        fast_queues_busy(&fast_path->queues, index);
}

/* It has judged so many packets, and their verdicts are sent. */
static inline void fast_path_took(struct fast_path *fast_path, unsigned index, unsigned packets)
{
    if (atomic_load_explicit(&fast_path->open, memory_order_relaxed))
        fast_queues_took(&fast_path->queues, index, packets);
}

/* It received nothing, and all its verdicts are sent. True: flows wait for such moments, so do not sleep for
 * long. */
bool fast_path_empty(struct fast_path *fast_path, unsigned index, struct qw_time now);

/* It has judged packets. */
void fast_path_late(struct fast_path *fast_path, struct qw_time now);

/* What the program counted up to now is added to the flows. O(flows that go fast). Any thread. */
void fast_path_harvest(struct fast_path *fast_path);

struct io_offload;
void fast_path_report(struct fast_path *fast_path, struct io_offload *out);
bool fast_path_has(struct fast_path *fast_path, uint64_t id);

#endif
