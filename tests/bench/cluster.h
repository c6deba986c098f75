/* The parts of bench_cluster. Each begins and ends with stores that are empty and to which nobody is
 * connected but this program. */
#ifndef BENCH_CLUSTER_H
#define BENCH_CLUSTER_H

#include "cluster_store.h"

#define CLUSTER_RATE 27000u /* changes a second, of a million flows */

struct cluster_stores {
    struct cluster_store own, copy; /* of router a: what it writes, and what router b reads of that */
    struct cluster_store other;     /* what router b writes */
};

/* What a change costs, how soon it is in the store, and what a Redis that hangs does: 250,000 flows. */
void cluster_writing(struct cluster_stores *stores);

/* A million flows: all of them written anew, and read by a router that stands by. */
void cluster_resync(struct cluster_stores *stores);

/* 250,000 flows go over to the other router. */
void cluster_takeover(struct cluster_stores *stores);

#endif
