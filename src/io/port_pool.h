/* The ports that may be mapped to on an address, as the configuration has them, and what the router leaves of
 * them. */
#ifndef QUICWARD_IO_PORT_POOL_H
#define QUICWARD_IO_PORT_POOL_H

#include <quicward/config.h>
#include <quicward/nat.h>

struct port_count {
    unsigned even, odd;
};

/* nat.ports without nat.exclude and the ports of reflection attacks. Those of forwards are not taken off. */
void port_pool_read(const struct config *config, uint64_t out[static NAT_PORT_WORDS]);

/* Those of `pool` from 1024 on, which serve all inside ports from 1024 on, that are not in `router`. */
struct port_count port_pool_left(const uint64_t pool[static NAT_PORT_WORDS],
                                 const uint64_t router[static NAT_PORT_WORDS]);

#endif
