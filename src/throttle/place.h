/* What the keyed hash of a flow says. */
#ifndef PLACE_H
#define PLACE_H

#include <quicward/throttle.h>

/* The upper half is the flow's place; the lower one says nothing of it. */
uint64_t place_hash(struct qw_hash_key key, const struct flow_key *flow);

static inline uint32_t place_of(uint64_t hash)
{
    return (uint32_t)(hash >> 32);
}

#endif
