/* What the log and the events hear, once when it begins and once when it is over. */
#ifndef PEER_NOTICES_H
#define PEER_NOTICES_H

#include "peer_pair.h"
#include <quicward/engine_events.h>

void notices_tell(const struct peer_pair *peer, enum engine_event_kind kind, const char *text);

/* Of stores that stopped answering; of other routers that cannot be understood, or are active, too. */
void notices_stores(struct peer_pair *peer);
void notices_others(struct peer_pair *peer);

/* " of ADDRESS", where it is not the router as a whole. */
#define NOTICES_OF_MAX (QW_PREFIX_TEXT_MAX + 4)
const char *notices_of(const struct peer_pair *peer, unsigned number, char out[static NOTICES_OF_MAX]);

#endif
