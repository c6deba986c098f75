/* Interfaces by their index: name, side and MTU. The kernel is asked for an interface at its first packet,
 * and again after news of links; never else. */
#ifndef QUICWARD_IO_INTERFACES_H
#define QUICWARD_IO_INTERFACES_H

#include <quicward/config.h>
#include <quicward/engine.h>
#include <stdatomic.h>

/* A power of two. An interface is at the place of its index or at one of the next ones, so that two whose
 * indexes are equal modulo the size do not take each other's place. Where more come together the first of
 * them are asked for again and again. */
#define INTERFACES_CACHED 1024
#define INTERFACES_PROBED 8

struct known_interface {
    uint32_t index; /* 0: empty */
    enum engine_origin
        side;      /* ENGINE_INSIDE when it is named or matched inside, ENGINE_OUTSIDE for every other */
    unsigned news; /* how many there were before the kernel was asked */
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
