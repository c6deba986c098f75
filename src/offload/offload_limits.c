#include "offload_limits.h"
#include "offload_state.h"
#include <string.h>

_Static_assert(OFFLOAD_MARKS == FAST_MARKS, "a bit for each flow that is told apart");
_Static_assert(OFFLOAD_LIMITS_MAX == FAST_LIMITS_MAX, "marks for each interface");
_Static_assert(sizeof(((struct offload_limit *)NULL)->shares) == sizeof(((struct fast_limit *)NULL)->shares),
               "the same shares");

static int number_of(const struct offload_limits *limits, const char *interface)
{
    for (unsigned i = 0; i < limits->count; i++)
        if (strcmp(limits->all[i].interface, interface) == 0)
            return (int)i;
    return -1;
}

static bool has_room(const struct offload_limits *limits, int number)
{
    return number >= 0 && number < (int)limits->room;
}

bool limits_can(const struct offload_limits *limits, const char *interface)
{
    return number_of(limits, interface) < (int)limits->room;
}

/* ---- what is in force ---- */

static uint32_t flags_of(const struct offload_limit *limit)
{
    uint32_t flags = (limit->weighs ? FAST_WEIGHS : 0u) | (limit->spares ? FAST_SPARES : 0u);
    for (unsigned way = 0; way < FLOW_PATH_DIRECTIONS; way++)
        flags |= (limit->limited[way] ? (uint32_t)FAST_LIMITED << way : 0) |
                 (limit->active[way] ? (uint32_t)FAST_ACTIVE << way : 0);
    return flags;
}

/* Each word alone: for the moment of a change packets may find some of what was and some of what is. */
static void put_limit(struct fast_limit *to, const struct offload_limit *limit, uint32_t number)
{
    struct fast_limit wanted = {.number = number, .flags = flags_of(limit)};
    memcpy(wanted.shares, limit->shares, sizeof wanted.shares);
    __atomic_store_n(&to->number, wanted.number, __ATOMIC_RELEASE);
    for (unsigned i = 0; i < 8; i++)
        __atomic_store_n(&to->shares[i / 4][i / 2 % 2][i % 2], wanted.shares[i / 4][i / 2 % 2][i % 2],
                         __ATOMIC_RELEASE);
    __atomic_store_n(&to->flags, wanted.flags, __ATOMIC_RELEASE);
}

void limits_look(const struct offload_limits *limits, const struct offload_ports *ports,
                 struct kernel *kernel)
{
    uint64_t limited = 0;
    for (unsigned i = 0; i < limits->count; i++) {
        int slot = ports_find(ports, limits->all[i].interface);
        if (slot == PORT_NONE || !has_room(limits, (int)i))
            continue;
        put_limit(&kernel_limits(kernel)[slot], &limits->all[i], i);
        limited |= 1ull << slot;
    }
    __atomic_store_n(&kernel_control(kernel)->limited, limited, __ATOMIC_RELEASE);
}

static struct fast_cells *cells_of(struct offload *offload, int number, unsigned way)
{
    return &kernel_cells(offload->kernel)[FLOW_PATH_DIRECTIONS * (unsigned)number + way];
}

/* The number stood for another interface. Nothing is fat before rooms are told. */
static void begin_number(struct offload *offload, unsigned number)
{
    if (!has_room(&offload->limits, (int)number))
        return;
    memset(&kernel_marks(offload->kernel)[number * FAST_MARK_COUNT], 0,
           FAST_MARK_COUNT * sizeof(struct fast_marks));
    for (unsigned way = 0; way < FLOW_PATH_DIRECTIONS; way++) {
        struct fast_cells *cells = cells_of(offload, (int)number, way);
        memset(cells, 0, sizeof *cells);
        memset(cells->room, 0xff, sizeof cells->room);
    }
}

void offload_limit(struct offload *offload, const struct offload_limit *limits, unsigned count)
{
    struct offload_limits *own = &offload->limits;
    pthread_mutex_lock(&offload->lock);
    own->count = count < FAST_LIMITS_MAX ? count : FAST_LIMITS_MAX;
    for (unsigned i = 0; i < own->count; i++) {
        if (strncmp(own->all[i].interface, limits[i].interface, sizeof own->all[i].interface) != 0)
            begin_number(offload, i);
        own->all[i] = limits[i];
    }
    limits_look(own, &offload->ports, offload->kernel);
    pthread_mutex_unlock(&offload->lock);
}

void offload_rooms(struct offload *offload, const char *interface, enum flow_path_direction way,
                   const uint32_t rooms[QW_SHARE_ROWS][QW_SHARE_CELLS])
{
    pthread_mutex_lock(&offload->lock);
    int number = number_of(&offload->limits, interface);
    struct fast_cells *cells = has_room(&offload->limits, number) ? cells_of(offload, number, way) : NULL;
    for (unsigned row = 0; cells && row < QW_SHARE_ROWS; row++)
        for (unsigned i = 0; i < QW_SHARE_CELLS; i++)
            if (cells->room[row][i] != rooms[row][i])
                __atomic_store_n(&cells->room[row][i], rooms[row][i], __ATOMIC_RELAXED);
    pthread_mutex_unlock(&offload->lock);
}

/* ---- what came ---- */

static void take_marks(struct fast_marks *from, uint64_t to[static FAST_MARKS])
{
    for (unsigned i = 0; i < FAST_MARKS; i++)
        if (__atomic_load_n(&from->words[i], __ATOMIC_RELAXED) != 0)
            to[i] = __atomic_exchange_n(&from->words[i], 0, __ATOMIC_RELAXED);
}

static void take_words(uint32_t *from, uint32_t *to, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (__atomic_load_n(&from[i], __ATOMIC_RELAXED) != 0)
            to[i] = __atomic_exchange_n(&from[i], 0, __ATOMIC_RELAXED);
}

static void take_load(struct offload *offload, int slot, int number, unsigned way, struct offload_came *out)
{
    struct fast_load *told = &offload->limits.told[slot][way];
    struct fast_load now = kernel_load(offload->kernel, (uint32_t)slot, way == FLOW_PATH_DOWN);
    struct fast_cells *cells = cells_of(offload, number, way);
    out->offered = now.offered - told->offered;
    out->passed = now.passed - told->passed;
    out->dropped = now.dropped - told->dropped;
    *told = now;
    take_words(cells->bytes[0], out->bytes[0], QW_SHARE_ROWS * QW_SHARE_CELLS);
    take_words(cells->who, out->who, QW_SHARE_CELLS);
}

bool offload_load(struct offload *offload, const char *interface, struct offload_load *out)
{
    pthread_mutex_lock(&offload->lock);
    int slot = ports_find(&offload->ports, interface), number = number_of(&offload->limits, interface);
    bool there = slot != PORT_NONE && has_room(&offload->limits, number);
    for (unsigned way = 0; there && way < FLOW_PATH_DIRECTIONS; way++)
        take_load(offload, slot, number, way, &out->ways[way]);
    if (there) {
        struct fast_marks *of = &kernel_marks(offload->kernel)[(unsigned)number * FAST_MARK_COUNT];
        take_marks(&of[FAST_BLOCKED], out->blocked);
        take_marks(&of[FAST_SPARED], out->confirmed);
        take_marks(&of[FAST_SMALL], out->small);
    }
    pthread_mutex_unlock(&offload->lock);
    return there;
}
