#include "fast_queues.h"
#include <poll.h>
#include <quicward/io.h>

void fast_queues_start(struct fast_queues *queues, uint64_t length)
{
    queues->length = length;
    for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++) {
        atomic_init(&queues->all[i].fd, -1);
        atomic_init(&queues->all[i].busy, false);
        atomic_init(&queues->all[i].empty_ns, 0);
        atomic_init(&queues->all[i].taken, 0);
        queues->all[i].mark = queues->all[i].marked_ns = 0;
    }
}

/* What had come before the look and is not in the socket was taken by the worker before, while it was busy:
 * it is no longer busy only when all of that has its verdict. */
static void note_empty(struct fast_queue *queue, const struct pollfd *seen, uint64_t looked_ns)
{
    if (!(seen->revents & POLLIN) && !atomic_load(&queue->busy))
        atomic_store(&queue->empty_ns, looked_ns);
}

/* At no time there are more packets in the kernel than its queue is long, those that the worker has at hand
 * among them, and they are taken in their order. */
static void note_taken(struct fast_queue *queue, uint64_t length, uint64_t looked_ns)
{
    uint64_t taken = atomic_load(&queue->taken);
    if (taken < queue->mark)
        return;
    if (queue->marked_ns > atomic_load(&queue->empty_ns))
        atomic_store(&queue->empty_ns, queue->marked_ns);
    queue->marked_ns = looked_ns;
    queue->mark = taken + length;
}

struct qw_time fast_queues_empty(struct fast_queues *queues)
{
    struct pollfd seen[CONFIG_WORKERS_MAX];
    struct qw_time looked = io_now(), empty = looked;
    for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++)
        seen[i] = (struct pollfd){.fd = atomic_load(&queues->all[i].fd), .events = POLLIN};
    bool done = poll(seen, CONFIG_WORKERS_MAX, 0) >= 0;
    for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++) {
        struct fast_queue *queue = &queues->all[i];
        if (seen[i].fd < 0)
            continue;
        if (done)
            note_empty(queue, &seen[i], looked.ns);
        note_taken(queue, queues->length, looked.ns);
        uint64_t empty_ns = atomic_load(&queue->empty_ns);
        if (empty_ns < empty.ns)
            empty.ns = empty_ns;
    }
    return empty;
}
