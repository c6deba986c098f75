/* How many flows each source has, so that no source takes the table from the others (RFC 6888 REQ-4, REQ-5).
 * A source inside is an IPv4 address or an IPv6 /64, and all flows that it began count. A source outside is a
 * /24 or a /48. Of its flows only those count that returned: anybody can forge the others, which are first to
 * go in any case.
 *
 * Counts stand in two rows under different hashes, and the smaller one is believed: it is never below the
 * true one, and above it only when the source meets others in both rows. So there is no lock, nothing to
 * allocate, and no source for which there is no room. All functions may be called by any thread. */
#ifndef ENGINE_SHARES_H
#define ENGINE_SHARES_H

#include <quicward/base/hash.h>
#include <quicward/flow.h>
#include <stdatomic.h>

enum shares_side { SHARES_INSIDE, SHARES_OUTSIDE, SHARES_SIDES };

#define SHARES_ROWS 2

struct shares {
    uint32_t flows_max;
    uint32_t mask; /* buckets of a row, less one */
    struct qw_hash_key secret;
    _Atomic uint32_t *counts[SHARES_SIDES][SHARES_ROWS]; /* owned */
    _Alignas(64) _Atomic uint32_t sources[SHARES_SIDES]; /* that have flows, nearly */
};

/* Counters of one row for such a table. */
uint32_t shares_buckets(uint32_t flows_max);

/* For a table of `flows_max` flows. False when memory is short; shares_free in either case. */
bool shares_init(struct shares *shares, uint32_t flows_max, struct qw_hash_key secret);
void shares_free(struct shares *shares);

/* A number for the source that an address of that side belongs to. */
uint64_t shares_number(enum shares_side side, const struct qw_addr *address, enum qw_family family);

/* A number for the source of a flow; which side it is on is another matter. */
uint64_t shares_source(const struct flow *flow);

/* The flow counts for the source that began it, if it does not yet, and if flows like it count. Its shard is
 * locked. */
void shares_take(struct shares *shares, struct flow *flow);

/* Begins to fetch the memory that shares_take needs for a flow. */
void shares_fetch(const struct shares *shares, const struct flow *flow);

/* It counts no longer: before it ends, or before it is told anew who began it. */
void shares_give(struct shares *shares, struct flow *flow);

/* Flows that count for the source of `address`. */
uint32_t shares_of(const struct shares *shares, enum shares_side side, const struct qw_addr *address,
                   enum qw_family family);

/* The most flows that a source of that side may have while flows are scarce: half of the table by the number
 * of such sources, or all of it while the other side has none; at least 1. */
uint32_t shares_fair(const struct shares *shares, enum shares_side side);

#endif
