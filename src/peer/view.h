/* What others see of the pair (peer_stats). */
#ifndef PEER_VIEW_H
#define PEER_VIEW_H

#include "peer_pair.h"

/* Sets it anew, but for the counts of takeovers. */
void view_publish(struct peer_pair *peer, struct qw_time now);

#endif
