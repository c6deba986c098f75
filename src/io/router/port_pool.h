/* What the router leaves of the ports that may be mapped to. */
#ifndef QUICWARD_IO_PORT_POOL_H
#define QUICWARD_IO_PORT_POOL_H

#include <quicward/base/ports.h>

/* Those of `pool` (config_nat_usable) from 1024 on, which serve all inside ports from 1024 on, that are not
 * in `router`. */
struct qw_port_count port_pool_left(const uint64_t pool[static QW_PORT_WORDS],
                                    const uint64_t router[static QW_PORT_WORDS]);

#endif
