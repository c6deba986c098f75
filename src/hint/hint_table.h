/* The entries: found by connection ID and by flow, and in the order in which they were last heard. With the
 * lock held. */
#ifndef HINT_TABLE_H
#define HINT_TABLE_H

#include <quicward/hint.h>

#define HINT_NONE UINT32_MAX

struct hint_entry {
    uint64_t key, server;  /* hashes: of server and connection ID; of the server */
    struct hint_flow flow; /* id 0: free */
    uint64_t before;       /* the flow that it goes on with; 0: none */
    struct qw_time heard;
    uint32_t next_of_key, next_of_flow; /* in their chains */
    uint32_t older, newer;              /* neighbours by age, a ring with hint_table.all[capacity] */
    uint8_t len;                        /* of the connection ID */
    bool shared;                        /* several flows have it */
};

#define HINT_SERVERS 4096 /* power of two */

struct hint_table {
    struct hint_entry *all;          /* owned; one more than capacity */
    uint32_t *of_key, *of_flow;      /* owned; first of each chain */
    uint32_t capacity, mask;         /* of chains: their number less one */
    uint32_t lens[HINT_CID_MAX + 1]; /* entries by length */
    uint32_t servers[HINT_SERVERS];  /* entries by hash of the server */
};

/* False when memory is short; hint_table_free in either case. */
bool hint_table_init(struct hint_table *table, uint32_t capacity);
void hint_table_free(struct hint_table *table);

/* NULL when there is none. */
struct hint_entry *hint_by_key(struct hint_table *table, uint64_t key);
struct hint_entry *hint_by_flow(struct hint_table *table, uint64_t id);

/* Adds what `entry` says, in the place of the one that was heard least recently. No other may have its key or
 * flow. */
void hint_add(struct hint_table *table, const struct hint_entry *entry);
void hint_remove(struct hint_table *table, struct hint_entry *entry);

/* It was heard `now`. */
void hint_touch(struct hint_table *table, struct hint_entry *entry, struct qw_time now);

#endif
