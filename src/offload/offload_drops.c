#include "offload_drops.h"
#include "offload_state.h"
#include <stdio.h>
#include <string.h>

_Static_assert(FAST_ADDRESSES_MAX == NAT_ADDRESSES_MAX, "a port map for each address");

static uint64_t slots_outside(const struct offload_drops *drops, const struct offload_ports *ports)
{
    uint64_t outside = 0;
    for (unsigned i = 0; i < drops->count; i++) {
        int slot = ports_find(ports, drops->outside[i]);
        outside |= slot == PORT_NONE ? 0 : 1ull << slot;
    }
    return outside;
}

static void place(uint32_t ipv4, uint32_t slot, struct fast_place *out)
{
    for (uint32_t i = 0; i < FAST_PROBES; i++) {
        struct fast_place *to = &out[(fast_place_of(ipv4) + i) % FAST_PLACES];
        if (to->ipv4 != 0)
            continue;
        *to = (struct fast_place){ipv4, slot};
        return;
    }
}

void drops_place(const struct qw_port_map maps[static FAST_ADDRESSES_MAX],
                 struct fast_place out[static FAST_PLACES])
{
    memset(out, 0, FAST_PLACES * sizeof *out);
    for (uint32_t slot = 0; slot < FAST_ADDRESSES_MAX; slot++) {
        uint32_t ipv4 = __atomic_load_n(&maps[slot].ipv4, __ATOMIC_ACQUIRE);
        if (ipv4 != 0)
            place(ipv4, slot, out);
    }
}

/* A place that is read half written leads to a map of another address, or to none: its packets are left to
 * the queue for that moment. */
static void write_places(const struct fast_place *places, struct fast_watch *watch)
{
    for (unsigned i = 0; i < FAST_PLACES; i++)
        if (memcmp(&watch->places[i], &places[i], sizeof places[i]) != 0) {
            __atomic_store_n(&watch->places[i].slot, places[i].slot, __ATOMIC_RELEASE);
            __atomic_store_n(&watch->places[i].ipv4, places[i].ipv4, __ATOMIC_RELEASE);
        }
}

void drops_look(const struct offload_drops *drops, const struct offload_ports *ports, struct kernel *kernel)
{
    struct fast_watch *watch = kernel_watch(kernel);
    struct fast_place places[FAST_PLACES] = {0};
    if (drops->count > 0)
        drops_place(kernel_port_maps(kernel), places);
    write_places(places, watch);
    __atomic_store_n(&watch->outside, slots_outside(drops, ports), __ATOMIC_RELEASE);
}

static void look(struct offload *offload)
{
    drops_look(&offload->drops, &offload->ports, offload->kernel);
}

struct qw_port_map *offload_drop(struct offload *offload, const char *const *outside, unsigned count)
{
    pthread_mutex_lock(&offload->lock);
    struct offload_drops *drops = &offload->drops;
    drops->count = count < OFFLOAD_OUTSIDE_MAX ? count : OFFLOAD_OUTSIDE_MAX;
    for (unsigned i = 0; i < drops->count; i++)
        snprintf(drops->outside[i], sizeof drops->outside[i], "%s", outside[i]);
    look(offload);
    struct qw_port_map *maps = kernel_port_maps(offload->kernel);
    pthread_mutex_unlock(&offload->lock);
    return maps;
}

void offload_drop_look(struct offload *offload)
{
    pthread_mutex_lock(&offload->lock);
    look(offload);
    pthread_mutex_unlock(&offload->lock);
}

void offload_drop_end(struct offload *offload)
{
    pthread_mutex_lock(&offload->lock);
    offload->drops.count = 0;
    look(offload);
    pthread_mutex_unlock(&offload->lock);
}

uint64_t offload_dropped(struct offload *offload)
{
    return kernel_dropped(offload->kernel).packets;
}
