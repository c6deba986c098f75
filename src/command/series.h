/* Round trip times over the time of a capture, flow by flow, as they were known at each moment. */
#ifndef COMMAND_SERIES_H
#define COMMAND_SERIES_H

#include <quicward/engine.h>

#define SERIES_POINTS 240
#define SERIES_MAX 500u /* flows that are followed: a page with more plots is read by nobody */

struct series_point {
    double seconds;                         /* since the capture began */
    uint32_t client_us, server_us, spin_us; /* 0: unknown */
    enum measure_confidence confidence;
};

struct series {
    uint64_t id; /* of the flow */
    unsigned count, stride, skipped;
    struct series_point points[SERIES_POINTS];
};

struct series_book {
    struct qw_time began, looked;
    bool runs, failed; /* `failed`: memory ran out, flows are missing */
    unsigned count, room, left_out;
    struct series *list; /* owned, series_free; by rising id */
};

/* Looks at the flows of `engine` when it is time to. */
void series_go_on(struct series_book *book, struct engine *engine, struct qw_time now);

/* NULL: the flow has none. */
const struct series *series_find(const struct series_book *book, uint64_t id);
void series_free(struct series_book *book);

#endif
