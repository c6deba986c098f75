/* How much single flows offer, without a table of flows: each flow adds its bytes to one cell of each row (a
 * count-min sketch), so a flow is never taken for smaller than it is, and for larger only where it meets
 * large ones in every row. Blocked packets count too: a blocked flow has no record, and stays known by its
 * cells.
 *
 * The level is the fair share: the rate at which flows would have to be cut for all of them to fit (max-min
 * fairness). A flow over it is fat: at once when it offers more than the level allows in a second, and until
 * the highest rate that is remembered fell to a quarter of the level. It is forgotten slowly, and more slowly
 * while the flow is blocked: one that stops, or tries with little, does not come back as a small one each
 * time.
 *
 * Packets touch atomics only; the rest is for one thread at a time. */
#ifndef SKETCH_H
#define SKETCH_H

#include <quicward/base/share.h>
#include <quicward/throttle.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define SKETCH_ROWS QW_SHARE_ROWS
#define SKETCH_CELLS QW_SHARE_CELLS /* a power of two; a flow of 100,000 meets 24 others in each row */

/* Fat load by place, in bins of the place's highest ten bits (20 flows mostly stand alone in theirs), apart
 * for flows that are confirmed. */
#define SKETCH_BINS 1024u
#define SKETCH_BIN_SHIFT 22
#define SKETCH_KINDS 2

struct cell {
    _Atomic uint32_t bytes; /* since the last look */
    _Atomic uint32_t room;  /* bytes from which on its flows are fat; 0: they are */
    float rate;             /* bytes a second, smoothed over a second */
    float peak;             /* the highest rate, forgotten slowly */
};

struct sketch {
    struct cell cells[SKETCH_ROWS][SKETCH_CELLS];
    _Atomic uint32_t who[SKETCH_CELLS]; /* by the first row: qw_share_name of a fat flow; 0 not known */
    double level;                       /* bytes a second; INFINITY: no flow is fat */
};

/* What is fat, bits a second. */
struct fat_load {
    float live[SKETCH_KINDS][SKETCH_BINS]; /* offered now */
    float held[SKETCH_KINDS][SKETCH_BINS]; /* with what is remembered of flows that paused */
    float unknown;                         /* held, of flows whose place is not known */
};

/* No flow is fat. One thread at a time. */
void sketch_clear(struct sketch *sketch);

/* Any thread. */
void sketch_add(struct sketch *sketch, uint64_t hash, uint32_t bytes);

/* Is the flow fat once `bytes` more of it came? Any thread. */
bool sketch_fat(const struct sketch *sketch, uint64_t hash, uint32_t bytes);

/* The fat flow of that hash has that name (qw_share_name). Any thread. */
void sketch_name(struct sketch *sketch, uint64_t hash, uint32_t name);

/* What somebody else has counted in cells of its own. Any thread. */
void sketch_add_all(struct sketch *sketch, const struct throttle_cells *cells);

/* The rooms as they are now, for somebody else. */
void sketch_rooms(const struct sketch *sketch, uint32_t out[SKETCH_ROWS][SKETCH_CELLS]);

/* `seconds` went by in which nobody was at work: what was queued meanwhile makes no flow fat. */
void sketch_stall(struct sketch *sketch, double seconds);

/* A look, `seconds` after the last: rates and, while `limiting` (something is to be blocked), the level for
 * `capacity` bits a second. */
void sketch_look(struct sketch *sketch, double seconds, double capacity, bool limiting);

void sketch_fat_load(const struct sketch *sketch, struct fat_load *out);

#endif
