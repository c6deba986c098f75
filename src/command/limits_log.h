/* Limits that were met, for the log: the first time at once, then a sum a minute. */
#ifndef COMMAND_LIMITS_LOG_H
#define COMMAND_LIMITS_LOG_H

#include <quicward/control.h>

struct limits_log {
    uint64_t read; /* number of the last event that was looked at */
    struct limits_sum {
        uint64_t refused;         /* since the last line */
        struct qw_time told;      /* of that line */
        bool ever;                /* there was one */
        struct engine_event last; /* with whom it happened */
    } sums[ENGINE_EVENT_KINDS];
};

/* Reads the engine's new events, and logs what is due, with addresses as
 * `veil` (may be NULL) shows them. To be called once a second or so. */
void limits_log_look(struct limits_log *log, struct engine *engine, const struct control_veil *veil,
                     struct qw_time now);

#endif
