/* Continuation hints for reports, and their life. */
#ifndef ENGINE_HINT_VIEWS_H
#define ENGINE_HINT_VIEWS_H

#include <stdbool.h>
#include <stdint.h>

struct engine;
struct shard;

/* Makes engine->hints. False when memory is short; hint_views_end in either case. */
bool hint_views_start(struct engine *engine);
void hint_views_end(struct engine *engine);

/* The flow that flow `id` of the shard may go on with, 0 when none is known. */
uint64_t hint_views_of(const struct shard *shard, uint64_t id);

#endif
