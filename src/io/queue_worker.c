#include "queue_worker.h"
#include "fail.h"
#include "queue_loop.h"
#include <signal.h>
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

/* Signals are the main thread's business. */
static int start_thread(struct queue_worker *worker)
{
    char name[THREAD_NAME_MAX];
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int problem = pthread_create(&worker->thread, NULL, thread_main, worker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
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
    if (!worker->buffer || !worker->engine || !open_stash(worker))
        return false;
    for (unsigned i = 0; i < QUEUE_BATCH; i++) {
        worker->pieces[i] = (struct iovec){worker->buffer + i * stride(size), size};
        worker->messages[i].msg_hdr = (struct msghdr){.msg_iov = &worker->pieces[i], .msg_iovlen = 1};
    }
    return true;
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
    interfaces_start(&worker->incoming, &config->inside);
    interfaces_start(&worker->outgoing, &config->inside);
    if (!take_memory(worker, engine))
        return io_fail(error, QW_ERR_NO_MEMORY, "queue %u: no memory for its worker", number);
    verdicts_start(&worker->verdicts, number);
    enum qw_error status = queue_socket_open(&worker->socket, number, config, error);
    if (status == QW_OK)
        status = raw_sender_open(&worker->replies, error);
    if (status != QW_OK)
        return status;
    worker->portid = worker->socket.portid;
    int problem = start_thread(worker);
    if (problem != 0)
        return io_fail(error, QW_ERR_SYSTEM, "queue %u: no thread: %s", number, strerror(problem));
    return QW_OK;
}

void queue_worker_end(struct queue_worker *worker)
{
    if (worker->running)
        pthread_join(worker->thread, NULL);
    queue_socket_close(&worker->socket);
    raw_sender_close(&worker->replies);
    if (worker->engine)
        engine_worker_free(worker->engine);
    stash_close(&worker->stash);
    free(worker->buffer);
    pthread_mutex_destroy(&worker->lock);
}

/* Takes over the kernel's figures; leaves them as they were when the queue is not ours at the moment. */
static void ask_kernel(struct queue_worker *worker, struct io_queue_stats *out)
{
    struct queue_line line;
    pthread_mutex_lock(&worker->lock); /* before the reading: a counter must not be followed backwards */
    if (queue_stats_find(worker->number, &line) && line.portid == worker->portid) {
        out->waiting = line.waiting;
        queue_counter_follow(&worker->queue_dropped, line.queue_dropped);
        queue_counter_follow(&worker->user_dropped, line.user_dropped);
    }
    out->queue_dropped = worker->queue_dropped.total;
    out->user_dropped = worker->user_dropped.total;
    pthread_mutex_unlock(&worker->lock);
}

void queue_worker_stats(struct queue_worker *worker, struct io_queue_stats *out)
{
    *out = (struct io_queue_stats){
        .number = worker->number,
        .overruns = atomic_load_explicit(&worker->overruns, memory_order_relaxed),
        .rebinds = atomic_load_explicit(&worker->rebinds, memory_order_relaxed),
        .packets = atomic_load_explicit(&worker->packets, memory_order_relaxed),
        .replies_failed = atomic_load_explicit(&worker->replies_failed, memory_order_relaxed),
    };
    ask_kernel(worker, out);
}
