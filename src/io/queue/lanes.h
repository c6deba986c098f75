/* The lanes of a queue: who gets a turn while more comes than a worker can judge.
 *
 * A flood of first packets fills the kernel's queue, and with it the packets of known flows are lost. So a
 * worker that never sees its queue empty judges newcomers only for a part of its time, drops the others
 * unjudged, and thereby reads as fast as it can. The packets stay in the one order in which they came: a lane
 * is a share of the worker's time, no queue beside the queue. No packet of a flow can overtake another, and
 * it is the same with any tool that made the kernel's rules. */
#ifndef QUICWARD_IO_LANES_H
#define QUICWARD_IO_LANES_H

#include <limits.h>
#include <quicward/engine.h>
#include <stdbool.h>
#include <stdint.h>

/* Lanes count once so many full batches came in a row, and at least an eighth of the queue's length with
 * them. Fewer come with any burst. */
#define LANES_PRESSED 4
#define LANES_PART 8

/* Of each window of the time that the worker works a lane of newcomers may take a quarter, and one source a
 * quarter of that. A turn counts for no longer than the longest one is: then the machine did something else.
 */
#define LANES_WINDOW_NS (20 * QW_NS_PER_MS)
#define LANES_TIME_NS (LANES_WINDOW_NS / 4)
#define LANES_SOURCE_NS (LANES_TIME_NS / 4)
#define LANES_TURN_NS (QW_NS_PER_MS / 10)
#define LANES_SOURCES 256 /* told apart by the high bits of their numbers */

/* All zero: of a queue of no length to speak of. */
struct lanes {
    unsigned after;       /* full batches from which on lanes count, beside LANES_PRESSED */
    unsigned full;        /* batches in a row */
    struct qw_time began; /* the window */
    uint64_t taken[ENGINE_LANES];
    uint32_t by_source[ENGINE_LANES][LANES_SOURCES];
};

/* For a queue of that many packets, which come in batches of `batch`. */
void lanes_start(struct lanes *lanes, uint32_t queue_length, unsigned batch);

/* A batch came; `full`: as many as fit in it. */
static inline void lanes_batch(struct lanes *lanes, bool full)
{
    lanes->full = full ? lanes->full + (lanes->full < UINT_MAX) : 0;
}

static inline bool lanes_pressed(const struct lanes *lanes)
{
    return lanes->full >= LANES_PRESSED && lanes->full >= lanes->after;
}

/* Before turns are given: the worker has worked for `worked`, which says when the window is over. */
void lanes_turn(struct lanes *lanes, struct qw_time worked);

/* Whether a packet of that lane gets a turn; always true for known flows. */
bool lanes_admit(const struct lanes *lanes, enum engine_lane lane, uint64_t source);

/* Its turn took `ns`. */
void lanes_spend(struct lanes *lanes, enum engine_lane lane, uint64_t source, uint64_t ns);

#endif
