/* Interfaces by their index: name, side and MTU. The kernel is asked for an interface at its first packet,
 * and again after news of links; never else. */
#ifndef QUICWARD_IO_INTERFACES_H
#define QUICWARD_IO_INTERFACES_H

#include <quicward/config.h>
#include <quicward/engine.h>
#include <stdatomic.h>

#define INTERFACES_CACHED 64 /* direct mapped; more interfaces only cost more look-ups */

struct known_interface {
    uint32_t index;          /* 0: empty */
    enum engine_origin side; /* ENGINE_INSIDE when it is named inside, ENGINE_OUTSIDE for every other */
    unsigned news;           /* how many there were before the kernel was asked */
    char name[CONFIG_INTERFACE_NAME_MAX]; /* "" when there is no such interface */
    uint32_t mtu;                         /* 0: not known */
};

struct interfaces {
    const struct config_interfaces *inside; /* borrowed */
    const atomic_uint *news;                /* borrowed; counts changes (interface_news.h) */
    struct known_interface cache[INTERFACES_CACHED];
};

/* An empty cache; one per thread. */
void interfaces_start(struct interfaces *interfaces, const struct config_interfaces *inside,
                      const atomic_uint *news);

/* Interface `index`; 0, by which the kernel says nothing, is one without a name. Valid until the next call.
 */
const struct known_interface *interfaces_find(struct interfaces *interfaces, uint32_t index);

/* Its name as rules want it: NULL when it has none. */
const char *interface_name(const struct known_interface *interface);

#endif
