/* The other one who forwards packets (throttle_fast). With the lock held. */
#ifndef THROTTLE_FAST_H
#define THROTTLE_FAST_H

#include "state.h"

/* Adds what came by it to the load of the interface. */
void limits_ask(struct throttle *throttle, struct interface *interface);

/* Says what is in force now. */
void fast_tell(const struct throttle *throttle);

#endif
