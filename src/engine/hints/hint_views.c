#include "hint_views.h"
#include "life.h"
#include <quicward/hint.h>

/* A connection that goes on elsewhere does so within minutes, and most never do: for a table of any size
 * those of the last minutes are enough. Some 100 bytes each. */
#define HINTS_MAX 16384u

bool hint_views_start(struct engine *engine)
{
    engine->hints = hint_new(engine->flows_max < HINTS_MAX ? engine->flows_max : HINTS_MAX, engine->secret);
    return engine->hints != NULL;
}

void hint_views_end(struct engine *engine)
{
    hint_free(engine->hints);
}

uint64_t hint_views_of(const struct shard *shard, uint64_t id)
{
    return hint_continues(shard->hints, id);
}
