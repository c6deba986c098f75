/* What follows from a role: taking over, standing by, and what becomes of a standby's own flows. */
#ifndef PEER_DUTY_H
#define PEER_DUTY_H

#include "peer_pair.h"

/* One step of what stands at `number` in options.owned. */
void duty_turn(struct peer_pair *peer, unsigned number, struct qw_time now);

/* A mapping of a standby may be another's on the active router, which took what it could, and hosts inside
 * may go on for a while to send here. So it ends, as soon as the other's flows were read whole: nothing is
 * lost when that one dies now. Where there are owners, what is another's is not translated here anyway. */
void duty_end_own_flows(struct peer_pair *peer, struct qw_time now);

#endif
