#include "events.h"
#include <stdlib.h>

bool events_init(struct events *events)
{
    *events = (struct events){.ring = calloc(EVENTS_KEPT, sizeof *events->ring)};
    pthread_mutex_init(&events->lock, NULL);
    return events->ring != NULL;
}

void events_free(struct events *events)
{
    free(events->ring);
    pthread_mutex_destroy(&events->lock);
}

static void add(struct events *events, const struct engine_event *event)
{
    struct engine_event *kept = &events->ring[++events->last % EVENTS_KEPT];
    *kept = *event;
    kept->number = events->last;
}

void events_add(struct events *events, const struct engine_event *event)
{
    pthread_mutex_lock(&events->lock);
    add(events, event);
    pthread_mutex_unlock(&events->lock);
}

void events_refused(struct events *events, enum engine_event_kind kind, const struct qw_endpoint *inside,
                    struct qw_time now)
{
    struct events_flood *flood = &events->floods[kind - ENGINE_EVENT_NO_PORT];
    pthread_mutex_lock(&events->lock);
    flood->count++;
    if (flood->told.ns == 0 || qw_time_since(now, flood->told) >= QW_NS_PER_SECOND) {
        add(events,
            &(struct engine_event){.kind = kind, .time = now, .inside = *inside, .count = flood->count});
        *flood = (struct events_flood){.told = now};
    }
    pthread_mutex_unlock(&events->lock);
}

size_t events_read(struct events *events, uint64_t *after, struct engine_event *out, size_t max)
{
    size_t count = 0;
    pthread_mutex_lock(&events->lock);
    uint64_t oldest = events->last > EVENTS_KEPT ? events->last - EVENTS_KEPT + 1 : 1;
    uint64_t next = *after + 1 > oldest ? *after + 1 : oldest;
    for (; next <= events->last && count < max; next++)
        out[count++] = events->ring[next % EVENTS_KEPT];
    if (count > 0)
        *after = next - 1;
    pthread_mutex_unlock(&events->lock);
    return count;
}
