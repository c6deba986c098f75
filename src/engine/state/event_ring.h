/* The newest events, for readers that come now and then. Two rings with one lock: what comes by the thousand
 * must not push out what operators wait for. */
#ifndef ENGINE_EVENTS_RING_H
#define ENGINE_EVENTS_RING_H

#include <pthread.h>
#include <quicward/engine_events.h>
#include <stdatomic.h>
#include <stdbool.h>

#define EVENTS_KEPT 4096 /* of each ring; power of two */

/* Refusals are summed: one event a second stands for all that have one key, the rule or the host. Keys that
 * share a place are summed together while one of them goes on. */
#define EVENTS_KEYS 32

struct events_flood {
    _Atomic uint64_t told_ns;   /* time of the last event; 0: none yet */
    _Atomic uint64_t count;     /* refusals since then */
    struct engine_event sample; /* the last event; with the lock held */
};

enum { EVENTS_FREQUENT, EVENTS_RARE, EVENTS_RINGS };

struct events_ring {
    struct engine_event *kept; /* owned */
    uint64_t added;            /* ever */
};

struct events {
    pthread_mutex_t lock;
    struct events_ring rings[EVENTS_RINGS];
    uint64_t last; /* number of the newest; 0: none yet */
    _Atomic uint64_t flushed_ns;
    struct events_flood floods[ENGINE_EVENT_KINDS][EVENTS_KEYS];
};

/* False when memory is short; events_free in either case. */
bool events_init(struct events *events);
void events_free(struct events *events);

/* As engine_tell. The end of the daemon comes behind all that was counted. */
void events_add(struct events *events, const struct engine_event *event);

/* Counts one more of `kind` and `key`. True when an event is due: the caller makes it and calls events_tell.
 */
bool events_count(struct events *events, enum engine_event_kind kind, unsigned key, struct qw_time now);

/* Keeps `event`, with the number of those that were counted since the last of its kind and key. */
void events_tell(struct events *events, const struct engine_event *event, unsigned key);

/* Tells of what was counted and not told for a second: a sum is closed a second after its last event. To be
 * called now and then. */
void events_flush(struct events *events, struct qw_time now);

/* As engine_events. */
size_t events_read(struct events *events, uint64_t *after, struct engine_event *out, size_t max);

#endif
