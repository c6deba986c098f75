/* What the engine knows of owners (quicward/engine_owners.h). */
#ifndef ENGINE_OWNERS_INSIDE_H
#define ENGINE_OWNERS_INSIDE_H

#include <quicward/config.h>
#include <quicward/engine_owners.h>
#include <stdatomic.h>

struct engine_options;

/* In the place of a mark. */
#define OWNERS_HERE UINT32_MAX
#define OWNERS_SOON (UINT32_MAX - 1)

struct owners {
    struct qw_owners *who;                 /* owned; NULL: there are none */
    _Atomic uint32_t marks[QW_OWNERS_MAX]; /* of each owner: the mark that leads to its router, 0 for none; or
                                              one of the words above */
};

/* Makes engine->owners before the NAT, which asks it. False when memory is short. */
bool owners_start(struct engine *engine, const struct engine_options *options);
void owners_end(struct engine *engine);

/* Can the forwards of `config` be had? Those of one host must be at the address that the host has: its other
 * flows go by that. Writes a line to `errors` (may be NULL) for one that is not. */
bool owners_fit(const struct engine *engine, const struct config *config, FILE *errors);

/* The mark of an owner, or one of the words; QW_OWNER_NONE is here. */
static inline uint32_t owners_mark(const struct owners *owners, unsigned owner)
{
    return owner == QW_OWNER_NONE ? OWNERS_HERE
                                  : atomic_load_explicit(&owners->marks[owner], memory_order_relaxed);
}

#endif
