/* The interfaces of the configuration, and where the fast path's program stands at each. */
#ifndef IO_FAST_LINKS_H
#define IO_FAST_LINKS_H

#include "fast_choice.h"
#include <quicward/io.h>

struct fast_link {
    const char *name; /* borrowed; the configuration's */
    bool known;       /* it was looked at */
    bool attached;
    struct fast_choice choice;
    uint16_t tag;     /* of a VLAN that XDP can do; 0: it is none */
    char carrier[16]; /* then: the interface that its tagged frames pass */
};

struct fast_links {
    unsigned count;
    struct fast_link all[IO_OFFLOAD_LINKS_MAX];
};

/* The inside ones first. What there is no room for, and what is a pattern, is logged. `config` outlives it.
 */
void fast_links_start(struct fast_links *links, const struct config *config);

/* Is `name` one of them? */
bool fast_links_has(const struct fast_links *links, const char *name);

/* Attaches what can be, and reads addresses and MTUs again. `look`: chooses places anew. What is another than
 * before is logged. */
void fast_links_attach(struct fast_links *links, enum config_offload mode, struct offload *offload,
                       bool look);

#endif
