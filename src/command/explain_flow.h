/* A flow in words as a packet that an engine of its own is tried with. */
#ifndef COMMAND_EXPLAIN_FLOW_H
#define COMMAND_EXPLAIN_FLOW_H

#include "loaded.h"
#include <quicward/engine_trial.h>

/* Asks on standard error for what the words leave open and the answer depends on: the side that the flow
 * begins on, or an interface. True when nothing is open. */
bool explain_is_told(const struct config *config, const struct policy_flow *flow);

/* Writes what the engine asks the rules, what they say, and what becomes of the packet. False when memory is
 * short. */
bool explain_try(const struct loaded *loaded, const struct policy_flow *flow, FILE *out);

#endif
