/* Which side a packet came from, by the index of its interface. */
#ifndef QUICWARD_IO_INTERFACES_H
#define QUICWARD_IO_INTERFACES_H

#include <quicward/base/time.h>
#include <quicward/config.h>
#include <quicward/engine.h>

#define INTERFACES_CACHED 64 /* direct mapped; more interfaces only cost more look-ups */

/* How long an answer holds: an interface may be renamed, or go and come back with another index. */
#define INTERFACES_TRUST_NS QW_NS_PER_SECOND

struct interfaces {
    const struct config_interfaces *inside; /* borrowed */
    struct interfaces_entry {
        uint32_t index; /* 0: empty */
        enum engine_origin from;
        struct qw_time asked;
    } cache[INTERFACES_CACHED];
};

/* An empty cache; one per thread. */
void interfaces_start(struct interfaces *interfaces, const struct config_interfaces *inside);

/* ENGINE_INSIDE for an interface that is named inside, ENGINE_OUTSIDE for every other. */
enum engine_origin interfaces_side(struct interfaces *interfaces, uint32_t index, struct qw_time now);

/* The first name of `named` that is no interface now, or NULL. */
const char *interfaces_missing(const struct config_interfaces *named);

#endif
