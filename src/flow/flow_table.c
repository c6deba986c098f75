#include "flow_table.h"
#include <quicward/base/fetch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- life of a table ---- */

static void free_slot(struct flow_table *table, uint32_t slot)
{
    table->flows[slot].newer = table->free_head;
    table->free_head = slot;
}

struct store_part flow_part(unsigned number, uint32_t capacity)
{
    struct store_part part = {
        .head_size = sizeof(struct flow_head), .record_size = sizeof(struct flow), .records = capacity};
    snprintf(part.name, sizeof part.name, "flows.%u", number);
    return part;
}

static bool take_memory(struct flow_table *table, const struct store_region *memory)
{
    struct store_region own;
    if (!memory) {
        const struct store_part part = flow_part(0, table->capacity);
        const struct store_plan plan = {.parts = &part, .part_count = 1};
        if (store_new(&plan, &table->own) != QW_OK || !store_region(table->own, part.name, &own))
            return false;
        memory = &own;
    }
    table->head = memory->head;
    table->flows = memory->records;
    return memory->head_size >= sizeof *table->head && memory->record_size == sizeof *table->flows &&
           memory->count >= table->capacity;
}

struct flow_table *flow_table_new(const struct store_region *memory, uint32_t capacity,
                                  struct qw_hash_key secret, uint64_t first_id, uint64_t id_step,
                                  flow_ended *ended, void *context)
{
    struct flow_table *table = calloc(1, sizeof *table);
    if (!table)
        return NULL;
    table->capacity = capacity;
    table->secret = secret;
    table->first_id = first_id;
    table->id_step = id_step;
    table->ended = ended;
    table->context = context;
    table->free_head = FLOW_NONE;
    if (!take_memory(table, memory) || !index_init(&table->index, capacity)) {
        flow_table_free(table);
        return NULL;
    }
    atomic_store_explicit(&table->head->next_id, first_id, memory_order_relaxed);
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
    store_free(table->own);
    free(table->marks);
    free(table->marked);
    adopted_free(&table->adopted);
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

uint64_t table_longest_timer(const struct flow_table *table)
{
    uint64_t longest = 0;
    for (int class = 0; class < FLOW_CLASSES; class ++)
        if (table->timers.idle_ns[class] > longest)
            longest = table->timers.idle_ns[class];
    return longest;
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

bool table_expired(const struct flow_table *table, const struct flow *flow, struct qw_time now)
{
    return idle(table, flow, now) >= flow_timeout(table, flow);
}

#define QUEUED_MAX ((1u << 30) - 1)

static uint32_t second_of(struct qw_time now)
{
    return (uint32_t)(now.ns / QW_NS_PER_SECOND);
}

static void enqueue(struct flow_table *table, struct flow *flow, struct qw_time now)
{
    flow->queued_s = second_of(now) & QUEUED_MAX;
    flow->adopted = 0;
    queue_append(&table->queues[flow->class], table->flows, slot_of(table, flow));
}

static void enqueue_adopted(struct flow_table *table, struct flow *flow, struct qw_time seen)
{
    flow->queued_s = second_of(seen) & QUEUED_MAX;
    flow->adopted = 1;
    adopted_add(&table->adopted, table->flows, slot_of(table, flow));
}

static void dequeue(struct flow_table *table, struct flow *flow)
{
    if (flow->adopted)
        adopted_remove(&table->adopted, table->flows, slot_of(table, flow));
    else
        queue_remove(&table->queues[flow->class], table->flows, slot_of(table, flow));
}

void flow_refresh(struct flow_table *table, struct flow *flow, struct qw_time now)
{
    flow->last_seen_ns = now.ns;
    if (flow->queued_s == (second_of(now) & QUEUED_MAX))
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
    table_mark(table, slot_of(table, flow));
}

/* ---- ends and beginnings ---- */

void table_remove(struct flow_table *table, struct flow *flow)
{
    atomic_store_explicit(&flow->id, 0, memory_order_release);
    atomic_signal_fence(memory_order_seq_cst); /* nothing else of the record changes while it is valid */
    dequeue(table, flow);
    index_remove(&table->index, flow_hash(table->secret, &flow->key), slot_of(table, flow));
    flow_shown_remove(&table->shown, &flow->key);
    free_slot(table, slot_of(table, flow));
    table_mark(table, slot_of(table, flow));
}

void flow_finish(struct flow_table *table, struct flow *flow, enum flow_end why)
{
    if (table->ended)
        table->ended(table->context, flow, why);
    table_remove(table, flow);
}

/* Of two flows, each of which may be NULL. */
static struct flow *older(const struct flow_table *table, struct flow *a, struct flow *b)
{
    if (!a || !b)
        return a ? a : b;
    return flow_last_seen(table, a).ns <= flow_last_seen(table, b).ns ? a : b;
}

/* The least recently used flow of `class`, NULL when there is none. */
static struct flow *oldest(struct flow_table *table, enum flow_class class)
{
    uint32_t head = table->queues[class].head, adopted = adopted_oldest(&table->adopted, class);
    struct flow *first = head == FLOW_NONE ? NULL : &table->flows[head],
                *second = adopted == FLOW_NONE ? NULL : &table->flows[adopted];
    return older(table, first, second);
}

unsigned flow_sweep(struct flow_table *table, struct qw_time now, unsigned budget)
{
    unsigned ended = 0;
    for (int class = 0; class < FLOW_CLASSES; class ++)
        while (ended < budget) {
            struct flow *flow = oldest(table, (enum flow_class) class);
            if (!flow || !table_expired(table, flow, now))
                break;
            flow_finish(table, flow, FLOW_EXPIRED);
            ended++;
        }
    return ended;
}

static struct flow *oldest_idle(struct flow_table *table, enum flow_class class, uint64_t idle_ns,
                                struct qw_time now)
{
    struct flow *flow = oldest(table, class);
    return flow && idle(table, flow, now) >= idle_ns ? flow : NULL;
}

static struct flow *older_of(struct flow_table *table, enum flow_class a, enum flow_class b)
{
    struct flow *first = oldest(table, a), *second = oldest(table, b);
    return older(table, first, second);
}

static struct flow *oldest_outer(struct flow_table *table)
{
    return older_of(table, FLOW_OUTER_ATTEMPT, FLOW_OUTER_ANSWERED);
}

/* RFC 9312 4.2: what nobody answered goes first. Where all are young, answers are still on their way: there
 * the forged ones that were answered at once must not push out the real ones that wait for theirs. */
static struct flow *oldest_unproven(struct flow_table *table, struct qw_time now)
{
    struct flow *flow = NULL;
    for (int class = 0; flow_is_unproven((enum flow_class) class) && !flow; class ++)
        flow = oldest_idle(table, (enum flow_class) class, FLOW_EVICT_YOUNG_NS, now);
    if (!flow)
        flow = oldest_outer(table);
    return flow ? flow : older_of(table, FLOW_ATTEMPT, FLOW_ANSWERED);
}

/* RFC 4787 REQ-5: what returned has its two minutes. */
static void evict(struct flow_table *table, struct qw_time now)
{
    if (flow_sweep(table, now, 1) == 1)
        return;
    struct flow *flow = oldest_unproven(table, now);
    if (!flow)
        flow = oldest_idle(table, FLOW_RETURNED, FLOW_EVICT_IDLE_S * QW_NS_PER_SECOND, now);
    if (flow)
        flow_finish(table, flow, FLOW_EVICTED);
}

bool flow_evict_outer(struct flow_table *table, struct qw_time now)
{
    if (flow_sweep(table, now, 1) == 1)
        return true;
    struct flow *flow = oldest_idle(table, FLOW_OUTER_ATTEMPT, FLOW_EVICT_YOUNG_NS, now);
    if (!flow)
        flow = oldest_outer(table);
    if (flow)
        flow_finish(table, flow, FLOW_EVICTED);
    return flow != NULL;
}

bool flow_is_scarce(const struct flow_table *table)
{
    uint64_t used = 0;
    for (int class = 0; class < FLOW_CLASSES; class ++)
        used += flow_count(table, (enum flow_class) class);
    return used * 5 >= (uint64_t)table->capacity * 4;
}

bool flow_make_room(struct flow_table *table, struct qw_time now)
{
    if (table->free_head == FLOW_NONE)
        evict(table, now);
    return table->free_head != FLOW_NONE;
}

struct flow *table_take_slot(struct flow_table *table)
{
    struct flow *flow = &table->flows[table->free_head];
    table->free_head = flow->newer;
    if (table->free_head != FLOW_NONE) /* for the next new flow */
        qw_fetch_all(&table->flows[table->free_head], sizeof *flow);
    return flow;
}

void table_enter(struct flow_table *table, struct flow *flow, uint64_t hash, struct qw_time seen,
                 bool adopted)
{
    flow->handshake = FLOW_NONE;
    flow->names = FLOW_NONE;
    flow_shown_add(&table->shown, &flow->key);
    if (adopted && table->adopted.lanes)
        enqueue_adopted(table, flow, seen);
    else
        enqueue(table, flow, seen);
    index_add(&table->index, hash, slot_of(table, flow));
}

struct flow *flow_begin(struct flow_table *table, const struct flow_key *key, uint64_t hash,
                        struct qw_time now)
{
    if (!flow_make_room(table, now))
        return NULL;
    struct flow *flow = table_take_slot(table);
    memset(flow, 0, sizeof *flow);
    flow->key = *key;
    flow->state = FLOW_ONE_WAY;
    flow->class = FLOW_ATTEMPT;
    flow->rule = FLOW_NO_RULE;
    flow->last_seen_ns = now.ns;
    table_enter(table, flow, hash, now, false);
    return flow;
}

/* The next id is written before the record has its own: what a crash leaves never uses one twice. */
void flow_publish(struct flow_table *table, struct flow *flow)
{
    uint64_t id = atomic_load_explicit(&table->head->next_id, memory_order_relaxed);
    atomic_store_explicit(&table->head->next_id, id + table->id_step, memory_order_release);
    atomic_store_explicit(&flow->id, id, memory_order_release);
}

struct flow *flow_create(struct flow_table *table, const struct flow_key *key, uint64_t hash,
                         struct qw_time now)
{
    struct flow *flow = flow_begin(table, key, hash, now);
    if (flow)
        flow_publish(table, flow);
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
    if (!table_expired(table, flow, now))
        return flow;
    flow_finish(table, flow, FLOW_EXPIRED);
    return NULL;
}

/* ---- iteration ---- */

uint32_t flow_slots(const struct flow_table *table)
{
    return table->capacity;
}

uint32_t flow_slot(const struct flow_table *table, const struct flow *flow)
{
    return slot_of(table, flow);
}

const struct flow *flow_records(const struct flow_table *table)
{
    return table->flows;
}

struct flow *flow_at(struct flow_table *table, uint32_t slot, struct qw_time now)
{
    struct flow *flow = &table->flows[slot];
    bool live = atomic_load_explicit(&flow->id, memory_order_relaxed) != 0;
    return live && !table_expired(table, flow, now) ? flow : NULL;
}

uint32_t flow_count(const struct flow_table *table, enum flow_class class)
{
    return table->queues[class].count + table->adopted.counts[class];
}
