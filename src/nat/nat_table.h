/* Numbers by 64-bit keys: open addressing with linear probing, at most half full, no tombstones. The hash is
 * keyed, so that inside hosts cannot pile their entries up. Not thread safe. */
#ifndef NAT_TABLE_H
#define NAT_TABLE_H

#include <quicward/base/hash.h>
#include <stdbool.h>
#include <stdint.h>

struct nat_entry {
    uint64_t key;
    uint32_t value; /* 0: free */
    uint32_t hash;
};

struct nat_table {
    struct nat_entry *entries; /* owned */
    uint32_t mask;
    uint32_t keys; /* that are there */
    struct qw_hash_key secret;
};

/* Room for `capacity` keys at once (up to 2^31), which callers must not exceed. False when memory is short.
 */
bool nat_table_init(struct nat_table *table, uint32_t capacity, struct qw_hash_key secret);
void nat_table_free(struct nat_table *table);

/* Keys that it has room for. */
static inline uint32_t nat_table_room(const struct nat_table *table)
{
    return (table->mask + 1) / 2;
}

/* All of `from` goes into `to`, which is empty and large enough, and to->secret is that of `from`; then each
 * has the other's memory. */
void nat_table_move(struct nat_table *from, struct nat_table *to);

/* For who looks for a key more than once: its hash; begin to fetch the memory that the others need; and they
 * themselves, as nat_table_get, nat_table_put and nat_table_up. */
uint32_t nat_table_hash(const struct nat_table *table, uint64_t key);
void nat_table_fetch(const struct nat_table *table, uint32_t hash);
uint32_t nat_table_get_at(const struct nat_table *table, uint64_t key, uint32_t hash);
void nat_table_put_at(struct nat_table *table, uint64_t key, uint32_t value, uint32_t hash);
void nat_table_up_at(struct nat_table *table, uint64_t key, uint32_t hash);

/* 0 for a key that is not there. */
uint32_t nat_table_get(const struct nat_table *table, uint64_t key);

/* `value` is not 0. */
void nat_table_put(struct nat_table *table, uint64_t key, uint32_t value);
void nat_table_remove(struct nat_table *table, uint64_t key);

/* Counts: a key that is not there has 0, one that comes to 0 goes. */
void nat_table_up(struct nat_table *table, uint64_t key);
void nat_table_down(struct nat_table *table, uint64_t key);

/* Removes all keys from `first` to `last`, both included. Walks the whole table. */
void nat_table_remove_range(struct nat_table *table, uint64_t first, uint64_t last);

#endif
