/* What step_admit and the packets that wait have in common. */
#ifndef ENGINE_ADMIT_H
#define ENGINE_ADMIT_H

#include "ask_rules.h"

/* The attempt passes: what waits of it goes on. */
void admit_attempt(struct engine_worker *worker, uint64_t flow_id, struct hello *hello);

/* It does not, nor does what comes later of it. */
void admit_refuse(struct engine_worker *worker, uint64_t flow_id, struct hello *hello,
                  const struct ruling *ruling);

/* Holds the packet of an attempt whose ClientHello is not whole. When a limit forbids that: what the limit
 * makes of all that waits, and of this packet. (waiting.c) */
struct step admit_wait(struct walk *w, struct hello *hello, const struct policy_facts *facts);

/* The flow is admitted if it was not, and the rule is the one that speaks for it while it is not confirmed.
 */
void admit_flow(struct shard *shard, struct flow *flow, enum flow_side sender, enum engine_origin from,
                const struct ruling *ruling);

/* The attempt in the walk's slot, its client's view of `hello`. NULL when the packet belongs to none. */
struct hello *admit_hello(const struct walk *w);

#endif
