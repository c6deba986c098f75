/* Packets that wait for a ClientHello. They wait no longer than it helps: what was not lost follows within
 * milliseconds, and the longer it waits the longer a round trip looks to the client (RFC 9002 5).
 * docs/design.md has the reasoning. A limit is no verdict: the attempt is decided when its ClientHello is
 * whole. */
#include "admit.h"
#include <stdio.h>

/* Time that the rest has after the last piece. An early end of the wait costs nothing where the limit
 * accepts; where it drops, the client has to send again, and no client's initial timer is shorter than 200
 * ms. */
#define WAIT_BEFORE_ACCEPT (10 * QW_NS_PER_MS)
#define WAIT_BEFORE_DROP (100 * QW_NS_PER_MS)

/* And that many times the longest pause between the pieces so far. */
#define WAIT_GAPS 4

/* An attempt that limits refuse is told so from its third round on. Clients give up when they are told, and
 * the loss of one datagram is no reason for that. */
#define LIMITS_SILENT 2

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

/* ---- packets that leave ---- */

/* Takes what waits in this worker off its list. */
static unsigned release(struct engine_worker *worker, struct hold_key key, enum qw_reason reason)
{
    enum engine_action action = reason == QW_REASON_NONE ? ENGINE_ACCEPT : ENGINE_DROP;
    unsigned released = hold_release(&worker->hold, key, action);
    worker_count(worker, action == ENGINE_ACCEPT ? QW_COUNTER_accepted : QW_COUNTER_dropped, released);
    worker_count(worker, WORKER_REASONS + reason, released);
    return released;
}

static void count_limit(struct hello *hello)
{
    if (hello->limits < LIMITS_COUNTED)
        hello->limits++;
}

static void forget_held(struct hello *hello, unsigned released)
{
    hello->held = (uint16_t)(hello->held > released ? hello->held - released : 0);
}

static void release_decided(struct engine_worker *worker, uint64_t flow_id, struct hello *hello,
                            enum qw_reason reason)
{
    if (hello->held == 0)
        return;
    forget_held(hello, release(worker, (struct hold_key){flow_id, hello->serial}, reason));
    if (hello->held > 0)
        tell_others(worker);
}

void admit_attempt(struct engine_worker *worker, uint64_t flow_id, struct hello *hello)
{
    hello->verdict = VERDICT_ADMITTED;
    release_decided(worker, flow_id, hello, QW_REASON_NONE);
}

void admit_refuse(struct engine_worker *worker, uint64_t flow_id, struct hello *hello,
                  const struct ruling *ruling)
{
    hello->verdict = VERDICT_REFUSED;
    hello->action = (uint8_t)ruling->action;
    hello->reason = (uint8_t)ruling->reason;
    release_decided(worker, flow_id, hello, ruling->reason);
}

/* ---- a limit ---- */

static struct ruling limit(struct engine_worker *worker, const struct policy_facts *facts)
{
    worker_count(worker, QW_COUNTER_hold_limits, 1);
    return ruling_at_limit(worker->settings, facts);
}

static struct policy_facts facts_of(const struct hold_group *group)
{
    struct policy_facts facts = group->facts;
    facts.from_interface = group->from_interface[0] ? group->from_interface : NULL;
    facts.to_interface = group->to_interface[0] ? group->to_interface : NULL;
    return facts;
}

/* The attempt is put off: `hello` is NULL when its scratch was needed elsewhere. */
static void put_off(struct engine_worker *worker, const struct hold_group *group, struct hello *hello)
{
    struct policy_facts facts = facts_of(group);
    struct ruling ruling = limit(worker, &facts);
    if (ruling.action == CONFIG_ACCEPT)
        admit_flow(group->shard, group->flow, group->sender, group->from, &ruling);
    group->flow->marks |= FLOW_HELLO_PARTIAL;
    unsigned released = release(worker, group->key, ruling.reason);
    if (!hello)
        return;
    forget_held(hello, released);
    count_limit(hello);
}

static struct hello *find(const struct hold_group *group)
{
    if (group->flow->handshake == FLOW_NONE)
        return NULL;
    struct hello *hellos = group->shard->scratch.all[group->flow->handshake].hellos;
    for (unsigned i = 0; i < CONFIRM_ATTEMPTS; i++)
        if (hellos[i].serial == group->key.serial)
            return &hellos[i];
    return NULL;
}

/* With the shard locked. True when the group left the list. */
static bool look(struct engine_worker *worker, const struct hold_group *group, bool due)
{
    bool there = atomic_load_explicit(&group->flow->id, memory_order_relaxed) == group->key.flow_id;
    struct hello *hello = there ? find(group) : NULL;
    if (!there)
        release(worker, group->key, QW_REASON_HOLD_LIMIT);
    else if (hello && hello->verdict == VERDICT_ADMITTED)
        forget_held(hello, release(worker, group->key, QW_REASON_NONE));
    else if (hello && hello->verdict == VERDICT_REFUSED)
        forget_held(hello, release(worker, group->key, (enum qw_reason)hello->reason));
    else if (due)
        put_off(worker, group, hello);
    else
        return false;
    return true;
}

/* ---- packets that begin to wait ---- */

/* With the list full, the oldest attempt is put off early: complete ClientHellos usually arrive within
 * milliseconds. The second shard is only try-locked, so there is no deadlock. */
static bool make_place(struct walk *w)
{
    const struct hold_group *oldest = hold_oldest(&w->worker->hold);
    struct shard *shard = oldest->shard;
    if (oldest->key.flow_id == w->flow_id)
        return false;
    if (shard == w->shard)
        return look(w->worker, oldest, true);
    if (!shard_try_lock(shard, &w->worker->settings->shards, w->now))
        return false;
    bool gone = look(w->worker, oldest, true);
    shard_unlock(shard);
    return gone;
}

static void keep_name(char out[static CONFIG_INTERFACE_NAME_MAX], const char *name)
{
    snprintf(out, CONFIG_INTERFACE_NAME_MAX, "%s", name ? name : "");
}

static void extend(struct walk *w, struct hold_group *group, uint64_t most_ns, bool accepts)
{
    uint64_t gap = qw_time_since(w->now, group->last);
    uint64_t wait = accepts ? WAIT_BEFORE_ACCEPT : WAIT_BEFORE_DROP;
    group->last = w->now;
    group->gap_ns = gap > group->gap_ns ? gap : group->gap_ns;
    wait = WAIT_GAPS * group->gap_ns > wait ? WAIT_GAPS * group->gap_ns : wait;
    struct qw_time last = qw_time_add(group->since, most_ns), deadline = qw_time_add(w->now, wait);
    hold_until(&w->worker->hold, group, deadline.ns < last.ns ? deadline : last);
}

static bool hold(struct walk *w, struct hello *hello, const struct policy_facts *facts, bool accepts)
{
    const struct settings *settings = w->worker->settings;
    if (hello->held >= settings->hold_datagrams || (hold_full(&w->worker->hold) && !make_place(w)))
        return false;
    struct hold_group group = {.key = {w->flow_id, hello->serial},
                               .shard = w->shard,
                               .flow = w->flow,
                               .from = w->packet->from,
                               .sender = w->sender,
                               .facts = *facts,
                               .since = w->now};
    keep_name(group.from_interface, w->packet->from_interface);
    keep_name(group.to_interface, w->packet->to_interface);
    extend(w, hold_add(&w->worker->hold, &group, w->packet->token), settings->hold_ns, accepts);
    hello->held++;
    return true;
}

/* The packet at hand goes with those that wait: to the limit. */
static struct step give_up(struct walk *w, struct hello *hello, const struct ruling *ruling)
{
    worker_count(w->worker, QW_COUNTER_hold_limits, 1);
    w->flow->marks |= FLOW_HELLO_PARTIAL;
    count_limit(hello);
    forget_held(hello, release(w->worker, (struct hold_key){w->flow_id, hello->serial}, ruling->reason));
    if (ruling->action != CONFIG_ACCEPT)
        return walk_refuse(w, ruling);
    admit_flow(w->shard, w->flow, w->sender, w->packet->from, ruling);
    return STEP_CONTINUE;
}

struct step admit_wait(struct walk *w, struct hello *hello, const struct policy_facts *facts)
{
    if (walk_monitors(w))
        return STEP_CONTINUE;
    struct ruling ruling = ruling_at_limit(w->worker->settings, facts);
    bool hairpin = w->hairpin || w->turned; /* on its way it meets two flows, and cannot wait between */
    if (hairpin || !hold(w, hello, facts, ruling.action == CONFIG_ACCEPT))
        return give_up(w, hello, &ruling);
    if (ruling.action == CONFIG_REJECT && hello->limits >= LIMITS_SILENT)
        walk_refuse(w, &ruling); /* for its reply */
    step_account(w);
    return STEP_HOLD;
}

/* ---- the clock ---- */

static bool look_locked(struct engine_worker *worker, struct hold_group *group, struct qw_time now)
{
    struct shard *shard = group->shard;
    shard_lock(shard, &worker->settings->shards, now);
    bool gone = look(worker, group, group->deadline.ns <= now.ns);
    shard_unlock(shard);
    return gone;
}

static void look_at_all(struct engine_worker *worker, struct qw_time now)
{
    struct hold_group *group = hold_oldest(&worker->hold);
    while (group) {
        struct hold_group *next = hold_newer(&worker->hold, group);
        look_locked(worker, group, now);
        group = next;
    }
}

void admit_overdue(struct engine_worker *worker, struct qw_time now)
{
    if (atomic_exchange(&worker->look_again, false))
        look_at_all(worker, now);
    for (struct hold_group *group; (group = hold_first_due(&worker->hold)) && group->deadline.ns <= now.ns;)
        look_locked(worker, group, now);
}
