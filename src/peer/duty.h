/* What follows from a role: taking over, standing by, and what becomes of a standby's own flows. */
#ifndef PEER_DUTY_H
#define PEER_DUTY_H

#include "peer_pair.h"

/* One step of what stands at `number` in options.owned. */
void duty_turn(struct peer_pair *peer, unsigned number, struct qw_time now);

/* Ends a standby's own flows, when they are to (struct role_retirement). Where there are owners, what is
 * another's is not translated here anyway. */
void duty_end_own_flows(struct peer_pair *peer, struct qw_time now);

#endif
