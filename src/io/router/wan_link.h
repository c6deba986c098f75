/* Of an entry of `outside`: the interface of now, and its address (nat.external = "auto"). */
#ifndef QUICWARD_IO_WAN_LINK_H
#define QUICWARD_IO_WAN_LINK_H

#include <quicward/base/addr.h>
#include <quicward/config.h>

struct wan_link {
    char name[CONFIG_INTERFACE_NAME_MAX]; /* that of the entry when there is no such interface */
    struct qw_addr address;               /* zero: it has none */
    char
        other[CONFIG_INTERFACE_NAME_MAX]; /* another one that matches and has an address; "": there is none */
};

/* `named` is a name, or a pattern. Of several that match and have an address the one counts by which the
 * route to the internet leads; else the oldest. False when the kernel does not answer, or its answer is no
 * longer true. */
bool wan_link_ask(const char *named, struct wan_link *out);

#endif
