/* What the kernel says of an interface's addresses: netlink messages, read. */
#ifndef QUICWARD_IO_WAN_ADDRESS_H
#define QUICWARD_IO_WAN_ADDRESS_H

#include <quicward/base/addr.h>
#include <stdbool.h>
#include <stddef.h>

/* The IPv4 address that packets leave the interface of that index with: the one that the route to the
 * internet by it takes, and without such a route the first primary one of global scope that the kernel lists;
 * zero when the interface has none, or when there is no such interface (0). False when the kernel does not
 * answer, or its answer is no longer true. */
bool wan_address_ask(unsigned index, struct qw_addr *out);

/* One answer of the kernel, `len` bytes at `buffer`: writes the address into *out if the message tells one
 * for interface `index` and *out is still zero. */
void wan_address_read(const void *buffer, size_t len, unsigned index, struct qw_addr *out);

#endif
