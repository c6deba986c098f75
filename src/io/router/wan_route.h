/* Which of its addresses the kernel would send from by an interface. */
#ifndef QUICWARD_IO_WAN_ROUTE_H
#define QUICWARD_IO_WAN_ROUTE_H

#include <quicward/base/addr.h>
#include <stdbool.h>

/* The IPv4 source address that the route to the internet by the interface with that index gives to a packet.
 * False, with *out as it was, when there is no such route or it says none. */
bool wan_route_source(unsigned index, struct qw_addr *out);

/* The index of the interface that the route to the internet leads by; 0: there is none. */
unsigned wan_route_link(void);

#endif
