/* Until when all packets have left the queues: for the hand-over to the fast path. A queue that is empty
 * tells it at once. One that never is tells it once its worker has taken as many packets as fit into it. */
#ifndef IO_FAST_QUEUES_H
#define IO_FAST_QUEUES_H

#include <quicward/base/time.h>
#include <quicward/config.h>
#include <stdatomic.h>

struct fast_queue {
    _Alignas(64) atomic_int fd;    /* of its socket; -1: not bound, and nothing waits */
    atomic_bool busy;              /* its worker may have packets without a verdict */
    atomic_uint_fast64_t empty_ns; /* all that had come before has left */
    atomic_uint_fast64_t taken;    /* packets with a verdict, or held */
    /* Of fast_queues_empty. What had come before `marked_ns` is gone when `taken` is `mark`. */
    uint64_t marked_ns, mark;
};

struct fast_queues {
    struct fast_queue all[CONFIG_WORKERS_MAX];
    uint64_t length; /* of each: more packets are never in one */
};

void fast_queues_start(struct fast_queues *queues, uint64_t length);

/* The worker's socket; -1: none for now. */
static inline void fast_queues_bound(struct fast_queues *queues, unsigned index, int fd)
{
    atomic_store(&queues->all[index].fd, fd);
}

/* Before the worker takes packets out of its socket: from then on they are seen neither there nor behind it.
 */
static inline void fast_queues_busy(struct fast_queues *queues, unsigned index)
{
    if (!atomic_load_explicit(&queues->all[index].busy, memory_order_relaxed))
        atomic_store(&queues->all[index].busy, true);
}

/* It took so many, and their verdicts are sent, but for those that are held. */
static inline void fast_queues_took(struct fast_queues *queues, unsigned index, unsigned packets)
{
    atomic_fetch_add(&queues->all[index].taken, packets);
}

/* It took none, and all its verdicts are sent. */
static inline void fast_queues_idle(struct fast_queues *queues, unsigned index)
{
    atomic_store(&queues->all[index].busy, false);
}

/* The latest moment of which is known that all packets that had come to a queue before have left it. A look,
 * one system call. One thread at a time. */
struct qw_time fast_queues_empty(struct fast_queues *queues);

#endif
