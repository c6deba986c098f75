/* What a throttle would have done with the traffic of a capture, as a drawing. */
#ifndef COMMAND_REPLAY_REPORT_H
#define COMMAND_REPLAY_REPORT_H

#include "figure.h"
#include <quicward/config.h>
#include <quicward/engine.h>
#include <stdbool.h>

#define REPORT_FIGURES 2

struct replay_report {
    const char *path;                     /* NULL: no report */
    char interface[THROTTLE_NAME_MAX];    /* that all packets pass: of the first throttle */
    struct qw_time began, ticked, viewed; /* by the capture's clock */
    bool runs;
    unsigned count;
    struct figure figures[REPORT_FIGURES]; /* of the interface's directions */
};

/* Takes the first of `config`'s throttles and the other one of its interface. Where there are none, `limit`
 * is filled for a throttle that never blocks, and becomes the one of `config`. */
void replay_report_begin(struct replay_report *report, struct config *config, struct config_throttle *limit);

/* All that a router would have done up to `now`, the time of the next packet. */
void replay_report_go_on(struct replay_report *report, struct engine *engine, struct engine_worker *worker,
                         struct qw_time now);

/* False when the file cannot be written, after saying so. */
bool replay_report_write(const struct replay_report *report);

#endif
