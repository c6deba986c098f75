/* Who may own what, and what the engine is told of it. `number` is that of options.owned. */
#ifndef PEER_HOLDERS_H
#define PEER_HOLDERS_H

#include "peer_pair.h"
#include <quicward/engine_owners.h>

/* What it says can be gone by; its store is known not to answer. */
bool holders_is_usable(const struct peer_reader *reader);
bool holders_is_gone(const struct peer_reader *reader);

/* The reader of the router that stands at place `i` in the list; NOBODY: that is this one. */
unsigned holders_reader(const struct peer_pair *peer, unsigned number, unsigned i);

/* Of the routers of the list, in its order. Returns how many. */
unsigned holders_claims(const struct peer_pair *peer, unsigned number,
                        struct role_claim out[static PEER_OTHERS_MAX + 1]);

/* The reader of the router that owned it last; NOBODY. */
unsigned holders_latest(const struct peer_pair *peer, unsigned number);

/* The router that owns it, of options.owned's numbers; 0: there is no other router. And the mark of one. */
unsigned holders_elsewhere(const struct peer_pair *peer, unsigned number);
uint32_t holders_mark(const struct peer_pair *peer, unsigned router);

/* Tells the engine. */
void holders_own(struct peer_pair *peer, unsigned number, enum engine_owned state);

/* Another router took it over from another: the engine is told, if so. */
void holders_follow(struct peer_pair *peer, unsigned number);

#endif
