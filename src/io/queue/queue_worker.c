#include "queue_worker.h"
#include "fail.h"
#include "kernel_rules.h"
#include "queue_loop.h"
#include "queue_open.h"
#include <fcntl.h>
#include <quicward/base/thread.h>
#include <stdlib.h>
#include <string.h>

#define THREAD_NAME_MAX 16 /* TASK_COMM_LEN, NUL included */
#define CACHE_LINE 64

static void *thread_main(void *argument)
{
    struct queue_worker *worker = argument;
    queue_loop(worker);
    return NULL;
}

static int start_thread(struct queue_worker *worker)
{
    char name[THREAD_NAME_MAX];
    int problem = qw_thread_start(&worker->thread, thread_main, worker);
    if (problem != 0)
        return problem;
    worker->running = true;
    snprintf(name, sizeof(name), "qw-queue-%u", worker->number);
    pthread_setname_np(worker->thread, name);
    return 0;
}

/* From one message's place to the next: an odd number of cache lines, so that the places begin in different
 * sets of the cache. In mode nat a place is 65 KiB, but what no packet reaches of it takes no memory. */
static size_t stride(size_t size)
{
    return ((size + VERDICT_TAIL + CACHE_LINE - 1) / CACHE_LINE | 1) * CACHE_LINE;
}

/* The engine holds hold.total packets at most, and a slot more is there for the packet that comes while they
 * wait. */
static bool open_stash(struct queue_worker *worker)
{
    if (worker->config->mode != CONFIG_NAT)
        return true;
    worker->verdicts.stash = &worker->stash;
    return stash_open(&worker->stash, worker->config->hold_total + 1);
}

static bool take_memory(struct queue_worker *worker, struct engine *engine)
{
    size_t size = queue_message_size(worker->config);
    worker->buffer = calloc(QUEUE_BATCH, stride(size));
    worker->engine = engine_worker_new(engine);
    worker->events = engine;
    if (!worker->buffer || !worker->engine || !open_stash(worker))
        return false;
    for (unsigned i = 0; i < QUEUE_BATCH; i++) {
        worker->pieces[i] = (struct iovec){worker->buffer + i * stride(size), size};
        worker->messages[i].msg_hdr = (struct msghdr){.msg_iov = &worker->pieces[i], .msg_iovlen = 1};
    }
    return true;
}

/* The kernel's figures of an earlier process are not counted again. */
static void skip_counted(struct queue_worker *worker, uint32_t last_id)
{
    struct queue_line line;
    worker->last_id = last_id;
    atomic_store_explicit(&worker->seen_id, last_id, memory_order_relaxed);
    if (!queue_stats_find(worker->number, &line))
        return;
    worker->queue_dropped.last = line.queue_dropped;
    worker->user_dropped.last = line.user_dropped;
}

static enum qw_error open_queue(struct queue_worker *worker, struct io_error *error)
{
    if (!worker->handed)
        return queue_socket_open(&worker->socket, worker->number, worker->config, error);
    int fd = worker->handed->fd;
    worker->handed->fd = -1;
    skip_counted(worker, worker->handed->last_id);
    return queue_socket_take(&worker->socket, fd, worker->number, worker->config, error);
}

enum qw_error queue_worker_start(struct queue_worker *worker, uint16_t number, struct engine *engine,
                                 const struct config *config, struct queue_stop *stop, struct io_error *error)
{
    worker->number = number;
    worker->config = config;
    worker->stop = stop;
    worker->socket.fd = -1;
    worker->replies = (struct raw_sender){-1, -1};
    worker->checked = io_now();
    pthread_mutex_init(&worker->lock, NULL);
    interfaces_start(&worker->incoming, &config->inside, worker->links);
    interfaces_start(&worker->outgoing, &config->inside, worker->links);
    if (!take_memory(worker, engine))
        return io_fail(error, QW_ERR_NO_MEMORY, "queue %u: no memory for its worker", number);
    verdicts_start(&worker->verdicts, number);
    lanes_start(&worker->lanes, config->queue_length, QUEUE_BATCH);
    enum qw_error status = open_queue(worker, error);
    if (status == QW_OK)
        status = raw_sender_open(&worker->replies, error);
    if (status != QW_OK)
        return status;
    worker->portid = worker->socket.portid;
    fast_queues_bound(&worker->fast_path->queues, worker->index, worker->socket.fd);
    stand_in_give(worker->stand_in, worker->index, number, worker->socket.fd);
    int problem = start_thread(worker);
    if (problem != 0)
        return io_fail(error, QW_ERR_SYSTEM, "queue %u: no thread: %s", number, strerror(problem));
    return QW_OK;
}

static void join(struct queue_worker *worker)
{
    if (worker->running)
        pthread_join(worker->thread, NULL);
    worker->running = false;
}

static void release_rest(struct queue_worker *worker)
{
    queue_socket_close(&worker->socket);
    raw_sender_close(&worker->replies);
    if (worker->engine)
        engine_worker_free(worker->engine);
    stash_close(&worker->stash);
    free(worker->buffer);
    pthread_mutex_destroy(&worker->lock);
}

void queue_worker_end(struct queue_worker *worker)
{
    join(worker);
    if (worker->socket.nl)
        queue_unbind(worker->socket.fd, worker->number);
    release_rest(worker);
}

bool queue_worker_release(struct queue_worker *worker, struct io_handed *out)
{
    join(worker);
    *out = (struct io_handed){.number = worker->number, .last_id = worker->last_id, .fd = -1};
    if (worker->socket.nl && !worker->lost)
        out->fd = fcntl(worker->socket.fd, F_DUPFD_CLOEXEC, 0);
    release_rest(worker);
    return out->fd >= 0;
}

/* The worker counts what it missed when the next packet comes. When none waits, all that the kernel has
 * numbered since the last one passed unseen. */
static void add_last_unseen(struct queue_worker *worker, const struct queue_line *line,
                            struct io_queue_stats *out)
{
    bool ours = line->portid == worker->portid && line->portid != 0;
    uint32_t missed = line->last_id - (uint32_t)atomic_load_explicit(&worker->seen_id, memory_order_relaxed);
    if (rules_pass(worker->config) && ours && line->waiting == 0 && missed <= INT32_MAX)
        out->counters.unseen += missed;
}

/* Takes over the kernel's figures; leaves them as they were when the queue is not ours at the moment. */
static void ask_kernel(struct queue_worker *worker, struct io_queue_stats *out)
{
    struct queue_line line = {0};
    pthread_mutex_lock(&worker->lock); /* before the reading: a counter must not be followed backwards */
    if (queue_stats_find(worker->number, &line) && line.portid == worker->portid) {
        out->counters.waiting = line.waiting;
        queue_counter_follow(&worker->queue_dropped, line.queue_dropped);
        queue_counter_follow(&worker->user_dropped, line.user_dropped);
    }
    add_last_unseen(worker, &line, out);
    out->counters.queue_dropped = worker->queue_dropped.total;
    out->counters.user_dropped = worker->user_dropped.total;
    pthread_mutex_unlock(&worker->lock);
}

void queue_worker_stats(struct queue_worker *worker, struct io_queue_stats *out)
{
    *out = (struct io_queue_stats){.number = worker->number};
    for (unsigned i = 0; i < QW_QUEUE_COUNTERS_END; i++)
        out->counters.all[i] = atomic_load_explicit(&worker->counts[i], memory_order_relaxed);
    ask_kernel(worker, out);
}
