/* Engines for fuzzers. */
#ifndef ENGINE_INPUT_H
#define ENGINE_INPUT_H

#include "fuzz_input.h"
#include <quicward/engine.h>

/* What a file of that text says; the caller's, config_free. The text must be right. */
struct config *fuzz_config(const char *text);

/* A file in memory with these bytes; its path, valid until the next call. The caller closes *fd. */
const char *fuzz_file(const uint8_t *data, size_t size, int *fd);

/* One shard, fixed keys, a store of its own or `store`. Ends the program when there is no memory. */
struct engine *fuzz_engine(const struct config *config, struct store *store, struct qw_time now);

#endif
