/* The first flows of a query, while all of them are looked at. */
#ifndef CONTROL_FLOW_RANK_H
#define CONTROL_FLOW_RANK_H

#include <quicward/control.h>

/* NULL when memory is short. */
struct flow_rank *flow_rank_new(const struct control_query *query);
void flow_rank_free(struct flow_rank *rank); /* may be NULL */

/* Keeps a flow that matches, if it belongs to the first ones so far. False when memory is short. */
bool flow_rank_add(struct flow_rank *rank, const struct engine_flow *flow);

/* Writes them in their order. False when `out` failed. */
bool flow_rank_write(struct flow_rank *rank, FILE *out);

#endif
