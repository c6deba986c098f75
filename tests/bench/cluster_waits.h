/* How long packets of known flows wait while another thread works on their router: a thread sends some at a
 * time. While packets count both threads go before whatever else the machine does (SCHED_FIFO), for the wait
 * is to be ours; a packet during which the thread was put aside all the same counts apart. */
#ifndef BENCH_CLUSTER_WAITS_H
#define BENCH_CLUSTER_WAITS_H

#include "cluster_router.h"

struct cluster_waits;

/* Packets of the router's first `flows` flows, both ways; `other` is the other thread. Nobody else uses its
 * worker until cluster_waits_end, which frees. */
struct cluster_waits *cluster_waits_begin(struct cluster_router *router, uint32_t flows, int other);
void cluster_waits_end(struct cluster_waits *waits);

/* From here on packets count as sample 0 or 1, or (-1) not at all, which must be so again after less than a
 * second: no thread may go before others for longer. */
void cluster_waits_count(struct cluster_waits *waits, int sample);

struct cluster_waited {
    uint64_t packets, put_aside;
    double middle_us, p999_us, longest_us; /* of those that were not put aside */
    double longest_aside_us;
};
struct cluster_waited cluster_waits_of(struct cluster_waits *waits, int sample);

/* Prints a row of it; with `target_us` not 0 the longest is held against that. */
void cluster_waited_show(const char *what, const struct cluster_waited *waited, double target_us);

#endif
