/* Which ports of an external address have a mapping or forward, for a reader that takes no lock and may be
 * outside of this process: the kernel's program compiles this header too, so it has nothing but types. */
#ifndef QUICWARD_BASE_PORT_MAP_H
#define QUICWARD_BASE_PORT_MAP_H

#include <stdint.h>

#define QW_PORT_MAP_WORDS 1024

struct qw_port_map {
    uint32_t ipv4; /* network order; 0: none, and the ports say nothing */
    uint32_t spare;
    uint64_t used[QW_PORT_MAP_WORDS]; /* bit p % 64 of word p / 64 */
};

#endif
