/* What throttles say of flows that go fast, and what they are to know of them. The program in the kernel and
 * the daemon compile this. How it is judged is base/share.h; the throttle does the same with what passes the
 * queue. */
#ifndef FAST_LIMIT_H
#define FAST_LIMIT_H

#include "fast_record.h"
#include <quicward/base/share.h>

#define FAST_LIMITS_MAX 16

enum fast_limit_flag {
    FAST_LIMITED = 1 << 0, /* what goes upwards is counted, downwards: the next bit; */
    FAST_ACTIVE = 1 << 2,  /* may be blocked for the sake of that direction; likewise */
    FAST_WEIGHS = 1 << 4,  /* flows that offer little are told from fat ones */
    FAST_SPARES = 1 << 5   /* confirmed flows are spared */
};

/* Of one interface, in the map `limits`, which the daemon writes through a mapping. */
struct fast_limit {
    uint32_t shares[2][2][2]; /* in force, in steps: by direction, confirmed, small */
    uint32_t number;          /* of `marks` and `cells`, below FAST_LIMITS_MAX */
    uint32_t flags;           /* enum fast_limit_flag */
};

/* What came by it, in one direction: in the map `loads`, of one processor. */
struct fast_load {
    uint64_t offered, passed; /* bytes of IP */
    uint64_t dropped;         /* packets */
};

/* Flows that were blocked, or spared for being confirmed or small, in the map `marks`: a bit each, which the
 * daemon clears. */
#define FAST_MARKS 1024 /* words */
enum fast_mark { FAST_BLOCKED, FAST_SPARED, FAST_SMALL, FAST_MARK_COUNT };
struct fast_marks {
    uint64_t words[FAST_MARKS];
};

/* Of one direction, in the map `cells`: bytes and names go to the daemon, rooms come from it. */
struct fast_cells {
    uint32_t bytes[QW_SHARE_ROWS][QW_SHARE_CELLS], room[QW_SHARE_ROWS][QW_SHARE_CELLS];
    uint32_t who[QW_SHARE_CELLS];
};

/* The interface outside that the flow passes. */
static inline uint32_t fast_outside(const struct fast_record *record)
{
    return record->flags & FAST_DOWN ? record->in_port : record->out_port;
}

/* Sixteen bits that tell flows apart, by their numbers: all of them while these are below 65,536. */
static inline uint16_t fast_flow_mark(uint32_t number)
{
    return (uint16_t)((number * 0x9e3779b1u) ^ (number >> 16));
}

/* Is a flow fat once `bytes` more of it came? */
static inline bool fast_is_fat(const struct fast_cells *cells, uint32_t hash, uint32_t bytes)
{
    uint32_t first = qw_share_cell(hash, 0), second = qw_share_cell(hash, 1);
    return qw_share_overflows(cells->room[0][first], cells->bytes[0][first], bytes) &&
           qw_share_overflows(cells->room[1][second], cells->bytes[1][second], bytes);
}

/* The kind of a flow by which it is spared. */
static inline bool fast_is_spared(const struct fast_limit *limit, const struct fast_record *record)
{
    return limit->flags & FAST_SPARES && record->flags & FAST_CONFIRMED;
}

/* The share that blocks a flow for the sake of direction `way`. */
static inline uint32_t fast_share(const struct fast_limit *limit, const struct fast_record *record,
                                  unsigned way, bool fat)
{
    return limit->shares[way & 1][(record->flags & FAST_CONFIRMED) != 0][!fat];
}

#endif
