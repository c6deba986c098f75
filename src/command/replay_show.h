/* What a replay prints on standard output. False when memory is short or the output failed. */
#ifndef COMMAND_REPLAY_SHOW_H
#define COMMAND_REPLAY_SHOW_H

#include "replay_flows.h"
#include <quicward/io.h>

/* The capture itself: `damaged` when it ended before its time. */
struct replay_capture {
    const struct io_capture_counts *counts;
    bool damaged;
};

/* A line a flow, a line with what throttling would block at each tenth when flows have places, the stats
 * line, and a line about the capture unless all of it was read. */
bool replay_show_json(const struct replay_flows *flows, const struct engine_stats *stats,
                      struct engine *engine, const struct replay_capture *capture);

/* The table and the list that a running daemon's client shows, and what of the capture was not read. */
bool replay_show_text(const struct replay_flows *flows, const struct engine_stats *stats,
                      struct engine *engine, const struct replay_capture *capture);

#endif
