/* Which side of the router a flow's two ends are on, from what was written of it. */
#ifndef POLICY_SIDES_H
#define POLICY_SIDES_H

#include <quicward/policy.h>

struct side {
    enum { SIDE_OPEN, SIDE_INSIDE, SIDE_OUTSIDE } where;
    const char *interface; /* the word, or a name or pattern of the configuration; borrowed; or NULL */
};

/* False when `word` is no side, and no interface of `config` by a name or a pattern. `word` outlives *out. */
bool side_read(const struct config *config, const char *word, struct side *out);

/* The word for messages: what side_read takes. */
void side_say_allowed(const struct config *config, FILE *out);

/* Completes each by the other, and by the only interface of its side. False when both are on one side. */
bool sides_complete(const struct config *config, struct side *from, struct side *to);

#endif
