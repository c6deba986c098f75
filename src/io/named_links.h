/* The interfaces that names and patterns of the configuration stand for now. */
#ifndef QUICWARD_IO_NAMED_LINKS_H
#define QUICWARD_IO_NAMED_LINKS_H

#include <quicward/config.h>

#define NAMED_LINKS_MAX 4096 /* more are not followed, and it is said */

struct named_link {
    unsigned index;
    unsigned entry; /* its number among those that were asked for */
    char name[CONFIG_INTERFACE_NAME_MAX];
};

/* In the order of their indexes. */
struct named_links {
    unsigned count;
    bool too_many;
    struct named_link list[NAMED_LINKS_MAX];
};

/* Reads them into `out`. False, with none in it, when the kernel does not answer. */
bool named_links_look(const struct config_interfaces *named, struct named_links *out);

#endif
