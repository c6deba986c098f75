/* Which slots changed, for whoever keeps a copy of the table elsewhere: a bit a slot. However often a flow
 * changes meanwhile it is copied once, so nothing can overflow. */
#include "flow_table.h"
#include <stdlib.h>
#include <string.h>

static uint32_t words_of(const struct flow_table *table)
{
    return (table->capacity + 63) / 64;
}

bool flow_marks_start(struct flow_table *table)
{
    table->marks = calloc(words_of(table), sizeof *table->marks);
    flow_mark_slots(table, 0, table->capacity);
    return table->marks && adopted_init(&table->adopted, table_longest_timer(table));
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

/* The word of the first mark from `from` on, without those before it; 0: there is none. */
static uint64_t find_word(const struct flow_table *table, uint32_t from, uint32_t *at)
{
    if (!table->marks || from >= table->capacity)
        return 0;
    uint32_t words = words_of(table);
    *at = from / 64;
    uint64_t word = table->marks[*at] & UINT64_MAX << from % 64;
    while (word == 0 && ++*at < words)
        word = table->marks[*at];
    return word;
}

uint32_t flow_take_mark(struct flow_table *table, uint32_t from)
{
    uint32_t at;
    uint64_t word = find_word(table, from, &at);
    if (word == 0)
        return FLOW_NONE;
    uint32_t slot = at * 64 + (uint32_t)__builtin_ctzll(word);
    table->marks[at] &= ~(UINT64_C(1) << slot % 64);
    return slot;
}

bool flow_is_marked(const struct flow_table *table, uint32_t from)
{
    uint32_t at;
    return find_word(table, from, &at) != 0;
}
