#include "offload_drops.h"
#include "offload_state.h"
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

_Static_assert(FAST_ADDRESSES_MAX == NAT_ADDRESSES_MAX, "a port map for each address");

static uint64_t slots_of(const struct offload_side *side, const struct offload_ports *ports)
{
    uint64_t slots = 0;
    for (unsigned i = 0; i < side->count; i++) {
        int slot = ports_find(ports, side->names[i]);
        slots |= slot == PORT_NONE ? 0 : 1ull << slot;
    }
    return slots;
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
    if (drops->outside.count > 0)
        drops_place(kernel_port_maps(kernel), places);
    write_places(places, watch);
    __atomic_store_n(&watch->inside, slots_of(&drops->inside, ports), __ATOMIC_RELEASE);
    __atomic_store_n(&watch->outside, slots_of(&drops->outside, ports), __ATOMIC_RELEASE);
}

static void look(struct offload *offload)
{
    drops_look(&offload->drops, &offload->ports, offload->kernel);
}

/* 0 is nobody's. */
static uint32_t choose_id(void)
{
    uint32_t id = 0;
    if (getrandom(&id, sizeof id, 0) != sizeof id)
        id = (uint32_t)getpid();
    return id | 1;
}

static void let_drop(struct offload *offload, uint32_t id)
{
    kernel_watch(offload->kernel)->id = id;
    __atomic_store_n(&kernel_control(offload->kernel)->watcher, id, __ATOMIC_RELEASE);
}

/* Whoever does not know the key cannot choose packets that are taken for those of a flow. Without randomness
 * some of a flood may go to the queue, no more. */
static void choose_key(struct qw_known *known)
{
    if (getrandom(known->key, sizeof known->key, 0) != sizeof known->key)
        known->key[0] = known->key[1] = 0x5bd1e995u;
}

struct offload_asked offload_drop(struct offload *offload, const struct offload_side *inside,
                                  const struct offload_side *outside)
{
    pthread_mutex_lock(&offload->lock);
    struct fast_watch *watch = kernel_watch(offload->kernel);
    if (watch->known.key[0] == 0)
        choose_key(&watch->known);
    memset(kernel_known_lines(offload->kernel), 0, watch->known.buckets);
    offload->drops = (struct offload_drops){*inside, *outside};
    watch->by_source = 1;
    look(offload);
    let_drop(offload, choose_id());
    pthread_mutex_unlock(&offload->lock);
    return (struct offload_asked){kernel_port_maps(offload->kernel), &watch->known,
                                  kernel_known_lines(offload->kernel)};
}

void offload_drop_look(struct offload *offload)
{
    pthread_mutex_lock(&offload->lock);
    look(offload);
    pthread_mutex_unlock(&offload->lock);
}

void offload_drop_by_source(struct offload *offload, bool depends)
{
    __atomic_store_n(&kernel_watch(offload->kernel)->by_source, depends, __ATOMIC_RELEASE);
}

void offload_drop_end(struct offload *offload)
{
    pthread_mutex_lock(&offload->lock);
    let_drop(offload, 0);
    offload->drops = (struct offload_drops){0};
    look(offload);
    pthread_mutex_unlock(&offload->lock);
}

struct offload_dropped offload_dropped(struct offload *offload)
{
    return (struct offload_dropped){kernel_dropped(offload->kernel, FAST_NO_MAPPING).packets,
                                    kernel_dropped(offload->kernel, FAST_NO_FLOW).packets};
}
