/* How many different flows were met in some seconds: linear counting (Whang et al., 1990). Each flow sets
 * one bit; how many bits are left tells how many flows there were. Bits may be set by any thread. */
#ifndef HITS_H
#define HITS_H

#include <quicward/base/time.h>
#include <stdatomic.h>
#include <stdint.h>

#define HITS_BITS 65536u /* 10,000 flows leave 86 % of them: estimates within 1 % */

struct hits {
    _Atomic uint64_t words[HITS_BITS / 64];
    struct qw_time since; /* of the running window */
    uint32_t last;        /* estimate of the window before */
};

/* `hash`: 16 bits that don't depend on whether the flow is blocked. */
void hits_add(struct hits *hits, uint16_t hash);

/* As hits_add of each bit that is set in `words`. */
void hits_add_all(struct hits *hits, const uint64_t words[static HITS_BITS / 64]);

/* Begins the next window if this one of `window_ns` is over. One thread at a time. */
void hits_turn(struct hits *hits, uint64_t window_ns, struct qw_time now);

/* Forgets all. One thread at a time. */
void hits_clear(struct hits *hits, struct qw_time now);

/* In the last full window, or in the running one if these are more. */
uint32_t hits_estimate(const struct hits *hits);

#endif
