#include "queue_judge.h"
#include "packet_message.h"
#include <errno.h>

/* A verdict that did not reach the kernel must not be covered by a later batch: binding again flushes the
 * queue. */
static void send_verdicts(struct queue_worker *worker)
{
    struct verdicts *verdicts = &worker->verdicts;
    verdicts_finish(verdicts);
    while (verdicts->len > 0 && !worker->lost &&
           send(worker->socket.fd, verdicts->messages, verdicts->len, 0) < 0)
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

static void give_verdict(struct queue_worker *worker, enum engine_action action, uint32_t id)
{
    make_room(worker);
    if (action == ENGINE_ACCEPT)
        verdicts_accept(&worker->verdicts, id);
    else if (action == ENGINE_DROP)
        verdicts_drop(&worker->verdicts, id);
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
    struct engine_verdict verdict;
    const struct interface *in = interfaces_find(&worker->incoming, message->indev, now);
    const struct interface *out = interfaces_find(&worker->outgoing, message->outdev, now);
    const struct engine_packet packet = {
        .data = message->data,
        .captured = message->captured,
        .wire_len = message->wire_len,
        .from = in->side,
        .from_interface = interface_name(in),
        .to_interface = interface_name(out),
        .token = verdicts_token(&worker->verdicts, message->id),
    };
    engine_handle(worker->engine, &packet, now, &verdict);
    release_held(worker);
    give_verdict(worker, verdict.action, message->id);
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

void queue_judge(struct queue_worker *worker, unsigned count, struct qw_time now)
{
    uint64_t packets = 0;
    for (unsigned i = 0; i < count; i++) {
        struct packet_message message;
        packet_message_read(worker->pieces[i].iov_base, worker->messages[i].msg_len, &message);
        if (message.kind == PACKET_MESSAGE_ERROR)
            handle_error(worker, message.error);
        if (message.kind != PACKET_MESSAGE_PACKET)
            continue;
        handle_packet(worker, &message, now);
        packets++;
    }
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
