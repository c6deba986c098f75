/* A flow as a line of JSON, for the view and for the answer to a query. */
#ifndef CONTROL_FLOW_LINE_H
#define CONTROL_FLOW_LINE_H

#include "json_line.h"
#include <quicward/engine.h>

/* Fills `line`, no newline; `ended` NULL: it lives. `brief`: only what a table shows, and nothing that says
 * nothing. */
void flow_line(struct json_line *line, const struct engine_flow *flow, const char *ended, bool brief);

/* "rtt_us": an object, or null when nothing is known. (rtt_json.c) */
void flow_line_rtt(struct json_line *line, const struct measure_report *rtt);
bool flow_has_rtt(const struct measure_report *rtt);

#endif
