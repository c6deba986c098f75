/* A file with what the kernel rules are made of, as they were installed last: a router whose configuration
 * has mistakes when it boots is closed by that. */
#ifndef COMMAND_KEPT_H
#define COMMAND_KEPT_H

#include <quicward/config.h>

/* Writes `config` to `path`, whole or not at all, readable by its owner alone, without the lists that no
 * kernel rule depends on: they would name further files. False with errno. */
bool kept_write(const char *path, const struct config *config);

/* What kept_write wrote; NULL when there is nothing, or after its errors were written to standard error. The
 * caller owns it, config_free. */
struct config *kept_read(const char *path);

#endif
