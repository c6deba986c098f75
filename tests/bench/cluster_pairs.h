/* A router of the benchmarks with its peer's thread. */
#ifndef BENCH_CLUSTER_PAIRS_H
#define BENCH_CLUSTER_PAIRS_H

#include "cluster_router.h"
#include "cluster_store.h"
#include <quicward/peer.h>

struct cluster_pair {
    struct cluster_router *router;
    struct peer_pair *peer;
    int thread;
};

#define CLUSTER_FLUSH_MS 10 /* the defaults of the configuration */
#define CLUSTER_REFRESH_S 30

/* `name`, which writes into `own`, beside `other`, of which `copy` is read ("": there is none). It stands by.
 */
void cluster_pair_start(struct cluster_pair *pair, struct cluster_router *router, const char *name,
                        const char *own, const char *other, const char *copy);
void cluster_pair_stop(struct cluster_pair *pair);

struct peer_stats cluster_pair_stats(const struct cluster_pair *pair);

/* Waits until `is_so` of its figures; ends the program, which says `what`, when that is not so for long. */
void cluster_pair_wait(const struct cluster_pair *pair, bool (*is_so)(const struct peer_stats *stats),
                       const char *what);
void cluster_pair_activate(const struct cluster_pair *pair);
void cluster_pair_wait_level(const struct cluster_pair *pair);

void cluster_sleep_ms(unsigned ms);

#endif
