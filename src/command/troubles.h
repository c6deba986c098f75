/* What shows only in figures, as events: queues that overflow, and throttles that begin, change and end. */
#ifndef COMMAND_TROUBLES_H
#define COMMAND_TROUBLES_H

#include <quicward/engine.h>
#include <quicward/io.h>

struct troubles {
    uint64_t dropped[CONFIG_WORKERS_MAX]; /* of each queue, when it was looked at last */
    struct troubles_share {
        char name[32]; /* of the limit: a reload may put another in its place */
        double told;   /* of the last event; 0: none is blocked */
    } shares[THROTTLE_LIMITS_MAX];
};

/* Compares the figures with those of the call before, and tells the engine's readers of changes. To be called
 * once a second or so; `queues` may be NULL. */
void troubles_look(struct troubles *troubles, struct engine *engine, struct io_queues *queues,
                   struct qw_time now);

/* The parts of it, for tests: with figures that are given; `view` NULL: there is no such limit. */
void troubles_queue(struct troubles *troubles, unsigned i, const struct io_queue_stats *queue,
                    struct engine *engine, struct qw_time now);
void troubles_throttle(struct troubles *troubles, unsigned i, const struct throttle_view *view,
                       struct engine *engine, struct qw_time now);

#endif
