/* The handshake scratch of one shard: a bounded pool. When all is in use, the scratch that has been out
 * longest is taken back: a handshake takes round trips, a forger's first packet waits for nothing. */
#ifndef ENGINE_SCRATCH_H
#define ENGINE_SCRATCH_H

#include "hello.h"

struct scratch {
    struct flow *owner; /* NULL: free. Borrowed from the flow table */
    uint32_t revision;  /* changes whenever `confirm` or `owner` does */
    uint32_t older, newer;
    uint32_t pieces_older, pieces_newer; /* in the list of those that keep pieces of ClientHellos */
    bool keeps_pieces;                   /* it stands there */
    struct confirm confirm;
    struct hello hellos[CONFIRM_ATTEMPTS];
};

struct scratch_pool {
    struct scratch *all;               /* owned */
    uint32_t head, tail;               /* in use, longest out first */
    uint32_t free_head;                /* linked by `newer` */
    uint32_t pieces_head, pieces_tail; /* that keep pieces of ClientHellos, longest first */
    uint64_t taken_back;
    uint64_t serials;           /* the last one given to an attempt of any flow: no flow sees one twice */
    struct quic_chunks *chunks; /* owned: what ClientHellos in pieces are kept in */
    uint16_t chunk_count;
};

/* `capacity` of at least 1, `chunks` as quic_chunks_new takes it. False when memory is short; scratch_free
 * takes what is there. */
bool scratch_init(struct scratch_pool *pool, uint32_t capacity, uint16_t chunks);
void scratch_free(struct scratch_pool *pool);

/* The flow's scratch, a fresh one if it has none. */
struct scratch *scratch_of(struct scratch_pool *pool, struct flow *flow);

/* Makes room for pieces that may take `need` chunks: when they do not fit, the pieces that were kept longest
 * are lost. Their attempts stay what they are. */
void scratch_spare_pieces(struct scratch_pool *pool, unsigned need);

/* The scratch keeps pieces from now on, and may lose them so. */
void scratch_keep_pieces(struct scratch_pool *pool, struct scratch *scratch);

/* Gives the flow's scratch back; nothing when it has none. */
void scratch_release(struct scratch_pool *pool, struct flow *flow);

#endif
