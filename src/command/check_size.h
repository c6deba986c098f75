/* What a configuration takes of the machine, and what it grants. */
#ifndef COMMAND_CHECK_SIZE_H
#define COMMAND_CHECK_SIZE_H

#include <quicward/config.h>
#include <stdio.h>

void check_size_print(const struct config *config, FILE *out);

#endif
