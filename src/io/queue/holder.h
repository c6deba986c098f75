/* Who holds a queue that should be ours. */
#ifndef QUICWARD_IO_HOLDER_H
#define QUICWARD_IO_HOLDER_H

#include <quicward/io.h>
#include <stdbool.h>

/* True, and one line in `error` that names the process as far as it can be found, when some socket holds
 * queue `number`; false when none does. */
bool holder_describe(uint16_t number, struct io_error *error);

/* The process that has the netfilter socket with address `portid`; its name goes to `name`, "?" when it is
 * unknown. 0: it cannot be seen from here. */
unsigned holder_find(uint32_t portid, char *name, size_t size);

/* Reads one line of /proc/net/netlink: true and its inode when it is the netfilter socket with address
 * `portid`. */
bool holder_inode(const char *line, uint32_t portid, unsigned long *inode);

#endif
