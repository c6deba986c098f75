/* The ports of a pool. */
#ifndef NAT_PORTS_H
#define NAT_PORTS_H

#include <quicward/nat.h>

/* The ports that slot `slot` may hand out, as configured: those of the pool, but neither excluded ones nor
 * reflection ports nor what a forward has. Port 0 may be in it. */
void ports_usable(const struct nat_options *options, unsigned slot, uint64_t out[static NAT_PORT_WORDS]);

#endif
