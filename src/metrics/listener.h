/* The socket that readers come to. */
#ifndef METRICS_LISTENER_H
#define METRICS_LISTENER_H

#include <quicward/metrics.h>

/* A listening socket that does not block, the caller's: QW_OK and *out. QW_ERR_SYSTEM with `error`. */
enum qw_error listener_open(const char *text, const struct config_listen *listen, int *out,
                            struct io_error *error);

/* Fills `error` as printf does, and returns QW_ERR_SYSTEM. */
enum qw_error metrics_fail(struct io_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
