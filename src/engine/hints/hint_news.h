/* What a packet tells of the connections that flows belong to (quicward/hint.h). It is told when the packet's
 * verdict is written, and nothing comes back: all of it is void, and the walk sees no more than this. */
#ifndef ENGINE_HINT_NEWS_H
#define ENGINE_HINT_NEWS_H

#include "walk.h"

/* Takes what walk.news says, with no shard locked. */
void hint_news(const struct walk *w);

#endif
