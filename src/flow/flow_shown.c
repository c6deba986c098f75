#include "flow_shown.h"
#include "flow_table.h"
#include <arpa/inet.h>
#include <string.h>

static uint32_t end_of(const struct qw_known *known, const struct flow_key *key, enum flow_side side)
{
    uint32_t words[4];
    memcpy(words, key->addr[side].bytes, sizeof words);
    if (key->family == QW_IPV4)
        return qw_known_end(known, words + 3, 1, htons(key->port[side]));
    return qw_known_end(known, words, 4, htons(key->port[side]));
}

/* Other shards count beside this one. */
static uint8_t *count_of(const struct flow_shown *shown, const struct flow_key *key)
{
    uint32_t bucket =
        qw_known_bucket(shown->known, end_of(shown->known, key, FLOW_LO), end_of(shown->known, key, FLOW_HI));
    return &shown->lines[bucket / QW_KNOWN_LINE].counts[bucket % QW_KNOWN_LINE];
}

/* A full bucket does not know any more how many it has: it stays full. */
static void change(uint8_t *count, int by)
{
    uint8_t before = __atomic_load_n(count, __ATOMIC_RELAXED);
    while (before != QW_KNOWN_FULL && !__atomic_compare_exchange_n(count, &before, (uint8_t)(before + by),
                                                                   false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
        ;
}

void flow_shown_add(const struct flow_shown *shown, const struct flow_key *key)
{
    if (shown->lines)
        change(count_of(shown, key), 1);
}

void flow_shown_remove(const struct flow_shown *shown, const struct flow_key *key)
{
    if (shown->lines)
        change(count_of(shown, key), -1);
}

void flow_show(struct flow_table *table, const struct qw_known *known, struct qw_known_line *lines)
{
    table->shown = (struct flow_shown){known, lines};
    for (uint32_t slot = 0; slot < table->capacity; slot++)
        if (atomic_load_explicit(&table->flows[slot].id, memory_order_relaxed) != 0)
            flow_shown_add(&table->shown, &table->flows[slot].key);
}
