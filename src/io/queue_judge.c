#include "queue_judge.h"
#include "packet_message.h"
#include "queue_packet.h"
#include <assert.h>
#include <errno.h>

/* A verdict that did not reach the kernel must not be covered by a later batch: binding again flushes the
 * queue. */
static void send_verdicts(struct queue_worker *worker)
{
    struct verdicts *verdicts = &worker->verdicts;
    verdicts_finish(verdicts);
    const struct msghdr message = {.msg_iov = verdicts->pieces, .msg_iovlen = verdicts->count};
    while (verdicts->count > 0 && !worker->lost && sendmsg(worker->socket.fd, &message, 0) < 0)
        worker->lost = errno != EINTR;
    verdicts_clear(verdicts);
}

static void make_room(struct queue_worker *worker)
{
    if (verdicts_full(&worker->verdicts))
        send_verdicts(worker);
}

/* Those that the engine decided with its last call; before the packet of that call, which may be of the same
 * flow. */
static void release_held(struct queue_worker *worker)
{
    const struct engine_release *released;
    size_t count = engine_released(worker->engine, &released);
    for (size_t i = 0; i < count; i++) {
        make_room(worker);
        verdicts_release(&worker->verdicts, released[i].token, released[i].action == ENGINE_ACCEPT);
    }
}

/* The engine changes only what is writable. */
static void give_changed(struct queue_worker *worker, const struct packet_message *message,
                         const struct engine_packet *packet, enum engine_action action)
{
    assert(packet->writable);
    if (action == ENGINE_ACCEPT)
        verdicts_accept_changed(&worker->verdicts, message->id, packet->writable, packet->captured);
    else if (!verdicts_hold_changed(&worker->verdicts, packet->token, packet->writable, packet->captured))
        worker->lost = true;
}

static void give_verdict(struct queue_worker *worker, const struct packet_message *message,
                         const struct engine_packet *packet, const struct engine_verdict *verdict)
{
    make_room(worker);
    if (verdict->action == ENGINE_DROP)
        verdicts_drop(&worker->verdicts, message->id);
    else if (verdict->translated)
        give_changed(worker, message, packet, verdict->action);
    else if (verdict->action == ENGINE_ACCEPT)
        verdicts_accept(&worker->verdicts, message->id);
    else
        verdicts_hold(&worker->verdicts);
}

static void send_reply(struct queue_worker *worker, const struct icmp_message *reply, uint32_t indev)
{
    if (!raw_sender_send(&worker->replies, reply, indev))
        atomic_fetch_add_explicit(&worker->replies_failed, 1, memory_order_relaxed);
}

static void handle_packet(struct queue_worker *worker, const struct packet_message *message,
                          struct qw_time now)
{
    struct engine_packet packet;
    struct engine_verdict verdict;
    make_room(worker);
    queue_packet(worker, message, now, &packet);
    engine_handle(worker->engine, &packet, now, &verdict);
    release_held(worker);
    give_verdict(worker, message, &packet, &verdict);
    if (verdict.reply)
        send_reply(worker, verdict.reply, message->indev);
}

/* An answer to a verdict. ENOENT: the packet went before it, as when its interface vanished. Another error
 * means that the queue is no longer there or no longer ours. */
static void handle_error(struct queue_worker *worker, int error)
{
    if (error != 0 && error != ENOENT)
        worker->lost = true;
}

/* The packets among `count` messages, in worker->batch; returns how many. */
static unsigned read_batch(struct queue_worker *worker, unsigned count)
{
    unsigned packets = 0;
    for (unsigned i = 0; i < count; i++) {
        struct packet_message *message = &worker->batch[packets];
        packet_message_read(worker->pieces[i].iov_base, worker->messages[i].msg_len, message);
        if (message->kind == PACKET_MESSAGE_ERROR)
            handle_error(worker, message->error);
        if (message->kind == PACKET_MESSAGE_PACKET)
            packets++;
    }
    return packets;
}

static void expect(struct queue_worker *worker, unsigned packets, struct qw_time now)
{
    struct engine_packet ahead[QUEUE_BATCH];
    for (unsigned i = 0; i < packets; i++)
        queue_packet_ahead(worker, &worker->batch[i], now, &ahead[i]);
    engine_expect(worker->engine, ahead, packets);
}

void queue_judge(struct queue_worker *worker, unsigned count, struct qw_time now)
{
    unsigned packets = read_batch(worker, count);
    expect(worker, packets, now);
    for (unsigned i = 0; i < packets; i++)
        handle_packet(worker, &worker->batch[i], now);
    send_verdicts(worker);
    atomic_fetch_add_explicit(&worker->packets, packets, memory_order_relaxed);
}

unsigned queue_tick(struct queue_worker *worker, struct qw_time now, unsigned budget)
{
    unsigned ended = engine_tick(worker->engine, now, budget);
    release_held(worker);
    send_verdicts(worker);
    return ended;
}

/* Flow by flow or all at once, as the engine likes; never without an end. */
void queue_decide_held(struct queue_worker *worker, struct qw_time now)
{
    size_t before = SIZE_MAX;
    for (size_t held; (held = engine_held(worker->engine)) > 0 && held < before; before = held) {
        struct qw_time deadline = engine_deadline(worker->engine);
        if (deadline.ns > now.ns)
            now = deadline;
        queue_tick(worker, now, 0);
    }
}
