/* Until when nothing waits in any queue: for the hand-over to the fast path. */
#ifndef IO_FAST_QUEUES_H
#define IO_FAST_QUEUES_H

#include <quicward/base/time.h>
#include <quicward/config.h>
#include <stdatomic.h>

struct fast_queue {
    _Alignas(64) atomic_int fd;    /* of its socket; -1: not bound, and nothing waits */
    atomic_bool busy;              /* its worker may have packets without a verdict */
    atomic_uint_fast64_t empty_ns; /* all that had come before has left */
};

struct fast_queues {
    struct fast_queue all[CONFIG_WORKERS_MAX];
};

void fast_queues_start(struct fast_queues *queues);

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

/* It took none, and all its verdicts are sent. */
static inline void fast_queues_idle(struct fast_queues *queues, unsigned index)
{
    atomic_store(&queues->all[index].busy, false);
}

/* The latest moment of which is known that all packets that had come to a queue before have left it. A look,
 * one system call. Any thread. */
struct qw_time fast_queues_empty(struct fast_queues *queues);

#endif
