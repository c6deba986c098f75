/* A takeover: flows of another router's store are entered into the engine. */
#ifndef PEER_TAKING_H
#define PEER_TAKING_H

#include "reader.h"
#include <quicward/engine_events.h>

/* Of one of options.owned. */
struct peer_taking {
    const struct peer_options *options;
    unsigned number; /* in options.owned */
    uint64_t epoch;  /* that it begins */
    bool merges; /* both routers were active: the flows here stay, and what does not fit beside them ends */

    struct engine_mirror_given given; /* what became of the flows */
    uint64_t bad, flows;              /* records that are none; flows of this owner in the store */
};

/* Flows that are here end first, unless it merges; then those of `from` come, and mappings that nobody holds
 * end. Counts are added. */
void taking_enter(struct peer_taking *takeover, const struct peer_reader *from, struct qw_time now);

/* Records and flows that were not taken because something is wrong with them. */
uint64_t taking_refused(const struct peer_taking *takeover);

/* What is said of it, for operators. `name`: whose flows they are. */
void taking_describe(const struct peer_taking *takeover, const char *name, uint64_t took_ns,
                     char out[static ENGINE_EVENT_TEXT_MAX]);

#endif
