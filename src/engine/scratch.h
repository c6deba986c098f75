/* The handshake scratch of one shard: a bounded pool. When all is in use, the scratch that has been out
 * longest is taken back: a handshake takes round trips, a forger's first packet waits for nothing. */
#ifndef ENGINE_SCRATCH_H
#define ENGINE_SCRATCH_H

#include <quicward/confirm.h>

struct scratch {
    struct confirm confirm;
    struct flow *owner; /* NULL: free. Borrowed from the flow table */
    uint32_t revision;  /* changes whenever `confirm` or `owner` does */
    uint32_t older, newer;
};

struct scratch_pool {
    struct scratch *all; /* owned */
    uint32_t head, tail; /* in use, longest out first */
    uint32_t free_head;  /* linked by `newer` */
    uint64_t taken_back;
};

/* `capacity` of at least 1. False when memory is short. */
bool scratch_init(struct scratch_pool *pool, uint32_t capacity);
void scratch_free(struct scratch_pool *pool);

/* The flow's scratch, a fresh one if it has none. */
struct scratch *scratch_of(struct scratch_pool *pool, struct flow *flow);

/* Gives the flow's scratch back; nothing when it has none. */
void scratch_release(struct scratch_pool *pool, struct flow *flow);

#endif
