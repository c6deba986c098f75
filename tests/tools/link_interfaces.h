/* The two interfaces of a forwarder in user space, and its waiting between them. What fails that a case did
 * not ask for ends the program, as in sockets.h. */
#ifndef TOOLS_LINK_INTERFACES_H
#define TOOLS_LINK_INTERFACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A packet socket that does not wait, for whole frames that come by the interface, whoever they are for. */
int link_open(const char *name, int buffer_bytes);

/* A link that is full or down loses the frame, as links do. */
void link_send(int fd, const uint8_t *frame, size_t len);

/* A descriptor that is readable once SIGTERM or SIGINT came. */
int link_stop_signal(void);

#define LINK_FOREVER UINT64_MAX

/* Waits until a frame came by one of the sockets, or for that long. False: the program is to stop. */
bool link_wait(const int sockets[static 2], int stop, uint64_t us, bool ready[static 2]);

#endif
