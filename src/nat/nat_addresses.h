/* The external addresses. Any thread reads, whoever holds the room's lock writes. */
#ifndef NAT_ADDRESSES_H
#define NAT_ADDRESSES_H

#include <quicward/nat.h>
#include <stdatomic.h>

#define ADDRESSES_BUCKETS 256 /* four for each address that there may be: nearly all others end at a 0 */
#define ADDRESSES_NONE NAT_ADDRESSES_MAX

/* One word holds address and generation, so that nobody ever takes the one for that of the other. */
struct addresses {
    _Atomic uint64_t places[NAT_ADDRESSES_MAX];  /* generation << 32 | IPv4 address, 0 when not known */
    _Atomic uint64_t buckets[ADDRESSES_BUCKETS]; /* bit s: slot s may have an address of this bucket */
};

struct address_place {
    uint32_t ipv4; /* 0: not known */
    uint32_t generation;
};

/* The generation is that of a handle, where it has as many bits: it comes again after so many changes. */
#define GENERATION_BITS 10

struct address_place addresses_at(const struct addresses *addresses, unsigned slot);

/* The slot that has `ipv4` and its place, or ADDRESSES_NONE. */
unsigned addresses_find(const struct addresses *addresses, uint32_t ipv4, struct address_place *place);

/* The slot's next generation. */
uint32_t addresses_next(const struct addresses *addresses, unsigned slot);

/* Sets the address, 0 for none, and the next generation. */
void addresses_set(struct addresses *addresses, unsigned slot, uint32_t ipv4);

#endif
