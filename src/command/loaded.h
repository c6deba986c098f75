/* A configuration with everything that it names. */
#ifndef COMMAND_LOADED_H
#define COMMAND_LOADED_H

#include "options.h"
#include <quicward/policy.h>

struct loaded {
    struct config *config;
    struct policy *policy;
};

/* Reads the configuration of -c and the lists of names in it. False, with nothing to free, after every error
 * was written to standard error. */
bool loaded_read(const struct options *options, struct loaded *out);
void loaded_free(struct loaded *loaded);

#endif
