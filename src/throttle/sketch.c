#include "sketch.h"
#include <math.h>
#include <string.h>

#define SMOOTH_S 1.0    /* rates are means over so long; a flow may offer its share of so long at once */
#define PEAK_S 10.0     /* the highest rate is forgotten with this time constant */
#define BLOCKED_S 30.0  /* and that of a blocked flow with this one */
#define THIN_AGAIN 0.25 /* of the level: a fat flow is fat down to it */
#define LEVEL_S 5.0     /* the level rises with this one: those who gave up for a moment will be back */

/* A level is sought by powers of two, each in eight parts, of bytes a second. */
#define STEPS_OCTAVE 8
#define STEPS (32 * STEPS_OCTAVE)

/* If all that is remembered would fit when flows must be blocked first, the level is as for this much of it.
 */
#define FITS 0.95

static uint32_t room_of(const struct cell *cell)
{
    return atomic_load_explicit(&cell->room, memory_order_relaxed);
}

static uint32_t index_of(uint64_t hash, unsigned row)
{
    return qw_share_cell((uint32_t)hash, row);
}

void sketch_clear(struct sketch *sketch)
{
    memset(sketch, 0, sizeof(*sketch));
    sketch->level = INFINITY;
    for (unsigned row = 0; row < SKETCH_ROWS; row++)
        for (unsigned i = 0; i < SKETCH_CELLS; i++)
            atomic_init(&sketch->cells[row][i].room, UINT32_MAX);
}

void sketch_add(struct sketch *sketch, uint64_t hash, uint32_t bytes)
{
    for (unsigned row = 0; row < SKETCH_ROWS; row++)
        atomic_fetch_add_explicit(&sketch->cells[row][index_of(hash, row)].bytes, bytes,
                                  memory_order_relaxed);
}

bool sketch_fat(const struct sketch *sketch, uint64_t hash, uint32_t bytes)
{
    for (unsigned row = 0; row < SKETCH_ROWS; row++) {
        const struct cell *cell = &sketch->cells[row][index_of(hash, row)];
        uint32_t before = atomic_load_explicit(&cell->bytes, memory_order_relaxed);
        if (!qw_share_overflows(room_of(cell), before, bytes))
            return false;
    }
    return true;
}

void sketch_name(struct sketch *sketch, uint64_t hash, uint32_t name)
{
    _Atomic uint32_t *who = &sketch->who[index_of(hash, 0)];
    if (atomic_load_explicit(who, memory_order_relaxed) != name)
        atomic_store_explicit(who, name, memory_order_relaxed);
}

void sketch_add_all(struct sketch *sketch, const struct throttle_cells *cells)
{
    for (unsigned row = 0; row < SKETCH_ROWS; row++)
        for (unsigned i = 0; i < SKETCH_CELLS; i++)
            if (cells->bytes[row][i] > 0)
                atomic_fetch_add_explicit(&sketch->cells[row][i].bytes, cells->bytes[row][i],
                                          memory_order_relaxed);
    for (unsigned i = 0; i < SKETCH_CELLS; i++)
        if (cells->who[i] != 0)
            atomic_store_explicit(&sketch->who[i], cells->who[i], memory_order_relaxed);
}

void sketch_rooms(const struct sketch *sketch, uint32_t out[SKETCH_ROWS][SKETCH_CELLS])
{
    for (unsigned row = 0; row < SKETCH_ROWS; row++)
        for (unsigned i = 0; i < SKETCH_CELLS; i++)
            out[row][i] = room_of(&sketch->cells[row][i]);
}

static uint32_t whole_bytes(double bytes)
{
    return bytes < UINT32_MAX ? (uint32_t)bytes : UINT32_MAX;
}

void sketch_stall(struct sketch *sketch, double seconds)
{
    if (isinf(sketch->level))
        return;
    for (unsigned row = 0; row < SKETCH_ROWS; row++)
        for (unsigned i = 0; i < SKETCH_CELLS; i++) {
            _Atomic uint32_t *room = &sketch->cells[row][i].room;
            uint32_t before = atomic_load_explicit(room, memory_order_relaxed);
            if (before > 0)
                atomic_store_explicit(room, whole_bytes(before + sketch->level * seconds),
                                      memory_order_relaxed);
        }
}

/* A cell over its room has fat flows from here on, also if its rate over the whole look is lower. */
static void look_at(struct cell *cell, double seconds, float keep, double level)
{
    uint32_t bytes = 0;
    if (atomic_load_explicit(&cell->bytes, memory_order_relaxed) > 0)
        bytes = atomic_exchange_explicit(&cell->bytes, 0, memory_order_relaxed);
    uint32_t room = room_of(cell);
    cell->rate += (float)((bytes / seconds - cell->rate) * fmin(seconds / SMOOTH_S, 1));
    cell->peak = fmaxf(cell->rate, cell->peak * keep);
    if (bytes > room && room > 0)
        cell->peak = fmaxf(cell->peak, (float)level * 1.01f);
    if (cell->peak < 1)
        cell->peak = cell->rate = 0;
}

static unsigned step_of(float rate)
{
    int exponent;
    float part = frexpf(rate, &exponent); /* 0.5 .. 1 */
    int step = exponent * STEPS_OCTAVE + (int)((part - 0.5f) * 2 * STEPS_OCTAVE);
    return step < 0 ? 0 : step >= STEPS ? STEPS - 1 : (unsigned)step;
}

struct steps {
    double sum[STEPS];
    unsigned count[STEPS], all;
    double total;
};

static void sort_cells(const struct sketch *sketch, struct steps *steps)
{
    memset(steps, 0, sizeof(*steps));
    for (unsigned i = 0; i < SKETCH_CELLS; i++) {
        float peak = sketch->cells[0][i].peak;
        if (peak <= 0)
            continue;
        unsigned step = step_of(peak);
        steps->sum[step] += peak;
        steps->count[step]++;
        steps->all++;
        steps->total += peak;
    }
}

/* Where all flows cut to it are `capacity` together. */
static double level_of(const struct steps *steps, double capacity)
{
    double below = 0;
    unsigned above = steps->all;
    for (unsigned step = 0; step < STEPS && above > 0; step++) {
        if (steps->count[step] == 0)
            continue;
        double level = (capacity - below) / above;
        if (level <= steps->sum[step] / steps->count[step])
            return level;
        below += steps->sum[step];
        above -= steps->count[step];
    }
    return INFINITY;
}

static void set_level(struct sketch *sketch, double seconds, double capacity, bool limiting)
{
    struct steps steps;
    if (!limiting) {
        sketch->level = INFINITY;
        return;
    }
    sort_cells(sketch, &steps);
    double level = level_of(&steps, capacity);
    if (isinf(sketch->level) && isinf(level))
        level = level_of(&steps, FITS * steps.total);
    if (isinf(sketch->level) || level <= sketch->level)
        sketch->level = level;
    else
        sketch->level += (fmin(level, capacity) - sketch->level) * fmin(seconds / LEVEL_S, 1);
}

/* What may come before the next look, at most a second's. */
static void set_room(struct cell *cell, double level)
{
    double room = UINT32_MAX;
    if (!isinf(level))
        room = cell->peak > level * (room_of(cell) == 0 ? THIN_AGAIN : 1)
                   ? 0
                   : fmax((level - cell->rate) * SMOOTH_S, 1);
    atomic_store_explicit(&cell->room, whole_bytes(room), memory_order_relaxed);
}

/* Only the first row knows who is blocked; the other one keeps all as long, to be above it. */
static bool keeps(const struct sketch *sketch, unsigned row, unsigned i)
{
    return row > 0 || atomic_load_explicit(&sketch->who[i], memory_order_relaxed) & QW_SHARE_BLOCKED;
}

static void look_at_all(struct sketch *sketch, double seconds)
{
    float keep = (float)exp(-seconds / PEAK_S), keep_blocked = (float)exp(-seconds / BLOCKED_S);
    for (unsigned row = 0; row < SKETCH_ROWS; row++)
        for (unsigned i = 0; i < SKETCH_CELLS; i++)
            look_at(&sketch->cells[row][i], seconds, keeps(sketch, row, i) ? keep_blocked : keep,
                    sketch->level);
}

void sketch_look(struct sketch *sketch, double seconds, double capacity, bool limiting)
{
    look_at_all(sketch, seconds);
    bool was_idle = isinf(sketch->level);
    set_level(sketch, seconds, capacity / 8, limiting);
    if (was_idle && isinf(sketch->level))
        return;
    for (unsigned row = 0; row < SKETCH_ROWS; row++)
        for (unsigned i = 0; i < SKETCH_CELLS; i++)
            set_room(&sketch->cells[row][i], sketch->level);
}

void sketch_fat_load(const struct sketch *sketch, struct fat_load *out)
{
    memset(out, 0, sizeof(*out));
    for (unsigned i = 0; i < SKETCH_CELLS; i++) {
        const struct cell *cell = &sketch->cells[0][i];
        uint32_t who = atomic_load_explicit(&sketch->who[i], memory_order_relaxed);
        if (room_of(cell) > 0)
            continue;
        if (who == 0) {
            out->unknown += cell->peak * 8;
            continue;
        }
        out->live[who & QW_SHARE_CONFIRMED][who >> SKETCH_BIN_SHIFT] += cell->rate * 8;
        out->held[who & QW_SHARE_CONFIRMED][who >> SKETCH_BIN_SHIFT] += cell->peak * 8;
    }
}
