/* What ClientHellos said, kept for reports: a bounded pool in which flows of the same name share one entry.
 */
#ifndef ENGINE_NAMES_H
#define ENGINE_NAMES_H

#include <quicward/engine.h>

struct name_entry {
    struct engine_hello hello;
    uint64_t hash;
    uint32_t users; /* flows that point here; 0: free */
    uint32_t next;  /* in its bucket, or in the free list */
};

struct name_pool {
    struct name_entry *all; /* owned */
    uint32_t *buckets;      /* owned */
    uint32_t mask, free_head;
    struct qw_hash_key secret;
};

/* `capacity` of at least 1. False when memory is short; names_free takes what is there. */
bool names_init(struct name_pool *pool, uint32_t capacity, struct qw_hash_key secret);
void names_free(struct name_pool *pool);

/* The entry for `hello`, shared if there is one; FLOW_NONE when the pool is full. Every call is one use. */
uint32_t names_take(struct name_pool *pool, const struct tls_client_hello *hello);

/* Ends one use of `entry`; nothing for FLOW_NONE. */
void names_drop(struct name_pool *pool, uint32_t entry);

#endif
