/* Asking the rules, and what follows from their answer. */
#ifndef ENGINE_ASK_H
#define ENGINE_ASK_H

#include "walk.h"

/* What the rules may know of the packet as the first of a flow. */
struct policy_facts walk_facts(const struct walk *w, bool hello_unreadable);

/* The flow comes to life by a packet of `sender`, which came from that side of the router. */
void walk_admit(struct shard *shard, struct flow *flow, enum flow_side sender, enum engine_origin from,
                const struct ruling *ruling);

/* Not let through: what follows, a reply among it when the ruling is to reject. */
struct step walk_refuse(struct walk *w, const struct ruling *ruling);

#endif
