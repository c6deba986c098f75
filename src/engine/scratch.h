/* The handshake scratch of one shard: a bounded pool. When all is in use, the scratch that has been out
 * longest is taken back: a handshake takes round trips, a forger's first packet waits for nothing. */
#ifndef ENGINE_SCRATCH_H
#define ENGINE_SCRATCH_H

#include "hello.h"

struct scratch {
    struct flow *owner; /* NULL: free. Borrowed from the flow table */
    uint32_t revision;  /* changes whenever `confirm` or `owner` does */
    uint32_t older, newer;
    struct confirm confirm;
    struct hello hellos[CONFIRM_ATTEMPTS];
};

struct scratch_pool {
    struct scratch *all; /* owned */
    uint32_t head, tail; /* in use, longest out first */
    uint32_t free_head;  /* linked by `newer` */
    uint64_t taken_back;
    struct quic_chunks *chunks; /* owned: what ClientHellos in pieces are kept in */
};

/* `capacity` of at least 1, `chunks` as quic_chunks_new takes it. False when memory is short; scratch_free
 * takes what is there. */
bool scratch_init(struct scratch_pool *pool, uint32_t capacity, uint16_t chunks);
void scratch_free(struct scratch_pool *pool);

/* The flow's scratch, a fresh one if it has none. */
struct scratch *scratch_of(struct scratch_pool *pool, struct flow *flow);

/* Gives the flow's scratch back; nothing when it has none. */
void scratch_release(struct scratch_pool *pool, struct flow *flow);

#endif
