/* A configuration with everything that it names. */
#ifndef COMMAND_LOADED_H
#define COMMAND_LOADED_H

#include "options.h"
#include <quicward/policy.h>

struct loaded {
    struct config *config;
    struct policy *policy;
    unsigned warnings;          /* of the configuration */
    enum command_status status; /* what the command ends with when it could not be read */
};

/* Reads the configuration of -c and the lists of names in it. False, with nothing to free, after every error
 * was written to standard error. With `warns` its warnings are, too (config_check). */
bool loaded_read(const struct options *options, bool warns, struct loaded *out);
void loaded_free(struct loaded *loaded);

#endif
