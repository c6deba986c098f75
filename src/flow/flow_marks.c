/* Which slots changed, for whoever keeps a copy of the table elsewhere: a bit a slot. However often a flow
 * changes meanwhile it is copied once, so nothing can overflow. */
#include "flow_table.h"
#include <stdlib.h>

static uint32_t words_of(uint32_t bits)
{
    return (bits + 63) / 64;
}

/* Both or neither. */
static bool take_memory(struct flow_table *table)
{
    uint32_t words = words_of(table->capacity);
    table->marks = calloc(words, sizeof *table->marks);
    table->marked = calloc(words_of(words), sizeof *table->marked);
    if (table->marks && table->marked)
        return true;
    free(table->marks);
    free(table->marked);
    table->marks = table->marked = NULL;
    return false;
}

bool flow_marks_start(struct flow_table *table)
{
    bool whole = take_memory(table);
    flow_mark_slots(table, 0, table->capacity);
    return whole && adopted_init(&table->adopted, table_longest_timer(table));
}

void flow_mark(struct flow_table *table, const struct flow *flow)
{
    table_mark(table, slot_of(table, flow));
}

void flow_mark_slots(struct flow_table *table, uint32_t first, uint32_t count)
{
    for (uint32_t slot = first; slot < table->capacity && slot - first < count; slot++)
        table_mark(table, slot);
}

/* The first bit from `from` on, or `count`: there is none. */
static uint32_t find_bit(const uint64_t *words, uint32_t from, uint32_t count)
{
    if (from >= count)
        return count;
    uint32_t at = from / 64, end = words_of(count);
    uint64_t word = words[at] & UINT64_MAX << from % 64;
    while (word == 0 && ++at < end)
        word = words[at];
    return word == 0 ? count : at * 64 + (uint32_t)__builtin_ctzll(word);
}

/* The first mark from `from` on, or FLOW_NONE. Who looks a hundred times a second for few marks in a large
 * table need not read all of them. */
static uint32_t find_mark(const struct flow_table *table, uint32_t from)
{
    if (!table->marks || from >= table->capacity)
        return FLOW_NONE;
    uint32_t words = words_of(table->capacity), at = from / 64;
    uint64_t word = table->marks[at] & UINT64_MAX << from % 64;
    if (word == 0)
        at = find_bit(table->marked, at + 1, words);
    if (at == words)
        return FLOW_NONE;
    return at * 64 + (uint32_t)__builtin_ctzll(word ? word : table->marks[at]);
}

uint32_t flow_take_mark(struct flow_table *table, uint32_t from)
{
    uint32_t slot = find_mark(table, from);
    if (slot == FLOW_NONE)
        return FLOW_NONE;
    table->marks[slot / 64] &= ~(UINT64_C(1) << slot % 64);
    if (table->marks[slot / 64] == 0)
        table->marked[slot / 4096] &= ~(UINT64_C(1) << slot / 64 % 64);
    return slot;
}

bool flow_is_marked(const struct flow_table *table, uint32_t from)
{
    return find_mark(table, from) != FLOW_NONE;
}
