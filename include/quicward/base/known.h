/* Which 5-tuples have a flow, for a reader that takes no lock and may be outside of this process: a counting
 * filter. Where a bucket counts 0 there is no flow; else there may be one. The kernel's program compiles this
 * header too, so it has nothing but types and sums.
 *
 * The hash is keyed, so that nobody outside can choose packets that meet the bucket of a flow. It is the same
 * for both directions. */
#ifndef QUICWARD_BASE_KNOWN_H
#define QUICWARD_BASE_KNOWN_H

#include <stdint.h>

#define QW_KNOWN_LINE 64

struct qw_known_line {
    uint8_t counts[QW_KNOWN_LINE]; /* one that came to QW_KNOWN_FULL stays there */
};

#define QW_KNOWN_FULL UINT8_MAX

enum { QW_KNOWN_IPV4 = 1, QW_KNOWN_IPV6 = 2 }; /* bits */

struct qw_known {
    uint32_t closed;  /* of these families nothing from outside begins a flow: a packet of none would be
                         dropped as unsolicited */
    uint32_t buckets; /* a power of two, QW_KNOWN_LINE at least */
    uint32_t key[2];  /* random */
};

static inline uint32_t qw_known_mix(uint32_t hash, uint32_t word)
{
    hash = (hash ^ word) * 0x9e3779b1u;
    return hash ^ hash >> 15;
}

/* One end: `words` of its address and its port as they stand in packets. */
static inline uint32_t qw_known_end(const struct qw_known *known, const uint32_t *words, unsigned count,
                                    uint16_t port)
{
    uint32_t hash = qw_known_mix(known->key[0], port);
#pragma GCC unroll 4
    for (unsigned i = 0; i < count; i++)
        hash = qw_known_mix(hash, words[i]);
    return hash;
}

/* The bucket of two ends. */
static inline uint32_t qw_known_bucket(const struct qw_known *known, uint32_t one, uint32_t other)
{
    uint32_t hash = qw_known_mix(qw_known_mix(known->key[1], one + other), one ^ other);
    return hash & (known->buckets - 1);
}

#endif
