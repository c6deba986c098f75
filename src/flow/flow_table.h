/* A table's inside, for the files of this room. */
#ifndef FLOW_TABLE_H
#define FLOW_TABLE_H

#include "adopted.h"
#include "flow_shown.h"
#include "index.h"
#include "queue.h"

#define FLOW_ID_MAX (UINT64_C(1) << 62) /* none gets so far: at a million a second it takes 146,000 years */

/* What stands before the records in the memory handed in. */
struct flow_head {
    _Atomic uint64_t next_id;
    uint64_t spare[7];
};

struct flow_table {
    struct flow *flows;     /* in memory handed in, or `own` */
    struct flow_head *head; /* likewise */
    uint32_t capacity;
    uint32_t free_head; /* free slots, linked by `newer` */
    struct index index;
    struct queue queues[FLOW_CLASSES];
    struct adopted adopted; /* without lanes: those that are adopted stand in `queues` too */
    struct flow_timers timers;
    struct qw_hash_key secret;
    uint64_t first_id, id_step;
    struct flow_shown shown;
    flow_ended *ended;
    void *context;
    struct store *own; /* owned; NULL: the memory was handed in */
    uint64_t *marks;   /* owned; a bit for each slot that changed; NULL: nobody asks */
    uint64_t *marked;  /* owned; a bit for each word of `marks` that has one */
};

static inline uint32_t slot_of(const struct flow_table *table, const struct flow *flow)
{
    return (uint32_t)(flow - table->flows);
}

/* Something in that slot is to be copied. */
static inline void table_mark(struct flow_table *table, uint32_t slot)
{
    if (!table->marks)
        return;
    table->marks[slot / 64] |= UINT64_C(1) << slot % 64;
    table->marked[slot / 4096] |= UINT64_C(1) << slot / 64 % 64;
}

/* Nanoseconds. */
uint64_t table_longest_timer(const struct flow_table *table);

bool table_expired(const struct flow_table *table, const struct flow *flow, struct qw_time now);

/* A free slot, of which there is one: its record is not valid and in no queue. */
struct flow *table_take_slot(struct flow_table *table);

/* Sets the private fields of a record whose key, class and time are written, and makes it findable. A flow
 * that is not `adopted` was seen last of all. */
void table_enter(struct flow_table *table, struct flow *flow, uint64_t hash, struct qw_time seen,
                 bool adopted);

/* A copy of a key without stray bytes between its fields: the hash covers the whole struct. (flow_adopt.c) */
struct flow_key table_clean_key(const struct flow_key *key);

/* The next id is `id` or later. (flow_adopt.c) */
void table_skip_ids(struct flow_table *table, uint64_t id);

/* Ends a flow without telling anybody. */
void table_remove(struct flow_table *table, struct flow *flow);

#endif
