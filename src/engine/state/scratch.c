#include "scratch.h"
#include <quicward/base/fetch.h>
#include <stddef.h>
#include <stdlib.h>

bool scratch_init(struct scratch_pool *pool, uint32_t capacity, uint16_t chunks)
{
    *pool = (struct scratch_pool){.head = FLOW_NONE,
                                  .tail = FLOW_NONE,
                                  .free_head = FLOW_NONE,
                                  .pieces_head = FLOW_NONE,
                                  .pieces_tail = FLOW_NONE,
                                  .chunk_count = chunks};
    pool->all = calloc(capacity, sizeof *pool->all);
    pool->chunks = quic_chunks_new(chunks);
    if (!pool->all || !pool->chunks)
        return false;
    for (uint32_t i = capacity; i-- > 0;) {
        pool->all[i].newer = pool->free_head;
        pool->free_head = i;
    }
    return true;
}

void scratch_free(struct scratch_pool *pool)
{
    free(pool->all);
    quic_chunks_free(pool->chunks);
}

static void append(struct scratch_pool *pool, uint32_t i)
{
    pool->all[i].older = pool->tail;
    pool->all[i].newer = FLOW_NONE;
    if (pool->tail == FLOW_NONE)
        pool->head = i;
    else
        pool->all[pool->tail].newer = i;
    pool->tail = i;
}

static void detach(struct scratch_pool *pool, uint32_t i)
{
    uint32_t older = pool->all[i].older, newer = pool->all[i].newer;
    if (older == FLOW_NONE)
        pool->head = newer;
    else
        pool->all[older].newer = newer;
    if (newer == FLOW_NONE)
        pool->tail = older;
    else
        pool->all[newer].older = older;
}

/* ---- pieces of ClientHellos ---- */

static void pieces_append(struct scratch_pool *pool, uint32_t i)
{
    pool->all[i].keeps_pieces = true;
    pool->all[i].pieces_older = pool->pieces_tail;
    pool->all[i].pieces_newer = FLOW_NONE;
    if (pool->pieces_tail == FLOW_NONE)
        pool->pieces_head = i;
    else
        pool->all[pool->pieces_tail].pieces_newer = i;
    pool->pieces_tail = i;
}

static void pieces_detach(struct scratch_pool *pool, uint32_t i)
{
    uint32_t older = pool->all[i].pieces_older, newer = pool->all[i].pieces_newer;
    if (!pool->all[i].keeps_pieces)
        return;
    pool->all[i].keeps_pieces = false;
    if (older == FLOW_NONE)
        pool->pieces_head = newer;
    else
        pool->all[older].pieces_newer = newer;
    if (newer == FLOW_NONE)
        pool->pieces_tail = older;
    else
        pool->all[newer].pieces_older = older;
}

/* Each turn of the loop takes one from the list that an earlier call put there. */
void scratch_spare_pieces(struct scratch_pool *pool, unsigned need)
{
    while (quic_chunks_used(pool->chunks) + need > pool->chunk_count && pool->pieces_head != FLOW_NONE) {
        struct scratch *oldest = &pool->all[pool->pieces_head];
        hello_forget(oldest->hellos, &oldest->confirm, pool->chunks);
        pieces_detach(pool, pool->pieces_head);
    }
}

void scratch_keep_pieces(struct scratch_pool *pool, struct scratch *scratch)
{
    if (!scratch->keeps_pieces)
        pieces_append(pool, (uint32_t)(scratch - pool->all));
}

/* ---- scratches ---- */

void scratch_release(struct scratch_pool *pool, struct flow *flow)
{
    uint32_t i = flow->handshake;
    if (i == FLOW_NONE)
        return;
    detach(pool, i);
    pieces_detach(pool, i);
    hello_release(pool->all[i].hellos, &pool->all[i].confirm, pool->chunks);
    flow->handshake = FLOW_NONE;
    pool->all[i].owner = NULL;
    pool->all[i].revision++;
    pool->all[i].newer = pool->free_head;
    pool->free_head = i;
}

/* The next new flow's scratch comes out of memory while this one's packet is decrypted. */
static void fetch_next(const struct scratch_pool *pool)
{
    if (pool->free_head == FLOW_NONE)
        return;
    const struct scratch *next = &pool->all[pool->free_head];
    qw_fetch_all(next, offsetof(struct scratch, confirm.attempts[1]));
    qw_fetch_all(&next->hellos[0], offsetof(struct hello, stream.range[1]));
}

struct scratch *scratch_of(struct scratch_pool *pool, struct flow *flow)
{
    if (flow->handshake != FLOW_NONE)
        return &pool->all[flow->handshake];
    if (pool->free_head == FLOW_NONE) {
        scratch_release(pool, pool->all[pool->head].owner);
        pool->taken_back++;
    }
    uint32_t i = pool->free_head;
    struct scratch *scratch = &pool->all[i];
    pool->free_head = scratch->newer;
    scratch->owner = flow;
    scratch->revision++;
    confirm_start(&scratch->confirm);
    scratch->confirm.serials = pool->serials;
    flow->handshake = i;
    append(pool, i);
    fetch_next(pool);
    return scratch;
}
