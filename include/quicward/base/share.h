/* Which flows a throttle blocks (RFC 9312 4.6). A flow has a place (throttle.h), of which the upper half
 * counts: shares that are in force are whole steps, so nothing is lost by it. Programs in the kernel compile
 * this as well, and so decide as the engine does. */
#ifndef QUICWARD_BASE_SHARE_H
#define QUICWARD_BASE_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#define QW_SHARE_STEPS 65536u /* a share of 1 */
#define QW_SHARE_SHIFT 16     /* bits of a place below a step */

/* The step on which `place` stands: 0 to QW_SHARE_STEPS - 1. */
static inline uint16_t qw_share_step(uint32_t place)
{
    return (uint16_t)(place >> QW_SHARE_SHIFT);
}

/* Is who stands on `step` blocked by `share`, in steps, 0 to QW_SHARE_STEPS? */
static inline bool qw_share_blocks(uint32_t share, uint16_t step)
{
    return step < share;
}

/* ---- what a flow offers ----
 *
 * Each flow adds its bytes to one cell of each row, by its hash. How much a cell may take until the next look
 * is its room: a flow that goes beyond it in every row is fat (src/throttle/sketch.h). */

#define QW_SHARE_ROWS 2
#define QW_SHARE_CELLS 4096u /* of a row */

/* Lower bits of a flow's hash that say which cells are its. */
#define QW_SHARE_HASH_BITS 24

static inline uint32_t qw_share_cell(uint32_t hash, unsigned row)
{
    return hash >> 12 * row & (QW_SHARE_CELLS - 1);
}

/* Is it too much for a cell if `bytes` more come after `before`? */
static inline bool qw_share_overflows(uint32_t room, uint32_t before, uint32_t bytes)
{
    return room == 0 || (uint64_t)before + bytes > room;
}

/* What is told of the fat flow that has a cell of the first row: its place, with these in the lowest bits. */
#define QW_SHARE_CONFIRMED 1u
#define QW_SHARE_BLOCKED 2u
#define QW_SHARE_KNOWN 4u
#define QW_SHARE_BITS 7u

static inline uint32_t qw_share_name(uint32_t place, bool confirmed, bool blocked)
{
    return (place & ~QW_SHARE_BITS) | QW_SHARE_KNOWN | (confirmed ? QW_SHARE_CONFIRMED : 0) |
           (blocked ? QW_SHARE_BLOCKED : 0);
}

#endif
