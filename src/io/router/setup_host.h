/* The settings of the kernel and the addresses that the daemon depends on. */
#ifndef QUICWARD_IO_SETUP_HOST_H
#define QUICWARD_IO_SETUP_HOST_H

#include "findings.h"
#include <quicward/config.h>

void setup_host_look(const struct config *config, struct findings *out);

/* The number in /proc/sys/net/FAMILY/conf/INTERFACE/NAME; -1 when there is none. */
int setup_host_setting(const char *family, const char *interface, const char *name);

/* Is it an address that is not routed in the internet (RFC 1918, RFC 6598, RFC 3927)? IPv4. */
bool setup_host_private(const struct qw_addr *addr);

#endif
