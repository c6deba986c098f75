/* What adopted flows have in common, wherever their records come from. */
#ifndef ENGINE_TAKEOVER_H
#define ENGINE_TAKEOVER_H

#include "life.h"

/* Are there connections that its client may go on with from another port? */
bool takeover_has_peers(const struct flow *flow);

/* The flow was adopted by its shard, which is locked, with its rule and mapping: what else the engine knows
 * of it begins. `peers` is peers_hash where it has some. */
void takeover_go_on(struct engine *engine, struct shard *shard, struct flow *flow, uint64_t peers);

#endif
