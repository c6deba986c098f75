#include "hint_table.h"
#include <stdlib.h>
#include <string.h>

bool hint_table_init(struct hint_table *table, uint32_t capacity)
{
    uint32_t chains = 1;
    while (chains < capacity)
        chains *= 2;
    *table = (struct hint_table){.capacity = capacity, .mask = chains - 1};
    table->all = calloc((size_t)capacity + 1, sizeof *table->all);
    table->of_key = malloc(chains * sizeof *table->of_key);
    table->of_flow = malloc(chains * sizeof *table->of_flow);
    if (!table->all || !table->of_key || !table->of_flow)
        return false;
    memset(table->of_key, 0xff, chains * sizeof *table->of_key);
    memset(table->of_flow, 0xff, chains * sizeof *table->of_flow);
    for (uint32_t i = 0; i <= capacity; i++) {
        table->all[i].newer = i < capacity ? i + 1 : 0;
        table->all[i].older = i ? i - 1 : capacity;
    }
    return true;
}

void hint_table_free(struct hint_table *table)
{
    free(table->all);
    free(table->of_key);
    free(table->of_flow);
}

/* ---- by age: behind all[capacity] stands the oldest, before it the newest ---- */

static void unlink_age(struct hint_table *table, struct hint_entry *entry)
{
    table->all[entry->older].newer = entry->newer;
    table->all[entry->newer].older = entry->older;
}

static void link_age(struct hint_table *table, struct hint_entry *entry, uint32_t older, uint32_t newer)
{
    uint32_t i = (uint32_t)(entry - table->all);
    entry->older = older;
    entry->newer = newer;
    table->all[older].newer = table->all[newer].older = i;
}

void hint_touch(struct hint_table *table, struct hint_entry *entry, struct qw_time now)
{
    entry->heard = now;
    unlink_age(table, entry);
    link_age(table, entry, table->all[table->capacity].older, table->capacity);
}

/* ---- chains ---- */

/* Ids follow each other, so their low bits spread them. */
static uint32_t *chain_of_flow(struct hint_table *table, uint64_t id)
{
    return &table->of_flow[id & table->mask];
}

static uint32_t *chain_of_key(struct hint_table *table, uint64_t key)
{
    return &table->of_key[key & table->mask];
}

struct hint_entry *hint_by_key(struct hint_table *table, uint64_t key)
{
    uint32_t i = *chain_of_key(table, key);
    while (i != HINT_NONE && table->all[i].key != key)
        i = table->all[i].next_of_key;
    return i == HINT_NONE ? NULL : &table->all[i];
}

struct hint_entry *hint_by_flow(struct hint_table *table, uint64_t id)
{
    uint32_t i = *chain_of_flow(table, id);
    while (i != HINT_NONE && table->all[i].flow.id != id)
        i = table->all[i].next_of_flow;
    return i == HINT_NONE ? NULL : &table->all[i];
}

static void leave_chains(struct hint_table *table, struct hint_entry *entry)
{
    uint32_t i = (uint32_t)(entry - table->all);
    uint32_t *key = chain_of_key(table, entry->key), *flow = chain_of_flow(table, entry->flow.id);
    while (*key != i)
        key = &table->all[*key].next_of_key;
    while (*flow != i)
        flow = &table->all[*flow].next_of_flow;
    *key = entry->next_of_key;
    *flow = entry->next_of_flow;
}

static void enter_chains(struct hint_table *table, struct hint_entry *entry)
{
    uint32_t i = (uint32_t)(entry - table->all);
    uint32_t *key = chain_of_key(table, entry->key), *flow = chain_of_flow(table, entry->flow.id);
    entry->next_of_key = *key;
    entry->next_of_flow = *flow;
    *key = *flow = i;
}

/* ---- entries ---- */

void hint_remove(struct hint_table *table, struct hint_entry *entry)
{
    leave_chains(table, entry);
    table->lens[entry->len]--;
    table->servers[entry->server % HINT_SERVERS]--;
    entry->flow.id = 0;
    unlink_age(table, entry);
    link_age(table, entry, table->capacity, table->all[table->capacity].newer);
}

void hint_add(struct hint_table *table, const struct hint_entry *entry)
{
    struct hint_entry *place = &table->all[table->all[table->capacity].newer];
    if (place->flow.id)
        hint_remove(table, place);
    struct hint_entry added = *entry;
    added.older = place->older;
    added.newer = place->newer;
    *place = added;
    enter_chains(table, place);
    table->lens[place->len]++;
    table->servers[place->server % HINT_SERVERS]++;
    hint_touch(table, place, entry->heard);
}
