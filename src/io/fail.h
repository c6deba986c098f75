/* The one way this room says what went wrong. */
#ifndef QUICWARD_IO_FAIL_H
#define QUICWARD_IO_FAIL_H

#include <quicward/io.h>

/* Writes the message (cut if it is too long) and returns `code`. */
enum qw_error io_fail(struct io_error *error, enum qw_error code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
