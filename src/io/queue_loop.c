#include "queue_loop.h"
#include "packet_message.h"
#include <errno.h>
#include <poll.h>
#include <quicward/base/log.h>

/* Flows ended between two batches: few enough that packets wait for well under a millisecond. */
#define TICK_BUSY 64

#define TICK_IDLE 1024            /* flows ended at once when no packet waits */
#define SLEEP_MS 100              /* longest sleep: expiry is late by that at most */
#define CHECK_NS QW_NS_PER_SECOND /* between looks whether a silent queue is still ours */
#define RETRY_NS QW_NS_PER_SECOND /* between two attempts to bind again */

static void handle_packet(struct queue_worker *worker, const struct packet_message *message,
                          struct qw_time now)
{
    struct engine_verdict verdict;
    const struct engine_packet packet = {
        .data = message->data,
        .captured = message->captured,
        .wire_len = message->wire_len,
        .from = interfaces_side(&worker->interfaces, message->indev, now),
    };
    engine_handle(worker->engine, &packet, now, &verdict);
    if (verdict.action == ENGINE_ACCEPT)
        verdicts_accept(&worker->verdicts, message->id);
    else
        verdicts_drop(&worker->verdicts, message->id);
}

/* An answer to a verdict. ENOENT: the packet went before it, as when its interface vanished. Another error
 * means that the queue is no longer there or no longer ours. */
static void handle_error(struct queue_worker *worker, int error)
{
    if (error != 0 && error != ENOENT)
        worker->lost = true;
}

/* A verdict that did not reach the kernel must not be covered by a later batch: binding again flushes the
 * queue. */
static void send_verdicts(struct queue_worker *worker)
{
    ssize_t sent;
    verdicts_finish(&worker->verdicts);
    if (worker->verdicts.len == 0)
        return;
    do
        sent = send(worker->socket.fd, worker->verdicts.messages, worker->verdicts.len, 0);
    while (sent < 0 && errno == EINTR);
    if (sent < 0)
        worker->lost = true;
}

static void handle_batch(struct queue_worker *worker, unsigned count, struct qw_time now)
{
    verdicts_start(&worker->verdicts, worker->number);
    for (unsigned i = 0; i < count; i++) {
        struct packet_message message;
        packet_message_read(worker->pieces[i].iov_base, worker->messages[i].msg_len, &message);
        if (message.kind == PACKET_MESSAGE_PACKET)
            handle_packet(worker, &message, now);
        else if (message.kind == PACKET_MESSAGE_ERROR)
            handle_error(worker, message.error);
    }
    send_verdicts(worker);
    atomic_fetch_add_explicit(&worker->packets, worker->verdicts.count, memory_order_relaxed);
}

/* Takes what waits, at most a batch; 0 when nothing does. */
static unsigned receive(struct queue_worker *worker)
{
    if (!worker->socket.nl)
        return 0;
    int got = recvmmsg(worker->socket.fd, worker->messages, VERDICTS_MAX, MSG_DONTWAIT, NULL);
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

/* poll ignores the queue's descriptor while it is -1. */
static void sleep_until_packet(struct queue_worker *worker)
{
    struct pollfd ready[] = {{.fd = worker->socket.fd, .events = POLLIN},
                             {.fd = worker->stop->fd, .events = POLLIN}};
    poll(ready, 2, SLEEP_MS);
}

/* Closing a lost queue first makes sure that no verdict goes to packets nobody judged. */
static void keep_bound(struct queue_worker *worker, struct qw_time now)
{
    if (!worker->lost)
        check_queue(worker, now);
    if (worker->lost)
        queue_socket_close(&worker->socket);
    worker->lost = false;
    if (!worker->socket.nl && qw_time_since(now, worker->bind_tried) >= RETRY_NS)
        bind_again(worker, now);
}

static void idle(struct queue_worker *worker, struct qw_time now)
{
    keep_bound(worker, now);
    if (engine_tick(worker->engine, now, TICK_IDLE) < TICK_IDLE)
        sleep_until_packet(worker);
}

/* What came before the end is still judged; not more than a full queue, so that a flood does not hold up
 * the end. */
static void drain(struct queue_worker *worker)
{
    unsigned got = VERDICTS_MAX;
    for (uint32_t done = 0; got > 0 && !worker->lost && done < worker->config->queue_length; done += got) {
        got = receive(worker);
        handle_batch(worker, got, io_now());
    }
}

void queue_loop(struct queue_worker *worker)
{
    while (!atomic_load_explicit(&worker->stop->asked, memory_order_relaxed)) {
        unsigned got = receive(worker);
        struct qw_time now = io_now();
        if (got > 0) {
            handle_batch(worker, got, now);
            engine_tick(worker->engine, now, TICK_BUSY);
        }
        if (got == 0 || worker->lost)
            idle(worker, now);
        else
            worker->checked = now;
    }
    drain(worker);
}
