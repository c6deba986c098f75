/* What an engine of a configuration will take, before there is one: for `quicward check --size`. */
#ifndef QUICWARD_ENGINE_SIZES_H
#define QUICWARD_ENGINE_SIZES_H

#include <quicward/config.h>
#include <stddef.h>
#include <stdint.h>

struct engine_size {
    const char *what; /* static string */
    const char *keys; /* of the configuration, that it follows from; static string */
    uint64_t count;   /* things that there is room for */
    uint64_t bytes;   /* in all */
};

#define ENGINE_SIZES_MAX 16

/* Writes a row for each table, the largest rows of the program; returns how many. The memory is taken at the
 * start and does not grow; what is smaller (settings, lists of names, threads) is not in it. */
size_t engine_sizes(const struct config *config, struct engine_size out[static ENGINE_SIZES_MAX]);

#endif
