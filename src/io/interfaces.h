/* Interfaces by their index: name, side and MTU. */
#ifndef QUICWARD_IO_INTERFACES_H
#define QUICWARD_IO_INTERFACES_H

#include <quicward/base/time.h>
#include <quicward/config.h>
#include <quicward/engine.h>

#define INTERFACES_CACHED 64 /* direct mapped; more interfaces only cost more look-ups */

/* How long an answer holds: an interface may be renamed, or go and come back with another index. */
#define INTERFACES_TRUST_NS QW_NS_PER_SECOND

struct interface {
    uint32_t index;          /* 0: empty */
    enum engine_origin side; /* ENGINE_INSIDE when it is named inside, ENGINE_OUTSIDE for every other */
    struct qw_time asked;
    char name[CONFIG_INTERFACE_NAME_MAX]; /* "" when there is no such interface */
    uint32_t mtu;                         /* 0: not known */
};

struct interfaces {
    const struct config_interfaces *inside; /* borrowed */
    struct interface cache[INTERFACES_CACHED];
};

/* An empty cache; one per thread. */
void interfaces_start(struct interfaces *interfaces, const struct config_interfaces *inside);

/* Interface `index`; 0, by which the kernel says nothing, is one without a name. Valid until the next call.
 */
const struct interface *interfaces_find(struct interfaces *interfaces, uint32_t index, struct qw_time now);

/* Its name as rules want it: NULL when it has none. */
const char *interface_name(const struct interface *interface);

/* The first name of `named` that is no interface now, or NULL. */
const char *interfaces_missing(const struct config_interfaces *named);

#endif
