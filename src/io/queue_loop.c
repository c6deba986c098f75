#include "queue_loop.h"
#include "queue_judge.h"
#include <errno.h>
#include <poll.h>
#include <quicward/base/log.h>

/* Flows ended between two batches: few enough that packets wait for well under a millisecond. */
#define TICK_BUSY 64

#define TICK_IDLE 1024            /* flows ended at once when no packet waits */
#define SLEEP_MS 100              /* longest sleep: expiry is late by that at most */
#define CHECK_NS QW_NS_PER_SECOND /* between looks whether a silent queue is still ours */
#define RETRY_NS QW_NS_PER_SECOND /* between two attempts to bind again */

/* Takes what waits, at most a batch; 0 when nothing does. */
static unsigned receive(struct queue_worker *worker)
{
    if (!worker->socket.nl)
        return 0;
    int got = recvmmsg(worker->socket.fd, worker->messages, QUEUE_BATCH, MSG_DONTWAIT, NULL);
    if (got >= 0)
        return (unsigned)got;
    if (errno == ENOBUFS)
        atomic_fetch_add_explicit(&worker->overruns, 1, memory_order_relaxed);
    else if (errno != EAGAIN && errno != EINTR)
        worker->lost = true;
    return 0;
}

static void bind_again(struct queue_worker *worker, struct qw_time now)
{
    struct io_error error;
    worker->bind_tried = now;
    if (queue_socket_open(&worker->socket, worker->number, worker->config, &error) != QW_OK) {
        if (!worker->complained)
            qw_log(QW_LOG_ERROR, "lost: %s; trying again every second", error.text);
        worker->complained = true;
        return;
    }
    worker->complained = false;
    worker->checked = now;
    atomic_fetch_add_explicit(&worker->rebinds, 1, memory_order_relaxed);
    pthread_mutex_lock(&worker->lock);
    worker->portid = worker->socket.portid;
    queue_counter_restart(&worker->queue_dropped);
    queue_counter_restart(&worker->user_dropped);
    pthread_mutex_unlock(&worker->lock);
    qw_log(QW_LOG_WARNING, "queue %u was lost and is bound again", worker->number);
}

/* A queue that is gone looks like one without traffic: so when none came, ask. */
static void check_queue(struct queue_worker *worker, struct qw_time now)
{
    struct queue_line line;
    if (!worker->socket.nl || qw_time_since(now, worker->checked) < CHECK_NS)
        return;
    worker->checked = now;
    if (!queue_stats_find(worker->number, &line) || line.portid != worker->socket.portid)
        worker->lost = true;
}

int queue_sleep_ms(struct qw_time now, struct qw_time deadline)
{
    uint64_t left = qw_time_since(deadline, now);
    if (left >= SLEEP_MS * QW_NS_PER_MS)
        return SLEEP_MS;
    return (int)((left + QW_NS_PER_MS - 1) / QW_NS_PER_MS);
}

/* poll ignores the queue's descriptor while it is -1. */
static void sleep_until_packet(struct queue_worker *worker, struct qw_time now)
{
    struct pollfd ready[] = {{.fd = worker->socket.fd, .events = POLLIN},
                             {.fd = worker->stop->fd, .events = POLLIN}};
    poll(ready, 2, queue_sleep_ms(now, engine_deadline(worker->engine)));
}

/* First of all, so that no verdict goes to packets nobody judged. */
static void close_lost(struct queue_worker *worker)
{
    queue_socket_close(&worker->socket);
    verdicts_start(&worker->verdicts, worker->number);
    worker->lost = false;
}

static void keep_bound(struct queue_worker *worker, struct qw_time now)
{
    if (!worker->lost)
        check_queue(worker, now);
    if (worker->lost)
        close_lost(worker);
    if (!worker->socket.nl && qw_time_since(now, worker->bind_tried) >= RETRY_NS)
        bind_again(worker, now);
}

static void idle(struct queue_worker *worker, struct qw_time now)
{
    keep_bound(worker, now);
    if (queue_tick(worker, now, TICK_IDLE) < TICK_IDLE)
        sleep_until_packet(worker, now);
}

/* What came before the end is still judged; not more than a full queue, so that a flood does not hold up
 * the end. What is held then has waited long enough. */
static void drain(struct queue_worker *worker)
{
    unsigned got = QUEUE_BATCH;
    for (uint32_t done = 0; got > 0 && !worker->lost && done < worker->config->queue_length; done += got) {
        got = receive(worker);
        queue_judge(worker, got, io_now());
    }
    queue_decide_held(worker, io_now());
}

void queue_loop(struct queue_worker *worker)
{
    while (!atomic_load_explicit(&worker->stop->asked, memory_order_relaxed)) {
        unsigned got = receive(worker);
        struct qw_time now = io_now();
        if (got > 0) {
            queue_judge(worker, got, now);
            queue_tick(worker, now, TICK_BUSY);
        }
        if (got == 0 || worker->lost)
            idle(worker, now);
        else
            worker->checked = now;
    }
    drain(worker);
}
