/* The control socket's file: who may listen on a path, and how it is reached. */
#ifndef CONTROL_SOCKET_H
#define CONTROL_SOCKET_H

#include <quicward/base/error.h>
#include <quicward/io.h>

/* Clients waiting to be accepted. */
#define CONTROL_BACKLOG 8

/* A stream socket connected to `path`, or -1 with errno. `flags` are those of socket(2). */
int control_connect(const char *path, int flags);

/* A non-blocking socket that listens on `path` (with that mode and group: struct control_handlers). Makes its
 * folder, replaces a socket file that nobody listens on, and touches nothing else that stands there. QW_OK,
 * *out; QW_ERR_SYSTEM, `error`. */
enum qw_error control_listen(const char *path, mode_t mode, const char *group, int *out,
                             struct io_error *error);

#endif
