#include "queue_loop.h"
#include "kernel_rules.h"
#include "queue_judge.h"
#include "queue_open.h"
#include <errno.h>
#include <poll.h>
#include <quicward/base/log.h>
#include <stdio.h>

/* Flows ended between two batches: few enough that packets wait for well under a millisecond. */
#define TICK_BUSY 64

#define TICK_IDLE 1024            /* flows ended at once when no packet waits */
#define SLEEP_MS 100              /* longest sleep: expiry is late by that at most */
#define SOON_MS 1                 /* while flows wait for an empty queue to go fast */
#define CHECK_NS QW_NS_PER_SECOND /* between looks whether a silent queue is still ours */
#define TELL_NS (10 * QW_NS_PER_SECOND)
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
        queue_count(worker, QW_QUEUE_COUNTER_overruns, 1);
    else if (errno != EAGAIN && errno != EINTR)
        worker->lost = true;
    return 0;
}

static void tell_lost(const struct queue_worker *worker, struct qw_time now)
{
    struct engine_event event = {.kind = ENGINE_EVENT_QUEUE_LOST, .time = now};
    snprintf(event.text, sizeof(event.text), "queue %u", worker->number);
    engine_tell(worker->events, &event);
}

static void bind_again(struct queue_worker *worker, struct qw_time now)
{
    struct io_error error;
    worker->bind_tried = now;
    if (queue_socket_open(&worker->socket, worker->number, worker->config, &error) != QW_OK) {
        if (!worker->complained)
            qw_log(QW_LOG_ERROR, "queue lost: %s; trying again every second", error.text);
        worker->complained = true;
        return;
    }
    worker->complained = false;
    worker->checked = now;
    fast_queues_bound(&worker->fast_path->queues, worker->index, worker->socket.fd);
    worker->last_id = 0;
    atomic_store_explicit(&worker->seen_id, 0, memory_order_relaxed);
    stand_in_give(worker->stand_in, worker->index, worker->number, worker->socket.fd);
    queue_count(worker, QW_QUEUE_COUNTER_rebinds, 1);
    pthread_mutex_lock(&worker->lock);
    worker->portid = worker->socket.portid;
    queue_counter_restart(&worker->queue_dropped);
    queue_counter_restart(&worker->user_dropped);
    pthread_mutex_unlock(&worker->lock);
    qw_log(QW_LOG_WARNING, "queue %u was lost and is bound again", worker->number);
    tell_lost(worker, now);
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

static int at_most_ms(int ms, int max_ms)
{
    return ms < max_ms ? ms : max_ms;
}

/* poll ignores the queue's descriptor while it is -1. */
static void sleep_until_packet(struct queue_worker *worker, struct qw_time now, int max_ms)
{
    struct pollfd ready[] = {{.fd = worker->socket.fd, .events = POLLIN},
                             {.fd = worker->stop->fd, .events = POLLIN}};
    poll(ready, 2, at_most_ms(queue_sleep_ms(now, engine_deadline(worker->engine)), max_ms));
}

/* First of all, so that no verdict goes to packets nobody judged. */
static void close_lost(struct queue_worker *worker)
{
    stand_in_take_back(worker->stand_in, worker->index);
    fast_queues_bound(&worker->fast_path->queues, worker->index, -1);
    if (worker->socket.nl)
        queue_unbind(worker->socket.fd, worker->number);
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

/* At most every ten seconds: a flood must not fill the log too. */
static void tell_unseen(struct queue_worker *worker, struct qw_time now)
{
    uint64_t unseen = atomic_load_explicit(&worker->counts[QW_QUEUE_COUNTER_unseen], memory_order_relaxed);
    if (unseen == worker->told_unseen ||
        (worker->told_unseen > 0 && qw_time_since(now, worker->told) < TELL_NS))
        return;
    qw_log(QW_LOG_WARNING, "queue %u: %llu packets passed unseen, because it was full or its worker hung",
           worker->number, (unsigned long long)(unseen - worker->told_unseen));
    worker->told_unseen = unseen;
    worker->told = now;
}

/* An event a second at most, and a line in the log when it begins. */
static void tell_newcomers(struct queue_worker *worker, struct qw_time now)
{
    struct told_newcomers *told = &worker->newcomers;
    uint64_t dropped =
        atomic_load_explicit(&worker->counts[QW_QUEUE_COUNTER_newcomers_dropped], memory_order_relaxed);
    if (told->count > 0 && qw_time_since(now, told->time) < QW_NS_PER_SECOND)
        return;
    if (dropped == told->count) {
        told->logged = false;
        return;
    }
    struct engine_event event = {
        .kind = ENGINE_EVENT_NEWCOMERS_DROPPED, .time = now, .count = dropped - told->count};
    snprintf(event.text, sizeof(event.text), "queue %u", worker->number);
    engine_tell(worker->events, &event);
    if (!told->logged)
        qw_log(
            QW_LOG_WARNING,
            "queue %u: first packets of flows are dropped unjudged, because more arrive than can be judged",
            worker->number);
    *told = (struct told_newcomers){now, dropped, true};
}

static void idle(struct queue_worker *worker, struct qw_time now)
{
    bool soon = fast_path_empty(worker->fast_path, worker->index, now);
    keep_bound(worker, now);
    tell_unseen(worker, now);
    if (queue_tick(worker, now, TICK_IDLE) < TICK_IDLE)
        sleep_until_packet(worker, now, soon ? SOON_MS : SLEEP_MS);
}

/* What came before the end is still judged; not more than a full queue, so that a flood does not hold up
 * the end. What waits for the next process stays. What is held then has waited long enough. Where packets may
 * pass, all new ones do from here on, so that closing the queue drops none. */
static void drain(struct queue_worker *worker)
{
    unsigned got = QUEUE_BATCH;
    bool open = rules_pass(worker->config);
    if (atomic_load_explicit(&worker->stop->handing_over, memory_order_relaxed))
        got = 0;
    else if (open && worker->socket.nl)
        queue_shut(worker->socket.fd, worker->number);
    for (uint32_t done = 0; got > 0 && !worker->lost && (open || done < worker->config->queue_length);
         done += got) {
        got = receive(worker);
        queue_judge(worker, got, io_now());
    }
    queue_decide_held(worker, io_now());
}

void queue_loop(struct queue_worker *worker)
{
    while (!atomic_load_explicit(&worker->stop->asked, memory_order_relaxed)) {
        queue_turn(worker);
        stand_in_beat(worker->stand_in, worker->index);
        fast_path_receive(worker->fast_path, worker->index);
        unsigned got = receive(worker);
        struct qw_time now = io_now();
        if (got > 0) {
            fast_path_took(worker->fast_path, worker->index, queue_judge(worker, got, now));
            fast_path_late(worker->fast_path, now);
            queue_tick(worker, now, TICK_BUSY);
        }
        tell_newcomers(worker, now);
        if (got == 0 || worker->lost)
            idle(worker, now);
        else
            worker->checked = now;
    }
    drain(worker);
}
