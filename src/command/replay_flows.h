/* The flows that a replay has met: those that ended on the way, and those alive at its end. */
#ifndef COMMAND_REPLAY_FLOWS_H
#define COMMAND_REPLAY_FLOWS_H

#include <quicward/engine.h>
#include <stdbool.h>
#include <stddef.h>

struct replay_flow {
    struct engine_flow flow;
    bool ended;
    enum flow_end why; /* valid when `ended` */
};

struct replay_flows {
    size_t count, room;
    struct replay_flow *list; /* owned, replay_flows_free */
    bool failed;              /* memory ran out: the list has a hole */
};

/* An engine_flow_ended; `context` is a struct replay_flows. */
void replay_flows_ended(void *context, const struct engine_flow *flow, enum flow_end why);

/* Adds those alive at `now`, the end of the capture. */
void replay_flows_live(struct replay_flows *flows, struct engine *engine, struct qw_time now);

/* Sorts by id, which is the order in which they began, and drops from a flow that was added alive and then
 * ended what was added last. */
void replay_flows_sort(struct replay_flows *flows);
void replay_flows_free(struct replay_flows *flows);

#endif
