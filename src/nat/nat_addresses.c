#include "nat_addresses.h"
#include <string.h>

/* Administrators choose the addresses, so the hash needs no key (Knuth's multiplicative one). */
static _Atomic uint64_t *bucket_of(struct addresses *addresses, uint32_t ipv4)
{
    return &addresses->buckets[ipv4 * 2654435769u >> 24];
}

static uint64_t bucket(const struct addresses *addresses, uint32_t ipv4)
{
    return atomic_load_explicit(&addresses->buckets[ipv4 * 2654435769u >> 24], memory_order_acquire);
}

struct address_place addresses_at(const struct addresses *addresses, unsigned slot)
{
    uint64_t word = atomic_load_explicit(&addresses->places[slot], memory_order_acquire);
    return (struct address_place){.ipv4 = (uint32_t)word, .generation = (uint32_t)(word >> 32)};
}

unsigned addresses_find(const struct addresses *addresses, uint32_t ipv4, struct address_place *place)
{
    for (uint64_t slots = bucket(addresses, ipv4); slots != 0; slots &= slots - 1) {
        unsigned slot = (unsigned)ffsll((long long)slots) - 1;
        *place = addresses_at(addresses, slot);
        if (place->ipv4 == ipv4 && ipv4 != 0)
            return slot;
    }
    return ADDRESSES_NONE;
}

uint32_t addresses_next(const struct addresses *addresses, unsigned slot)
{
    return (addresses_at(addresses, slot).generation + 1) & ((1u << GENERATION_BITS) - 1);
}

/* Nobody's bit or place changes but this slot's: an address that stays is found at every moment. */
void addresses_set(struct addresses *addresses, unsigned slot, uint32_t ipv4)
{
    uint32_t old = addresses_at(addresses, slot).ipv4;
    uint64_t bit = 1ull << slot;
    if (old != 0)
        atomic_fetch_and_explicit(bucket_of(addresses, old), ~bit, memory_order_acq_rel);
    if (ipv4 != 0)
        atomic_fetch_or_explicit(bucket_of(addresses, ipv4), bit, memory_order_acq_rel);
    uint64_t word = (uint64_t)addresses_next(addresses, slot) << 32 | ipv4;
    atomic_store_explicit(&addresses->places[slot], word, memory_order_release);
}
