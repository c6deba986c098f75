/* Sets of ports: bit p % 64 of word p / 64. */
#ifndef NAT_PORTS_H
#define NAT_PORTS_H

#include <quicward/nat.h>

static inline bool ports_has(const uint64_t *set, unsigned port)
{
    return set[port / 64] >> port % 64 & 1;
}

static inline void ports_add(uint64_t *set, unsigned port)
{
    set[port / 64] |= 1ull << port % 64;
}

static inline void ports_remove(uint64_t *set, unsigned port)
{
    set[port / 64] &= ~(1ull << port % 64);
}

/* The ports that slot `slot` may hand out, as configured: those of the pool, but neither excluded ones nor
 * reflection ports nor what a forward has. Port 0 may be in it. */
void ports_usable(const struct nat_options *options, unsigned slot, uint64_t out[static NAT_PORT_WORDS]);

#endif
