#include "event_ring.h"
#include <stdlib.h>

const struct engine_event_row ENGINE_EVENT_ROWS[ENGINE_EVENT_KINDS] = {
#define X(name, word, fields, meaning) [ENGINE_EVENT_##name] = {word, meaning, fields},
    ENGINE_EVENTS(X)
#undef X
};

#define FLUSH_NS (100 * QW_NS_PER_MS) /* between two looks at all sums */

static bool is_frequent(enum engine_event_kind kind)
{
    return kind == ENGINE_EVENT_MAPPING_CREATED || kind == ENGINE_EVENT_MAPPING_REMOVED ||
           kind == ENGINE_EVENT_BLOCK_ASSIGNED || kind == ENGINE_EVENT_BLOCK_RELEASED ||
           kind == ENGINE_EVENT_FLOW_CONFIRMED || kind == ENGINE_EVENT_FLOW_CONTINUES;
}

bool events_init(struct events *events)
{
    bool whole = true;
    *events = (struct events){0};
    for (unsigned i = 0; i < EVENTS_RINGS; i++) {
        events->rings[i].kept = calloc(EVENTS_KEPT, sizeof *events->rings[i].kept);
        whole = whole && events->rings[i].kept;
    }
    pthread_mutex_init(&events->lock, NULL);
    return whole;
}

void events_free(struct events *events)
{
    for (unsigned i = 0; i < EVENTS_RINGS; i++)
        free(events->rings[i].kept);
    pthread_mutex_destroy(&events->lock);
}

static void add(struct events *events, const struct engine_event *event)
{
    struct events_ring *ring = &events->rings[is_frequent(event->kind) ? EVENTS_FREQUENT : EVENTS_RARE];
    struct engine_event *kept = &ring->kept[ring->added++ % EVENTS_KEPT];
    *kept = *event;
    kept->number = ++events->last;
}

static bool is_due(const struct events_flood *flood, struct qw_time now)
{
    uint64_t told_ns = atomic_load_explicit(&flood->told_ns, memory_order_relaxed);
    return told_ns == 0 || qw_time_since(now, (struct qw_time){told_ns}) >= QW_NS_PER_SECOND;
}

bool events_count(struct events *events, enum engine_event_kind kind, unsigned key, struct qw_time now)
{
    struct events_flood *flood = &events->floods[kind][key % EVENTS_KEYS];
    atomic_fetch_add_explicit(&flood->count, 1, memory_order_relaxed);
    return is_due(flood, now);
}

/* With the lock held. */
static void tell(struct events *events, struct events_flood *flood, struct engine_event *event,
                 struct qw_time now)
{
    event->time = now;
    event->count = atomic_exchange_explicit(&flood->count, 0, memory_order_relaxed);
    if (event->count == 0) /* another worker told of it meanwhile */
        return;
    atomic_store_explicit(&flood->told_ns, now.ns, memory_order_relaxed);
    flood->sample = *event;
    add(events, event);
}

void events_tell(struct events *events, const struct engine_event *event, unsigned key)
{
    struct engine_event told = *event;
    pthread_mutex_lock(&events->lock);
    tell(events, &events->floods[event->kind][key % EVENTS_KEYS], &told, event->time);
    pthread_mutex_unlock(&events->lock);
}

/* With the lock held. `all`: what is not due yet, too. */
static void flush_one(struct events *events, struct events_flood *flood, struct qw_time now, bool all)
{
    struct engine_event again = flood->sample;
    if (again.number == 0 && again.time.ns == 0) /* its first event is being made */
        return;
    if (all || is_due(flood, now))
        tell(events, flood, &again, now);
}

static void flush(struct events *events, struct qw_time now, bool all)
{
    for (unsigned i = 0; i < ENGINE_EVENT_KINDS * EVENTS_KEYS; i++) {
        struct events_flood *flood = &events->floods[i / EVENTS_KEYS][i % EVENTS_KEYS];
        if (atomic_load_explicit(&flood->count, memory_order_relaxed) != 0)
            flush_one(events, flood, now, all);
    }
}

void events_flush(struct events *events, struct qw_time now)
{
    uint64_t before = atomic_load_explicit(&events->flushed_ns, memory_order_relaxed);
    if (before != 0 && qw_time_since(now, (struct qw_time){before}) < FLUSH_NS)
        return;
    atomic_store_explicit(&events->flushed_ns, now.ns, memory_order_relaxed);
    pthread_mutex_lock(&events->lock);
    flush(events, now, false);
    pthread_mutex_unlock(&events->lock);
}

void events_add(struct events *events, const struct engine_event *event)
{
    pthread_mutex_lock(&events->lock);
    if (event->kind == ENGINE_EVENT_STOPPED)
        flush(events, event->time, true);
    add(events, event);
    pthread_mutex_unlock(&events->lock);
}

/* ---- read ---- */

/* Where in the ring the first event behind number `after` stands. */
static uint64_t find(const struct events_ring *ring, uint64_t after)
{
    uint64_t low = ring->added > EVENTS_KEPT ? ring->added - EVENTS_KEPT : 0, high = ring->added;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (ring->kept[middle % EVENTS_KEPT].number > after)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* The next one of both rings by number; NULL at the end. */
static const struct engine_event *next(const struct events *events, uint64_t at[static EVENTS_RINGS])
{
    const struct engine_event *first = NULL;
    unsigned of = 0;
    for (unsigned i = 0; i < EVENTS_RINGS; i++) {
        const struct events_ring *ring = &events->rings[i];
        if (at[i] == ring->added)
            continue;
        const struct engine_event *event = &ring->kept[at[i] % EVENTS_KEPT];
        if (!first || event->number < first->number) {
            first = event;
            of = i;
        }
    }
    at[of] += first != NULL;
    return first;
}

size_t events_read(struct events *events, uint64_t *after, struct engine_event *out, size_t max)
{
    size_t count = 0;
    uint64_t at[EVENTS_RINGS];
    const struct engine_event *event = NULL;
    pthread_mutex_lock(&events->lock);
    for (unsigned i = 0; i < EVENTS_RINGS; i++)
        at[i] = find(&events->rings[i], *after);
    while (count < max && (event = next(events, at)))
        out[count++] = *event;
    if (count > 0)
        *after = out[count - 1].number;
    pthread_mutex_unlock(&events->lock);
    return count;
}
