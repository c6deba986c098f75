/* RFC 9312 4.5: a flow is let through from its first packet on or not at all. Where a rule asks for the
 * ClientHello, the packets of an attempt wait until it is whole, then all leave in the order they came, or
 * none does. What is refused is the attempt, known by the connection ID of its first Initial; the 5-tuple
 * stays open to others, for anybody may have forged that packet. */
#include "ask.h"
#include <stdio.h>

static struct hello *hello_of(const struct walk *w)
{
    if (w->slot < 0 || w->flow->handshake == FLOW_NONE)
        return NULL;
    return &w->shard->scratch.all[w->flow->handshake].hellos[w->slot];
}

/* Another worker may hold packets of the attempt too, when the kernel spread them: each gives verdicts for
 * its own. */
static void tell_others(struct engine_worker *self)
{
    struct engine *engine = self->engine;
    pthread_mutex_lock(&engine->lock);
    for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++)
        if (engine->workers[i] && engine->workers[i] != self)
            atomic_store(&engine->workers[i]->look_again, true);
    pthread_mutex_unlock(&engine->lock);
}

static void release(struct engine_worker *worker, uint64_t flow_id, uint32_t serial, unsigned expected,
                    enum qw_reason reason)
{
    enum engine_action action = reason == QW_REASON_NONE ? ENGINE_ACCEPT : ENGINE_DROP;
    unsigned released = hold_release(&worker->hold, flow_id, serial, action);
    worker_count(worker, action == ENGINE_ACCEPT ? COUNT_ACCEPTED : COUNT_DROPPED, released);
    worker_count(worker, COUNT_REASONS + reason, released);
    if (released < expected)
        tell_others(worker);
}

/* The attempt may not pass: nor may what waits of it, nor what comes later. */
static void block(struct engine_worker *worker, uint64_t flow_id, struct hello *hello, enum qw_reason reason)
{
    hello->blocked = (uint8_t)reason;
    release(worker, flow_id, hello->serial, hello->held, reason);
}

static struct step settle(struct walk *w, struct hello *hello, const struct ruling *ruling)
{
    if (ruling->action == CONFIG_ACCEPT || walk_monitors(w)) {
        w->would = ruling->reason;
        walk_admit(w->flow, w->sender, w->packet->from, ruling);
        release(w->worker, w->flow_id, 0, hello ? hello->held : 0, QW_REASON_NONE);
        return STEP_CONTINUE;
    }
    if (hello)
        block(w->worker, w->flow_id, hello, ruling->reason);
    return walk_refuse(w, ruling);
}

/* A limit was met: the rules decide as of a ClientHello that cannot be read. */
static struct ruling decide_unread(struct engine_worker *worker, const struct policy_facts *facts)
{
    struct ruling ruling = rulebook_decide(&worker->engine->book, facts);
    worker_count(worker, COUNT_HOLD_LIMITS, 1);
    if (ruling.action != CONFIG_ACCEPT)
        ruling.reason = QW_REASON_HOLD_LIMIT;
    return ruling;
}

/* ---- packets that waited ---- */

static struct hello *find(const struct held *held)
{
    if (held->flow->handshake == FLOW_NONE)
        return NULL;
    struct hello *hellos = held->shard->scratch.all[held->flow->handshake].hellos;
    for (unsigned i = 0; i < CONFIRM_ATTEMPTS; i++)
        if (hellos[i].serial == held->serial)
            return &hellos[i];
    return NULL;
}

static void expire(struct engine_worker *worker, const struct held *held, struct hello *hello)
{
    struct policy_facts facts = held->facts;
    facts.from_interface = held->from_interface[0] ? held->from_interface : NULL;
    facts.to_interface = held->to_interface[0] ? held->to_interface : NULL;
    struct ruling ruling = decide_unread(worker, &facts);
    if (ruling.action == CONFIG_ACCEPT) {
        walk_admit(held->flow, held->sender, held->from, &ruling);
        release(worker, held->flow_id, 0, hello->held, QW_REASON_NONE);
    } else
        block(worker, held->flow_id, hello, ruling.reason);
}

/* With the shard locked. True when something left the list. */
static bool look(struct engine_worker *worker, const struct held *held, bool due)
{
    bool there = atomic_load_explicit(&held->flow->id, memory_order_relaxed) == held->flow_id;
    struct hello *hello = there ? find(held) : NULL;
    if (there && !(held->flow->flags & FLOW_UNDECIDED))
        release(worker, held->flow_id, 0, 0, QW_REASON_NONE);
    else if (!hello)
        release(worker, held->flow_id, held->serial, 0, QW_REASON_HOLD_LIMIT);
    else if (hello->blocked != QW_REASON_NONE)
        release(worker, held->flow_id, held->serial, 0, (enum qw_reason)hello->blocked);
    else if (due)
        expire(worker, held, hello);
    else
        return false;
    return true;
}

/* ---- packets that begin to wait ---- */

/* When all places are taken the attempt that has waited longest is decided now: most of those that are whole
 * soon are so within a few milliseconds. Two shards are locked at once only if that needs no waiting. */
static bool make_place(struct walk *w)
{
    struct held oldest = w->worker->hold.waiting[0];
    if (oldest.flow_id == w->flow_id)
        return false;
    if (oldest.shard == w->shard)
        return look(w->worker, &oldest, true);
    if (!shard_try_lock(oldest.shard, w->now))
        return false;
    bool gone = look(w->worker, &oldest, true);
    shard_unlock(oldest.shard);
    return gone;
}

static void keep_name(char out[static CONFIG_INTERFACE_NAME_MAX], const char *name)
{
    snprintf(out, CONFIG_INTERFACE_NAME_MAX, "%s", name ? name : "");
}

static bool hold(struct walk *w, struct hello *hello, const struct policy_facts *facts)
{
    struct rulebook_hold limits = rulebook_hold(&w->worker->engine->book);
    if (hello->held >= limits.datagrams || (hold_full(&w->worker->hold) && !make_place(w)))
        return false;
    struct held held = {.token = w->packet->token,
                        .shard = w->shard,
                        .flow = w->flow,
                        .flow_id = w->flow_id,
                        .serial = hello->serial,
                        .from = w->packet->from,
                        .sender = w->sender,
                        .facts = *facts,
                        .deadline = qw_time_add(w->now, limits.ns)};
    keep_name(held.from_interface, w->packet->from_interface);
    keep_name(held.to_interface, w->packet->to_interface);
    if (!hold_add(&w->worker->hold, &held))
        return false;
    hello->held++;
    return true;
}

static struct step wait(struct walk *w, struct hello *hello)
{
    if (walk_monitors(w))
        return STEP_CONTINUE;
    struct policy_facts facts = walk_facts(w, true);
    if (hold(w, hello, &facts)) {
        step_account(w);
        return STEP_HOLD;
    }
    struct ruling ruling = decide_unread(w->worker, &facts);
    return settle(w, hello, &ruling);
}

struct step step_admit(struct walk *w)
{
    if (!(w->flow->flags & FLOW_UNDECIDED))
        return STEP_CONTINUE;
    struct hello *hello = hello_of(w);
    if (hello && hello->blocked != QW_REASON_NONE)
        return (struct step){RESULT_DROP, (enum qw_reason)hello->blocked};
    if (hello && hello->status == HELLO_PARTIAL)
        return wait(w, hello);
    struct policy_facts facts = walk_facts(w, w->hello == NULL);
    struct ruling ruling = rulebook_decide(&w->worker->engine->book, &facts);
    return settle(w, hello, &ruling);
}

void admit_overdue(struct engine_worker *worker, struct qw_time now)
{
    bool all = atomic_exchange(&worker->look_again, false);
    for (size_t i = 0; i < worker->hold.count;) {
        struct held held = worker->hold.waiting[i];
        bool due = held.deadline.ns <= now.ns;
        if (!due && !all)
            return;
        shard_lock(held.shard, now);
        bool gone = look(worker, &held, due);
        shard_unlock(held.shard);
        i = gone ? 0 : i + 1;
    }
}
