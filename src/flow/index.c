#include "index.h"
#include <stdlib.h>
#include <string.h>

bool index_init(struct index *index, uint32_t capacity)
{
    size_t size = 8;
    while (size < 2 * (size_t)capacity)
        size *= 2;
    index->entries = malloc(size * sizeof *index->entries);
    if (!index->entries)
        return false;
    memset(index->entries, 0xff, size * sizeof *index->entries);
    index->mask = (uint32_t)(size - 1);
    return true;
}

void index_free(struct index *index)
{
    free(index->entries);
}

bool flow_key_equal(const struct flow_key *a, const struct flow_key *b)
{
    return memcmp(a->addr, b->addr, sizeof a->addr) == 0 && a->port[0] == b->port[0] &&
           a->port[1] == b->port[1] && a->family == b->family;
}

void index_add(struct index *index, uint64_t hash, uint32_t slot)
{
    uint32_t at = (uint32_t)hash & index->mask;
    while (index->entries[at].slot != FLOW_NONE)
        at = (at + 1) & index->mask;
    index->entries[at] = (struct index_entry){(uint32_t)hash, slot};
}

uint32_t index_find(const struct index *index, const struct flow *flows, const struct flow_key *key,
                    uint64_t hash)
{
    uint32_t tag = (uint32_t)hash, at = tag & index->mask;
    for (; index->entries[at].slot != FLOW_NONE; at = (at + 1) & index->mask)
        if (index->entries[at].tag == tag && flow_key_equal(&flows[index->entries[at].slot].key, key))
            return index->entries[at].slot;
    return FLOW_NONE;
}

/* Closes the gap at `hole`: entries behind it that probed over it move up, so that no tombstones build up. */
static void close_gap(struct index *index, uint32_t hole)
{
    uint32_t mask = index->mask, at = hole;
    for (;;) {
        at = (at + 1) & mask;
        struct index_entry entry = index->entries[at];
        if (entry.slot == FLOW_NONE)
            break;
        uint32_t probed = (at - entry.tag) & mask, gap = (at - hole) & mask;
        if (probed < gap)
            continue;
        index->entries[hole] = entry;
        hole = at;
    }
    index->entries[hole].slot = FLOW_NONE;
}

void index_remove(struct index *index, uint64_t hash, uint32_t slot)
{
    uint32_t at = (uint32_t)hash & index->mask;
    while (index->entries[at].slot != slot)
        at = (at + 1) & index->mask;
    close_gap(index, at);
}
