/* How many Initials may be decrypted. Each costs microseconds, and anybody can send them in the name of
 * others: a budget bounds that, one for all and one for each source, and a quarter of the first is for flows
 * that began inside. Sources are told apart by a keyed hash into a table; those that meet in it share a
 * budget. All functions may be called by any thread. */
#ifndef ENGINE_INITIALS_H
#define ENGINE_INITIALS_H

#include <quicward/base/hash.h>
#include <quicward/base/time.h>
#include <stdatomic.h>
#include <stdbool.h>

#define INITIALS_SOURCES 4096 /* power of two */

/* A window's number above, what was spent in it below. */
typedef _Atomic uint64_t initials_purse;

struct initials {
    struct qw_hash_key secret;
    _Alignas(64) initials_purse all, outside;
    initials_purse sources[INITIALS_SOURCES];
};

struct initials_limits {
    uint32_t rate, per_source; /* a second; 0: no limit */
};

/* `secret` keys the hash of sources. */
void initials_init(struct initials *initials, struct qw_hash_key secret);

/* One more for the flow's source, a number that is `source` (shares.h), at `now`. False when a budget is
 * spent. */
bool initials_spend(struct initials *initials, const struct initials_limits *limits, uint64_t source,
                    bool begun_inside, struct qw_time now);

#endif
