#include "nat_table.h"
#include <quicward/base/array.h>
#include <quicward/base/fetch.h>
#include <stdlib.h>

bool nat_table_init(struct nat_table *table, uint32_t capacity, struct qw_hash_key secret)
{
    size_t size = 8;
    while (size < 2 * (size_t)capacity)
        size *= 2;
    table->entries = qw_array(size, sizeof *table->entries);
    table->mask = (uint32_t)(size - 1);
    table->keys = 0;
    table->secret = secret;
    return table->entries != NULL;
}

void nat_table_free(struct nat_table *table)
{
    free(table->entries);
}

/* The hash stands in the entry. */
static void move_entry(const struct nat_table *to, const struct nat_entry *entry)
{
    uint32_t at = entry->hash & to->mask;
    while (to->entries[at].value != 0)
        at = (at + 1) & to->mask;
    to->entries[at] = *entry;
}

void nat_table_move(struct nat_table *from, struct nat_table *to)
{
    struct nat_table larger = *to;
    for (size_t at = 0; at <= from->mask; at++)
        if (from->entries[at].value != 0)
            move_entry(to, &from->entries[at]);
    larger.keys = from->keys;
    *to = *from;
    *from = larger;
}

uint32_t nat_table_hash(const struct nat_table *table, uint64_t key)
{
    return (uint32_t)qw_hash(table->secret, &key, sizeof key);
}

/* The entry of `key`, or the free one where it belongs. */
static struct nat_entry *locate(const struct nat_table *table, uint64_t key, uint32_t hash)
{
    uint32_t at = hash & table->mask;
    while (table->entries[at].value != 0 && table->entries[at].key != key)
        at = (at + 1) & table->mask;
    return &table->entries[at];
}

/* Closes the gap that `gone` leaves: entries behind it that were probed past it move up. */
static void close_gap(struct nat_table *table, struct nat_entry *gone)
{
    uint32_t mask = table->mask, hole = (uint32_t)(gone - table->entries), at = hole;
    for (;;) {
        at = (at + 1) & mask;
        struct nat_entry entry = table->entries[at];
        if (entry.value == 0)
            break;
        uint32_t probed = (at - entry.hash) & mask, gap = (at - hole) & mask;
        if (probed < gap)
            continue;
        table->entries[hole] = entry;
        hole = at;
    }
    table->entries[hole].value = 0;
    table->keys--;
}

void nat_table_fetch(const struct nat_table *table, uint32_t hash)
{
    qw_fetch(&table->entries[hash & table->mask]);
}

uint32_t nat_table_get_at(const struct nat_table *table, uint64_t key, uint32_t hash)
{
    return locate(table, key, hash)->value;
}

uint32_t nat_table_get(const struct nat_table *table, uint64_t key)
{
    return nat_table_get_at(table, key, nat_table_hash(table, key));
}

void nat_table_put_at(struct nat_table *table, uint64_t key, uint32_t value, uint32_t hash)
{
    struct nat_entry *entry = locate(table, key, hash);
    table->keys += entry->value == 0;
    *entry = (struct nat_entry){key, value, hash};
}

void nat_table_put(struct nat_table *table, uint64_t key, uint32_t value)
{
    nat_table_put_at(table, key, value, nat_table_hash(table, key));
}

void nat_table_remove(struct nat_table *table, uint64_t key)
{
    struct nat_entry *entry = locate(table, key, nat_table_hash(table, key));
    if (entry->value != 0)
        close_gap(table, entry);
}

void nat_table_up_at(struct nat_table *table, uint64_t key, uint32_t hash)
{
    struct nat_entry *entry = locate(table, key, hash);
    table->keys += entry->value == 0;
    *entry = (struct nat_entry){key, entry->value + 1, hash};
}

void nat_table_up(struct nat_table *table, uint64_t key)
{
    nat_table_up_at(table, key, nat_table_hash(table, key));
}

void nat_table_down(struct nat_table *table, uint64_t key)
{
    struct nat_entry *entry = locate(table, key, nat_table_hash(table, key));
    if (entry->value > 1)
        entry->value--;
    else if (entry->value == 1)
        close_gap(table, entry);
}

void nat_table_remove_range(struct nat_table *table, uint64_t first, uint64_t last)
{
    for (size_t at = 0; at <= table->mask;) {
        struct nat_entry *entry = &table->entries[at];
        if (entry->value != 0 && entry->key >= first && entry->key <= last)
            close_gap(table, entry); /* what moved up is looked at next */
        else
            at++;
    }
}
