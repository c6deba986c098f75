#include "queue_judge.h"
#include "kernel_rules.h"
#include "packet_message.h"
#include "queue_packet.h"
#include <assert.h>
#include <errno.h>
#include <time.h>

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
    else if (verdict->mark)
        verdicts_accept_marked(&worker->verdicts, message->id, queue_packet_mark(message, verdict->mark));
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
        queue_count(worker, QW_QUEUE_COUNTER_replies_failed, 1);
}

static void handle_packet(struct queue_worker *worker, const struct packet_message *message,
                          struct qw_time now)
{
    struct engine_packet packet;
    struct engine_verdict verdict;
    make_room(worker);
    queue_packet(worker, message, &packet);
    engine_handle(worker->engine, &packet, now, &verdict);
    release_held(worker);
    give_verdict(worker, message, &packet, &verdict);
    if (verdict.reply)
        send_reply(worker, verdict.reply, message->indev);
}

/* A newcomer's turn is measured: what it costs depends on what it carries. */
static void handle_newcomer(struct queue_worker *worker, const struct packet_message *message,
                            enum engine_lane lane, uint64_t source, struct qw_time now)
{
    if (!lanes_admit(&worker->lanes, lane, source)) {
        make_room(worker);
        verdicts_drop(&worker->verdicts, message->id);
        engine_pass_over(worker->engine);
        queue_count(worker, QW_QUEUE_COUNTER_newcomers_dropped, 1);
        return;
    }
    struct qw_time began = io_now();
    handle_packet(worker, message, now);
    lanes_spend(&worker->lanes, lane, source, qw_time_since(io_now(), began));
}

static void handle_pressed(struct queue_worker *worker, unsigned index, struct qw_time now)
{
    const struct packet_message *message = &worker->batch[index];
    uint64_t source;
    if (queue_packet_looks(worker, message)) { /* it costs little, and takes its turn when it comes again */
        handle_packet(worker, message, now);
        return;
    }
    enum engine_lane lane =
        engine_lane_of(worker->engine, index, queue_packet_inside(worker, message), now, &source);
    if (lane == ENGINE_LANE_KNOWN)
        handle_packet(worker, message, now);
    else
        handle_newcomer(worker, message, lane, source, now);
}

/* An answer to a verdict. ENOENT: the packet went before it, as when its interface vanished. Another error
 * means that the queue is no longer there or no longer ours. */
static void handle_error(struct queue_worker *worker, int error)
{
    if (error != 0 && error != ENOENT)
        worker->lost = true;
}

/* The kernel numbers packets without gaps. What is missing passed at once, for want of room, or by the
 * stand_in.
 */
static void note_id(struct queue_worker *worker, uint32_t id)
{
    uint32_t missed = id - worker->last_id - 1;
    if (missed > 0 && rules_pass(worker->config))
        queue_count(worker, QW_QUEUE_COUNTER_unseen, missed);
    worker->last_id = id;
    atomic_store_explicit(&worker->seen_id, id, memory_order_relaxed);
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
        if (message->kind == PACKET_MESSAGE_PACKET) {
            note_id(worker, message->id);
            packets++;
        }
    }
    return packets;
}

static void expect(struct queue_worker *worker, unsigned packets)
{
    struct engine_packet ahead[QUEUE_BATCH];
    for (unsigned i = 0; i < packets; i++)
        queue_packet_ahead(worker, &worker->batch[i], &ahead[i]);
    engine_expect(worker->engine, ahead, packets);
}

/* By this thread: a busy machine gives it less than the clock says. */
static struct qw_time worked(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (struct qw_time){(uint64_t)time.tv_sec * QW_NS_PER_SECOND + (uint64_t)time.tv_nsec};
}

unsigned queue_judge(struct queue_worker *worker, unsigned count, struct qw_time now)
{
    unsigned packets = read_batch(worker, count);
    expect(worker, packets);
    lanes_batch(&worker->lanes, count == QUEUE_BATCH);
    /* Where packets may pass unseen, nothing is dropped for want of time. */
    bool pressed = lanes_pressed(&worker->lanes) && !rules_pass(worker->config);
    if (pressed)
        lanes_turn(&worker->lanes, worked());
    for (unsigned i = 0; i < packets; i++)
        if (pressed)
            handle_pressed(worker, i, now);
        else
            handle_packet(worker, &worker->batch[i], now);
    send_verdicts(worker);
    queue_count(worker, QW_QUEUE_COUNTER_packets, packets);
    return packets;
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
