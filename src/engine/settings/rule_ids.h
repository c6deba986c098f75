/* A number for each name of a rule. Flows remember the number; it outlives a reload, and with the store a
 * crash. A name gets its number when settings with that rule are made, and never loses it. */
#ifndef ENGINE_RULE_IDS_H
#define ENGINE_RULE_IDS_H

#include <quicward/engine.h>
#include <stdatomic.h>

/* Names and hits may be read by any thread that got the number from settings or a flow. The rest belongs to
 * whoever holds the engine's `reloading` lock. */
struct rule_ids {
    char (*names)[ENGINE_RULE_MAX]; /* by id, in memory of the store */
    _Atomic uint64_t *hits;         /* owned; by id, last of all the default's: what each rule decided */
    uint32_t count;
    uint16_t *slots; /* owned; hash table of ids by name, FLOW_NO_RULE where there is none */
    uint32_t slot_count;
    struct qw_hash_key secret;
};

/* The part of a store for the names: as many as a flow has numbers for. */
struct store_part rule_ids_part(void);

/* False when memory is short, or `store` (may be NULL) lacks that part; rule_ids_free in either case. */
bool rule_ids_init(struct rule_ids *ids, const struct store *store, struct qw_hash_key secret);
void rule_ids_free(struct rule_ids *ids);

/* Makes place for `more` names, so that rule_ids_of cannot fail for want of memory. False when memory is
 * short: nothing has changed then. */
bool rule_ids_reserve(struct rule_ids *ids, uint32_t more);

/* The id of `name`, a new one if it has none. Place for it must be reserved. FLOW_NO_RULE once all ids are
 * taken. */
uint16_t rule_ids_of(struct rule_ids *ids, const char *name);

/* Likewise for a name that an earlier process left in its store: FLOW_NO_RULE also for what is no name of a
 * rule. */
uint16_t rule_ids_adopt(struct rule_ids *ids, const char name[static ENGINE_RULE_MAX]);

/* Writes the name; "" for FLOW_NO_RULE. */
void rule_ids_name(const struct rule_ids *ids, uint16_t id, char out[static ENGINE_RULE_MAX]);

/* Counts one more hit of a rule, or of the default (FLOW_NO_RULE). */
static inline void rule_ids_count_many(const struct rule_ids *ids, uint16_t id, uint64_t hits)
{
    atomic_fetch_add_explicit(&ids->hits[id], hits, memory_order_relaxed);
}

static inline void rule_ids_count(const struct rule_ids *ids, uint16_t id)
{
    rule_ids_count_many(ids, id, 1);
}

#endif
