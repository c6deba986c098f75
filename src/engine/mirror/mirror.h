/* The mirror inside the engine (quicward/engine_mirror.h). */
#ifndef ENGINE_MIRROR_INSIDE_H
#define ENGINE_MIRROR_INSIDE_H

#include "life.h"

struct mirror {
    uint32_t shards, slots;
    uint32_t *told_s; /* owned; by shard and slot, under the shard's lock: the second of the last packet
                         that was told, plus 1; 0: no flow was told */
};

/* Makes engine->mirror; false when memory is short. The shards exist. */
bool mirror_start(struct engine *engine);
void mirror_end(struct engine *engine);

#endif
