/* The networks that the inside interfaces have routes to: the kernel's routes, read. */
#ifndef QUICWARD_IO_INSIDE_ROUTES_H
#define QUICWARD_IO_INSIDE_ROUTES_H

#include "named_links.h"
#include <stddef.h>

#define INSIDE_ROUTES_MAX 65536 /* more than that no inside has; then every source belongs there */

/* Interfaces by their numbers of now. */
struct inside_links {
    unsigned count;
    bool too_many; /* there are more; then every source belongs inside */
    unsigned index[NAMED_LINKS_MAX];
};

struct inside_routes {
    struct qw_prefix *list; /* owned, room for INSIDE_ROUTES_MAX */
    size_t count;
    bool too_many;
};

/* False when memory is short. inside_routes_free in either case. */
bool inside_routes_init(struct inside_routes *routes);
void inside_routes_free(struct inside_routes *routes);

/* False, with *out as it was, when the kernel does not answer, or memory is short. */
bool inside_links_look(const struct config_interfaces *inside, struct inside_links *out);

/* All unicast routes of all tables that leave by one of `links`, those of nexthop groups too. False when the
 * kernel does not answer, or its answer is no longer true. */
bool inside_routes_ask(const struct inside_links *links, struct inside_routes *out);

/* One answer of the kernel, `len` bytes at `buffer`: adds the routes in it. */
void inside_routes_read(const void *buffer, size_t len, const struct inside_links *links,
                        struct inside_routes *out);

/* Do the events in a buffer concern `links`: a route by one of them, or any interface? */
bool inside_routes_concern(const void *buffer, size_t len, const struct inside_links *links);

#endif
