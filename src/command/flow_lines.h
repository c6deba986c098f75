/* Lines of flows that the daemon leaves to be put in order: [KEY, FLOW]. */
#ifndef COMMAND_FLOW_LINES_H
#define COMMAND_FLOW_LINES_H

#include <quicward/control.h>

struct flow_lines {
    char *text; /* owned, flow_lines_clear */
    size_t len, room, count;
    bool failed; /* a line was none, or memory is short */
};

void flow_lines_add(struct flow_lines *lines, const char *line);

/* Calls `each` for the first `limit` flows (0: all), in order, without their keys. False when memory is
 * short.
 */
bool flow_lines_show(struct flow_lines *lines, uint64_t limit, control_line *each, void *context);

void flow_lines_clear(struct flow_lines *lines);

#endif
