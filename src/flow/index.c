#include "index.h"
#include <stdlib.h>
#include <string.h>

static uint64_t load(const struct index *index, uint32_t at)
{
    return atomic_load_explicit(&index->entries[at], memory_order_relaxed);
}

static void store(struct index *index, uint32_t at, uint64_t entry)
{
    atomic_store_explicit(&index->entries[at], entry, memory_order_relaxed);
}

static uint64_t entry_of(uint64_t hash, uint32_t slot)
{
    return hash << 32 | slot;
}

static uint32_t tag_of(uint64_t entry)
{
    return (uint32_t)(entry >> 32);
}

bool index_init(struct index *index, uint32_t capacity)
{
    size_t size = 8;
    while (size < 2 * (size_t)capacity)
        size *= 2;
    index->entries = malloc(size * sizeof *index->entries);
    if (!index->entries)
        return false;
    index->mask = (uint32_t)(size - 1);
    for (size_t at = 0; at < size; at++)
        atomic_init(&index->entries[at], INDEX_FREE);
    return true;
}

void index_free(struct index *index)
{
    free(index->entries);
}

static bool key_equal(const struct flow_key *a, const struct flow_key *b)
{
    return memcmp(a->addr, b->addr, sizeof a->addr) == 0 && a->port[0] == b->port[0] &&
           a->port[1] == b->port[1] && a->family == b->family;
}

void index_add(struct index *index, uint64_t hash, uint32_t slot)
{
    uint32_t at = (uint32_t)hash & index->mask;
    while (load(index, at) != INDEX_FREE)
        at = (at + 1) & index->mask;
    store(index, at, entry_of(hash, slot));
}

uint32_t index_find(const struct index *index, const struct flow *flows, const struct flow_key *key,
                    uint64_t hash)
{
    uint32_t at = (uint32_t)hash & index->mask;
    for (uint64_t entry; (entry = load(index, at)) != INDEX_FREE; at = (at + 1) & index->mask)
        if (tag_of(entry) == (uint32_t)hash && key_equal(&flows[(uint32_t)entry].key, key))
            return (uint32_t)entry;
    return FLOW_NONE;
}

uint32_t index_guess(const struct index *index, uint64_t hash)
{
    uint32_t at = (uint32_t)hash & index->mask;
    for (uint64_t entry; (entry = load(index, at)) != INDEX_FREE; at = (at + 1) & index->mask)
        if (tag_of(entry) == (uint32_t)hash)
            return (uint32_t)entry;
    return FLOW_NONE;
}

/* Closes the gap at `hole`: entries behind it that probed over it move up, so that no tombstones build up. */
static void close_gap(struct index *index, uint32_t hole)
{
    uint32_t mask = index->mask, at = hole;
    for (;;) {
        at = (at + 1) & mask;
        uint64_t entry = load(index, at);
        if (entry == INDEX_FREE)
            break;
        uint32_t probed = (at - tag_of(entry)) & mask, gap = (at - hole) & mask;
        if (probed < gap)
            continue;
        store(index, hole, entry);
        hole = at;
    }
    store(index, hole, INDEX_FREE);
}

void index_remove(struct index *index, uint64_t hash, uint32_t slot)
{
    uint32_t at = (uint32_t)hash & index->mask;
    while ((uint32_t)load(index, at) != slot)
        at = (at + 1) & index->mask;
    close_gap(index, at);
}
