#include "fast_limits.h"
#include <string.h>

_Static_assert(THROTTLE_LIMITS_MAX == OFFLOAD_LIMITS_MAX, "the program heeds them all");
_Static_assert((int)THROTTLE_OUT == FLOW_PATH_UP && (int)THROTTLE_IN == FLOW_PATH_DOWN,
               "the same directions");
_Static_assert(THROTTLE_NAME_MAX == FLOW_PATH_INTERFACE_MAX, "the same names");
_Static_assert(sizeof(((struct throttle_force *)NULL)->shares) ==
                   sizeof(((struct offload_limit *)NULL)->shares),
               "the same shares");
_Static_assert(THROTTLE_MARKS == OFFLOAD_MARKS, "the same flows");

static void take_way(const struct offload_came *from, struct throttle_load *load,
                     struct throttle_cells *cells)
{
    *load = (struct throttle_load){from->offered, from->passed, from->dropped};
    memcpy(cells->bytes, from->bytes, sizeof cells->bytes);
    memcpy(cells->who, from->who, sizeof cells->who);
}

/* The engine's locks may not be taken here: fast_limits_tell does. */
static bool look(void *context, const char *interface, struct throttle_came *came)
{
    struct fast_limits *limits = context;
    struct offload_load *load = &limits->load;
    memset(load, 0, sizeof *load);
    if (!offload_load(limits->offload, interface, load))
        return false;
    for (unsigned d = 0; d < THROTTLE_DIRECTIONS; d++) {
        take_way(&load->ways[d], &came->load[d], &came->cells[d]);
        atomic_fetch_add_explicit(&limits->dropped, load->ways[d].dropped, memory_order_relaxed);
    }
    memcpy(came->blocked, load->blocked, sizeof came->blocked);
    memcpy(came->confirmed, load->confirmed, sizeof came->confirmed);
    memcpy(came->small, load->small, sizeof came->small);
    return true;
}

static struct offload_limit limit_of(const struct throttle_force *force)
{
    struct offload_limit limit = {.weighs = force->weighs, .spares = force->spares};
    memcpy(limit.interface, force->interface, sizeof limit.interface);
    memcpy(limit.limited, force->limited, sizeof limit.limited);
    memcpy(limit.active, force->active, sizeof limit.active);
    memcpy(limit.shares, force->shares, sizeof limit.shares);
    return limit;
}

static void tell(void *context, const struct throttle_force *force, unsigned count)
{
    const struct fast_limits *limits = context;
    struct offload_limit told[THROTTLE_LIMITS_MAX];
    for (unsigned i = 0; i < count; i++)
        told[i] = limit_of(&force[i]);
    offload_limit(limits->offload, told, count);
}

static void tell_rooms(void *context, const char *interface, enum throttle_direction direction,
                       const struct throttle_rooms *rooms)
{
    const struct fast_limits *limits = context;
    offload_rooms(limits->offload, interface, (enum flow_path_direction)direction, rooms->rows);
}

unsigned fast_limits_room(const struct config *config)
{
    unsigned outside = config->outside.count;
    return outside > config->throttle_count ? outside : config->throttle_count;
}

void fast_limits_start(struct fast_limits *limits, struct engine *engine, struct offload *offload)
{
    limits->engine = engine;
    limits->offload = offload;
    engine_set_fast_throttle(engine, &(struct throttle_fast){limits, look, tell, tell_rooms});
}

void fast_limits_tell(struct fast_limits *limits)
{
    uint64_t dropped = atomic_exchange_explicit(&limits->dropped, 0, memory_order_relaxed);
    if (dropped > 0)
        engine_count_throttled(limits->engine, dropped);
}

void fast_limits_end(struct fast_limits *limits)
{
    if (!limits->engine)
        return;
    engine_set_fast_throttle(limits->engine, NULL);
    fast_limits_tell(limits);
    limits->engine = NULL;
}
