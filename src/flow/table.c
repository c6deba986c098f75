#include "index.h"
#include "queue.h"
#include <quicward/base/fetch.h>
#include <quicward/flow.h>
#include <stdlib.h>
#include <string.h>

struct flow_table {
    struct flow *flows; /* owned */
    uint32_t capacity;
    uint32_t free_head; /* free slots, linked by `newer` */
    struct index index;
    struct queue queues[FLOW_CLASSES];
    struct flow_timers timers;
    struct qw_hash_key secret;
    uint64_t next_id, id_step;
    flow_ended *ended;
    void *context;
};

static uint32_t slot_of(const struct flow_table *table, const struct flow *flow)
{
    return (uint32_t)(flow - table->flows);
}

/* ---- life of a table ---- */

static void free_slot(struct flow_table *table, uint32_t slot)
{
    table->flows[slot].newer = table->free_head;
    table->free_head = slot;
}

struct flow_table *flow_table_new(uint32_t capacity, struct qw_hash_key secret, uint64_t first_id,
                                  uint64_t id_step, flow_ended *ended, void *context)
{
    struct flow_table *table = calloc(1, sizeof *table);
    if (!table)
        return NULL;
    table->capacity = capacity;
    table->secret = secret;
    table->next_id = first_id;
    table->id_step = id_step;
    table->ended = ended;
    table->context = context;
    table->free_head = FLOW_NONE;
    table->flows = aligned_alloc(64, (size_t)capacity * sizeof *table->flows);
    if (!table->flows || !index_init(&table->index, capacity)) {
        flow_table_free(table);
        return NULL;
    }
    memset(table->flows, 0, (size_t)capacity * sizeof *table->flows);
    for (uint32_t slot = capacity; slot-- > 0;)
        free_slot(table, slot);
    for (int class = 0; class < FLOW_CLASSES; class ++)
        queue_init(&table->queues[class]);
    return table;
}

void flow_table_free(struct flow_table *table)
{
    if (!table)
        return;
    index_free(&table->index);
    free(table->flows);
    free(table);
}

void flow_set_timers(struct flow_table *table, const struct flow_timers *timers)
{
    table->timers = *timers;
}

/* ---- keys ---- */

enum flow_side flow_key_of(const struct qw_tuple *tuple, struct flow_key *out)
{
    enum flow_side sender = qw_endpoint_compare(&tuple->src, &tuple->dst) <= 0 ? FLOW_LO : FLOW_HI;
    memset(out, 0, sizeof *out);
    out->addr[sender] = tuple->src.addr;
    out->port[sender] = tuple->src.port;
    out->addr[flow_peer(sender)] = tuple->dst.addr;
    out->port[flow_peer(sender)] = tuple->dst.port;
    out->family = (uint8_t)tuple->family;
    return sender;
}

uint64_t flow_hash(struct qw_hash_key secret, const struct flow_key *key)
{
    return qw_hash(secret, key, sizeof *key);
}

/* ---- timers ---- */

uint64_t flow_timeout(const struct flow_table *table, const struct flow *flow)
{
    return table->timers.idle_ns[flow->class];
}

struct qw_time flow_last_seen(const struct flow_table *table, const struct flow *flow)
{
    (void)table;
    return (struct qw_time){flow->last_seen_ns};
}

static uint64_t idle(const struct flow_table *table, const struct flow *flow, struct qw_time now)
{
    return qw_time_since(now, flow_last_seen(table, flow));
}

static bool expired(const struct flow_table *table, const struct flow *flow, struct qw_time now)
{
    return idle(table, flow, now) >= flow_timeout(table, flow);
}

static uint32_t second_of(struct qw_time now)
{
    return (uint32_t)(now.ns / QW_NS_PER_SECOND);
}

static void enqueue(struct flow_table *table, struct flow *flow, struct qw_time now)
{
    flow->queued_s = second_of(now);
    queue_append(&table->queues[flow->class], table->flows, slot_of(table, flow));
}

static void dequeue(struct flow_table *table, struct flow *flow)
{
    queue_remove(&table->queues[flow->class], table->flows, slot_of(table, flow));
}

void flow_refresh(struct flow_table *table, struct flow *flow, struct qw_time now)
{
    flow->last_seen_ns = now.ns;
    if (flow->queued_s == second_of(now))
        return;
    dequeue(table, flow);
    enqueue(table, flow, now);
}

void flow_set_class(struct flow_table *table, struct flow *flow, enum flow_class class, struct qw_time now)
{
    dequeue(table, flow);
    flow->class = (uint8_t) class;
    flow->last_seen_ns = now.ns;
    enqueue(table, flow, now);
}

/* ---- ends and beginnings ---- */

void flow_finish(struct flow_table *table, struct flow *flow, enum flow_end why)
{
    if (table->ended)
        table->ended(table->context, flow, why);
    atomic_store_explicit(&flow->id, 0, memory_order_release);
    dequeue(table, flow);
    index_remove(&table->index, flow_hash(table->secret, &flow->key), slot_of(table, flow));
    free_slot(table, slot_of(table, flow));
}

/* The least recently used flow of `class`, NULL when there is none. */
static struct flow *oldest(struct flow_table *table, enum flow_class class)
{
    uint32_t head = table->queues[class].head;
    return head == FLOW_NONE ? NULL : &table->flows[head];
}

unsigned flow_sweep(struct flow_table *table, struct qw_time now, unsigned budget)
{
    unsigned ended = 0;
    for (int class = 0; class < FLOW_CLASSES; class ++)
        while (ended < budget) {
            struct flow *flow = oldest(table, (enum flow_class) class);
            if (!flow || !expired(table, flow, now))
                break;
            flow_finish(table, flow, FLOW_EXPIRED);
            ended++;
        }
    return ended;
}

/* RFC 9312 4.2: what nobody answered goes first. RFC 4787 REQ-5: what was answered has its two minutes. */
static void evict(struct flow_table *table, struct qw_time now)
{
    if (flow_sweep(table, now, 1) == 1)
        return;
    struct flow *flow = oldest(table, FLOW_ATTEMPT);
    if (!flow) {
        flow = oldest(table, FLOW_ANSWERED);
        if (!flow || idle(table, flow, now) < FLOW_EVICT_IDLE_S * QW_NS_PER_SECOND)
            return;
    }
    flow_finish(table, flow, FLOW_EVICTED);
}

bool flow_make_room(struct flow_table *table, struct qw_time now)
{
    if (table->free_head == FLOW_NONE)
        evict(table, now);
    return table->free_head != FLOW_NONE;
}

struct flow *flow_create(struct flow_table *table, const struct flow_key *key, uint64_t hash,
                         struct qw_time now)
{
    if (!flow_make_room(table, now))
        return NULL;
    uint32_t slot = table->free_head;
    struct flow *flow = &table->flows[slot];
    table->free_head = flow->newer;
    if (table->free_head != FLOW_NONE) /* for the next new flow */
        qw_fetch_all(&table->flows[table->free_head], sizeof *flow);
    memset(flow, 0, sizeof *flow);
    flow->key = *key;
    flow->state = FLOW_ONE_WAY;
    flow->class = FLOW_ATTEMPT;
    flow->rule = FLOW_NO_RULE;
    flow->handshake = FLOW_NONE;
    flow->names = FLOW_NONE;
    flow->last_seen_ns = now.ns;
    enqueue(table, flow, now);
    index_add(&table->index, hash, slot);
    atomic_store_explicit(&flow->id, table->next_id, memory_order_release);
    table->next_id += table->id_step;
    return flow;
}

void flow_fetch_index(const struct flow_table *table, uint64_t hash)
{
    qw_fetch(&table->index.entries[(uint32_t)hash & table->index.mask]);
}

void flow_fetch(const struct flow_table *table, uint64_t hash)
{
    uint32_t slot = index_guess(&table->index, hash);
    if (slot >= table->capacity)
        return;
    qw_fetch_all(&table->flows[slot], sizeof table->flows[slot]);
}

struct flow *flow_lookup(struct flow_table *table, const struct flow_key *key, uint64_t hash,
                         struct qw_time now)
{
    uint32_t slot = index_find(&table->index, table->flows, key, hash);
    if (slot == FLOW_NONE)
        return NULL;
    struct flow *flow = &table->flows[slot];
    if (!expired(table, flow, now))
        return flow;
    flow_finish(table, flow, FLOW_EXPIRED);
    return NULL;
}

/* ---- iteration ---- */

uint32_t flow_slots(const struct flow_table *table)
{
    return table->capacity;
}

struct flow *flow_at(struct flow_table *table, uint32_t slot, struct qw_time now)
{
    struct flow *flow = &table->flows[slot];
    bool live = atomic_load_explicit(&flow->id, memory_order_relaxed) != 0;
    return live && !expired(table, flow, now) ? flow : NULL;
}

uint32_t flow_count(const struct flow_table *table, enum flow_class class)
{
    return table->queues[class].count;
}
