/* The ports that the router itself uses or keeps for itself: a mapping there would take its packets away. */
#ifndef QUICWARD_IO_ROUTER_PORTS_H
#define QUICWARD_IO_ROUTER_PORTS_H

#include <quicward/nat.h>
#include <stdbool.h>
#include <stdio.h>

/* Adds the ports in the text of ip_local_reserved_ports: "8080,9000-9010" and a newline, or nothing. */
void router_ports_add_reserved(FILE *text, uint64_t ports[static QW_PORT_WORDS]);

/* Adds those in the text of ip_local_port_range, "32768 60999": the ones that the router's sockets get when
 * they ask for none. */
void router_ports_add_range(FILE *text, uint64_t ports[static QW_PORT_WORDS]);

/* All of them as they are now; what this kernel has not (IPv6) adds nothing. False when they cannot be read.
 */
bool router_ports_read(uint64_t ports[static QW_PORT_WORDS]);

#endif
