/* What a replay prints on standard output. False when memory is short or the output failed. */
#ifndef COMMAND_REPLAY_SHOW_H
#define COMMAND_REPLAY_SHOW_H

#include "replay_flows.h"

/* A line a flow, a line with what throttling would block at each tenth when flows have places, then the stats
 * line. */
bool replay_show_json(const struct replay_flows *flows, const struct engine_stats *stats,
                      struct engine *engine);

/* The table and the list that a running daemon's client shows. `skipped` frames held no IP packet. */
bool replay_show_text(const struct replay_flows *flows, const struct engine_stats *stats,
                      struct engine *engine, uint64_t skipped);

#endif
