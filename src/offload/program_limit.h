/* Part of program.bpf.c: drops what throttles block, and counts for them. */
#ifndef PROGRAM_LIMIT_H
#define PROGRAM_LIMIT_H

static __always_inline void mark(const struct passage *p, const struct fast_limit *limit, enum fast_mark kind)
{
    uint16_t flow = fast_flow_mark(fast_flow(&p->copy));
    uint32_t key = limit->number * FAST_MARK_COUNT + kind, word = unknown(flow / 64) & (FAST_MARKS - 1);
    struct fast_marks *of = bpf_map_lookup_elem(&marks, &key);
    uint64_t bit = 1ull << flow % 64;
    if (of && !(*(volatile uint64_t *)&of->words[word] & bit))
        __sync_fetch_and_or(&of->words[word], bit);
}

static __always_inline void count_load(const struct passage *p, uint32_t port, uint32_t way, bool blocked)
{
    uint32_t key = 2 * port + way;
    struct fast_load *load = bpf_map_lookup_elem(&loads, &key);
    if (!load)
        return;
    load->offered += bytes_of(p);
    if (blocked)
        load->dropped += p->segments;
    else
        load->passed += bytes_of(p);
}

static __always_inline uint32_t hash_of(const struct passage *p)
{
    return unknown(fast_hash(&p->copy));
}

static __always_inline struct fast_cells *cells_of(const struct fast_limit *limit, uint32_t way)
{
    uint32_t key = 2 * limit->number + way;
    return bpf_map_lookup_elem(&cells, &key);
}

/* What a flow offers of which the program has no cells stays in the queue: no cells, no weight. */
static __always_inline bool is_fat(const struct passage *p, const struct fast_limit *limit, uint32_t way,
                                   uint32_t bytes)
{
    if (!(limit->flags & FAST_WEIGHS))
        return true;
    const struct fast_cells *of = cells_of(limit, way);
    return !of || fast_is_fat(of, hash_of(p), bytes);
}

static __always_inline void weigh(const struct passage *p, const struct fast_limit *limit, uint32_t way)
{
    struct fast_cells *of = cells_of(limit, way);
    if (!of)
        return;
    uint32_t hash = hash_of(p);
    __sync_fetch_and_add(&of->bytes[0][qw_share_cell(hash, 0)], bytes_of(p));
    __sync_fetch_and_add(&of->bytes[1][qw_share_cell(hash, 1)], bytes_of(p));
}

static __always_inline void name(const struct passage *p, const struct fast_limit *limit, uint32_t way,
                                 uint32_t name)
{
    struct fast_cells *of = cells_of(limit, way);
    if (of)
        of->who[qw_share_cell(hash_of(p), 0)] = name;
}

/* As the throttle judges what passes the queue. */
static __always_inline bool judge_limit(const struct passage *p, const struct fast_limit *limit, uint32_t way)
{
    bool fat[2] = {false, false};
    uint32_t share = 0;
#pragma GCC unroll 2
    for (uint32_t i = 0; i < 2; i++) {
        if (limit->flags & FAST_ACTIVE << i)
            fat[i] = is_fat(p, limit, i, i == way ? bytes_of(p) : 0);
        uint32_t of = fast_share(limit, &p->copy, i, fat[i]);
        share = of > share ? of : share;
    }
    bool blocked = qw_share_blocks(share, p->copy.place), spared = fast_is_spared(limit, &p->copy);
#pragma GCC unroll 2
    for (uint32_t i = 0; i < 2; i++)
        if (fat[i] && limit->flags & FAST_WEIGHS)
            name(p, limit, i, qw_share_name((uint32_t)p->copy.place << QW_SHARE_SHIFT, spared, blocked));
    if (blocked)
        mark(p, limit, FAST_BLOCKED);
    else if (spared)
        mark(p, limit, FAST_SPARED);
    else if (!fat[0] && !fat[1])
        mark(p, limit, FAST_SMALL);
    return blocked;
}

/* Of a packet that would be forwarded. */
static __always_inline bool is_throttled(const struct passage *p)
{
    uint32_t port = fast_outside(&p->copy), way = (p->copy.flags & FAST_DOWN) != 0;
    if (!(p->control->limited >> (port & 63) & 1))
        return false;
    const struct fast_limit *limit = bpf_map_lookup_elem(&limits, &port);
    if (!limit)
        return false;
    bool blocked = limit->flags & (FAST_ACTIVE | FAST_ACTIVE << 1) && judge_limit(p, limit, way);
    count_load(p, port, way, blocked);
    if (limit->flags & FAST_WEIGHS && limit->flags & FAST_LIMITED << way)
        weigh(p, limit, way);
    return blocked;
}

#endif
