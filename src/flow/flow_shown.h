/* The flows of a table as they are shown to readers outside of the room (flow_show). */
#ifndef FLOW_SHOWN_H
#define FLOW_SHOWN_H

#include <quicward/base/known.h>
#include <quicward/flow.h>

/* Nobody looks while `lines` is NULL. */
struct flow_shown {
    const struct qw_known *known;
    struct qw_known_line *lines;
};

void flow_shown_add(const struct flow_shown *shown, const struct flow_key *key);
void flow_shown_remove(const struct flow_shown *shown, const struct flow_key *key);

#endif
