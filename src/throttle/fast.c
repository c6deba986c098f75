#include "fast.h"
#include <string.h>

_Static_assert(THROTTLE_MARKS == HITS_BITS / 64, "a bit for each that is estimated");

static void name_of(const struct throttle *throttle, const struct interface *in,
                    char out[static THROTTLE_NAME_MAX])
{
    const struct name *name = &throttle->names[in - throttle->interfaces];
    for (unsigned i = 0; i < THROTTLE_NAME_MAX / 8; i++) {
        uint64_t word = atomic_load(&name->words[i]);
        memcpy(out + i * sizeof word, &word, sizeof word);
    }
}

static void add_marks(struct interface *in, const struct throttle_came *came)
{
    hits_add_all(&in->census[CENSUS_NOW], came->blocked);
    hits_add_all(&in->census[CENSUS_HIT], came->blocked);
    hits_add_all(&in->census[CENSUS_CONFIRMED], came->confirmed);
    hits_add_all(&in->census[CENSUS_SMALL], came->small);
}

static void add_load(struct counts *counts, const struct throttle_load *load)
{
    atomic_fetch_add_explicit(&counts->offered, load->offered, memory_order_relaxed);
    atomic_fetch_add_explicit(&counts->passed, load->passed, memory_order_relaxed);
    atomic_fetch_add_explicit(&counts->dropped, load->dropped, memory_order_relaxed);
}

static bool weighs(const struct throttle *throttle)
{
    return atomic_load_explicit(&throttle->spare_small, memory_order_relaxed);
}

void limits_ask(struct throttle *throttle, struct interface *in)
{
    struct throttle_came *came = &throttle->came;
    char name[THROTTLE_NAME_MAX];
    if (!throttle->fast.look)
        return;
    memset(came, 0, sizeof *came);
    name_of(throttle, in, name);
    if (!throttle->fast.look(throttle->fast.context, name, came))
        return;
    for (int d = 0; d < THROTTLE_DIRECTIONS; d++) {
        add_load(&in->counts[d], &came->load[d]);
        if (weighs(throttle) && in->directions[d].limited)
            sketch_add_all(&in->sketches[d], &came->cells[d]);
    }
    add_marks(in, came);
}

static void tell_rooms(const struct throttle *throttle, const struct interface *in, const char *name)
{
    struct throttle_rooms rooms;
    for (int d = 0; weighs(throttle) && d < THROTTLE_DIRECTIONS; d++) {
        if (!in->directions[d].limited)
            continue;
        sketch_rooms(&in->sketches[d], rooms.rows);
        throttle->fast.rooms(throttle->fast.context, name, (enum throttle_direction)d, &rooms);
    }
}

void fast_tell(const struct throttle *throttle)
{
    struct throttle_force force[THROTTLE_LIMITS_MAX] = {0};
    const struct interface *told[THROTTLE_LIMITS_MAX];
    unsigned count = 0;
    if (!throttle->fast.tell)
        return;
    for (unsigned i = 0; i < THROTTLE_LIMITS_MAX; i++) {
        const struct interface *in = &throttle->interfaces[i];
        if (!throttle_limits(in))
            continue;
        name_of(throttle, in, force[count].interface);
        throttle_shares(throttle, in, &force[count]);
        told[count++] = in;
    }
    throttle->fast.tell(throttle->fast.context, force, count);
    for (unsigned i = 0; i < count; i++)
        tell_rooms(throttle, told[i], force[i].interface);
}

void throttle_set_fast(struct throttle *throttle, const struct throttle_fast *fast)
{
    pthread_mutex_lock(&throttle->lock);
    throttle->fast = fast ? *fast : (struct throttle_fast){0};
    fast_tell(throttle);
    pthread_mutex_unlock(&throttle->lock);
}
