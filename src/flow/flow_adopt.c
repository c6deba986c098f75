/* Records that this table did not make: of the process before, or of another router. Nothing in them is
 * believed (S1). */
#include "flow_table.h"
#include <stdlib.h>
#include <string.h>

/* ---- one record ---- */

static bool is_zero(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

static bool addr_possible(const struct qw_addr *addr, uint8_t family)
{
    return family == QW_IPV6 || is_zero(addr->bytes, 12);
}

struct flow_key table_clean_key(const struct flow_key *key)
{
    struct flow_key clean;
    memset(&clean, 0, sizeof clean);
    for (int side = 0; side < 2; side++) {
        clean.addr[side] = key->addr[side];
        clean.port[side] = key->port[side];
    }
    clean.family = key->family;
    return clean;
}

static bool key_possible(const struct flow_key *key)
{
    const struct qw_endpoint lo = {key->addr[FLOW_LO], key->port[FLOW_LO]},
                             hi = {key->addr[FLOW_HI], key->port[FLOW_HI]};
    return (key->family == QW_IPV4 || key->family == QW_IPV6) && addr_possible(&lo.addr, key->family) &&
           addr_possible(&hi.addr, key->family) && qw_endpoint_compare(&lo, &hi) <= 0;
}

/* A record may be caught between two writes of one packet: what each of its fields can be alone is possible.
 */
static bool possible(const struct flow *record)
{
    bool named = !(record->flags & FLOW_CLIENT_HI) || record->flags & FLOW_CLIENT_SEEN;
    bool mapped = !(record->flags & FLOW_HOLDS_MAPPING) || record->external != 0;
    return record->id < FLOW_ID_MAX && key_possible(&record->key) && record->state <= FLOW_CONFIRMED &&
           record->class < FLOW_CLASSES && named && mapped;
}

static enum flow_adopted judge(struct flow_table *table, const struct flow *record, uint64_t hash,
                               struct qw_time now)
{
    if (!possible(record))
        return FLOW_ADOPT_IMPOSSIBLE;
    if (record->flags & FLOW_UNDECIDED)
        return FLOW_ADOPT_UNDECIDED;
    if (record->last_seen_ns > now.ns)
        return FLOW_ADOPT_AHEAD;
    if (table_expired(table, record, now))
        return FLOW_ADOPT_EXPIRED;
    if (index_find(&table->index, table->flows, &record->key, hash) != FLOW_NONE)
        return FLOW_ADOPT_TWIN;
    return table->free_head == FLOW_NONE ? FLOW_ADOPT_FULL : FLOW_ADOPTED;
}

void table_skip_ids(struct flow_table *table, uint64_t id)
{
    if (id > atomic_load_explicit(&table->head->next_id, memory_order_relaxed))
        atomic_store_explicit(&table->head->next_id, id, memory_order_release);
}

/* No id is given twice: those that come later are above every one that is kept. */
static void keep_id(struct flow_table *table, struct flow *flow, uint64_t id)
{
    if (id < table->first_id || (id - table->first_id) % table->id_step != 0) {
        flow_publish(table, flow);
        return;
    }
    table_skip_ids(table, id + table->id_step);
    atomic_store_explicit(&flow->id, id, memory_order_release);
}

enum flow_adopted flow_adopt_own(struct flow_table *table, struct flow *copy, uint64_t hash,
                                 struct qw_time now, struct flow **out)
{
    enum flow_adopted result = judge(table, copy, hash, now);
    if (result != FLOW_ADOPTED)
        return result;
    struct flow *flow = table_take_slot(table);
    uint64_t id = copy->id;
    copy->id = 0;
    /* The others are of the process that made the record. */
    copy->marks &= FLOW_INHERITED | FLOW_CAME_ON;
    *flow = *copy;
    table_enter(table, flow, hash, flow_last_seen(table, flow), true);
    keep_id(table, flow, id);
    table_mark(table, slot_of(table, flow));
    *out = flow;
    return FLOW_ADOPTED;
}

enum flow_adopted flow_adopt(struct flow_table *table, const struct flow *record, struct qw_time now,
                             struct flow **out)
{
    struct flow copy = *record, *flow; /* the memory may be another's, which writes on */
    copy.key = table_clean_key(&copy.key);
    return flow_adopt_own(table, &copy, flow_hash(table->secret, &copy.key), now, out ? out : &flow);
}

/* ---- order ---- */

/* One queue, its flows chained by seconds of age in `ages` (FLOW_NONE: none), goes back together oldest
 * first.
 */
static void refill(struct flow_table *table, enum flow_class class, uint32_t *ages, size_t seconds)
{
    queue_init(&table->queues[class]);
    for (size_t age = seconds; age-- > 0;)
        for (uint32_t slot = ages[age], next; slot != FLOW_NONE; slot = next) {
            next = table->flows[slot].newer;
            queue_append(&table->queues[class], table->flows, slot);
        }
}

static void sort(struct flow_table *table, enum flow_class class, uint32_t *ages, size_t seconds,
                 struct qw_time now)
{
    for (size_t age = 0; age < seconds; age++)
        ages[age] = FLOW_NONE;
    for (uint32_t slot = table->queues[class].head, next; slot != FLOW_NONE; slot = next) {
        struct flow *flow = &table->flows[slot];
        uint64_t age = qw_time_since(now, flow_last_seen(table, flow)) / QW_NS_PER_SECOND;
        uint32_t *chain = &ages[age < seconds ? age : seconds - 1];
        next = flow->newer;
        flow->newer = *chain;
        *chain = slot;
    }
    refill(table, class, ages, seconds);
}

bool flow_order(struct flow_table *table, struct qw_time now)
{
    size_t seconds = (size_t)(table_longest_timer(table) / QW_NS_PER_SECOND) + 2;
    uint32_t *ages = malloc(seconds * sizeof *ages);
    if (!ages)
        return false;
    for (int class = 0; class < FLOW_CLASSES; class ++)
        sort(table, (enum flow_class) class, ages, seconds, now);
    free(ages);
    return true;
}
