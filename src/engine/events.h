/* The newest events, for readers that come now and then. A ring with a lock of its own. */
#ifndef ENGINE_EVENTS_H
#define ENGINE_EVENTS_H

#include <pthread.h>
#include <quicward/engine.h>

#define EVENTS_KEPT 4096 /* power of two */

/* Refusals come in floods: one event a second tells how many. */
struct events_flood {
    struct qw_time told;
    uint64_t count; /* since then */
};

struct events {
    pthread_mutex_t lock;
    struct engine_event *ring; /* owned; NULL: nothing is kept */
    uint64_t last;             /* number of the newest; 0: none yet */
    struct events_flood floods[3];
};

/* False when memory is short; events_free in either case. */
bool events_init(struct events *events);
void events_free(struct events *events);

/* Numbers `event` and keeps it. */
void events_add(struct events *events, const struct engine_event *event);

/* Counts a refusal of `kind` (NO_PORT, HOST_LIMIT, NO_ADDRESS) for `inside`; an event at most once a second.
 */
void events_refused(struct events *events, enum engine_event_kind kind, const struct qw_endpoint *inside,
                    struct qw_time now);

/* As engine_events. */
size_t events_read(struct events *events, uint64_t *after, struct engine_event *out, size_t max);

#endif
