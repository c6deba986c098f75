#include "troubles.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

#define STEP 0.05 /* of all flows: a smaller change of a share is no news */

static uint64_t dropped(const struct io_queue_stats *queue)
{
    return queue->counters.queue_dropped + queue->counters.user_dropped + queue->counters.unseen;
}

void troubles_queue(struct troubles *troubles, unsigned i, const struct io_queue_stats *queue,
                    struct engine *engine, struct qw_time now)
{
    uint64_t all = dropped(queue), before = troubles->dropped[i];
    struct engine_event event = {.kind = ENGINE_EVENT_QUEUE_FULL, .time = now, .count = all - before};
    troubles->dropped[i] = all;
    if (all <= before) /* the kernel counts anew when a queue is bound again */
        return;
    snprintf(event.text, sizeof event.text, "queue %u, %" PRIu64 " packets wait in it",
             (unsigned)queue->number, queue->counters.waiting);
    engine_tell(engine, &event);
}

static enum engine_event_kind kind_of(double before, double now)
{
    if (before == 0)
        return ENGINE_EVENT_THROTTLE_BEGAN;
    return now == 0 ? ENGINE_EVENT_THROTTLE_ENDED : ENGINE_EVENT_THROTTLE_CHANGED;
}

/* The limit that stood here is gone. */
static void tell_gone(struct troubles_share *share, struct engine *engine, struct qw_time now)
{
    struct engine_event event = {.kind = ENGINE_EVENT_THROTTLE_ENDED, .time = now};
    snprintf(event.text, sizeof event.text, "%s: the throttle was removed", share->name);
    if (share->told > 0)
        engine_tell(engine, &event);
    *share = (struct troubles_share){.told = 0};
}

static void tell_share(struct troubles_share *share, const struct throttle_view *view, struct engine *engine,
                       struct qw_time now)
{
    struct engine_event event = {.kind = kind_of(share->told, view->share), .time = now};
    snprintf(event.text, sizeof event.text,
             "%s: blocks %.2f %% of flows; %" PRIu64 " bit/s offered, capacity %" PRIu64, share->name,
             100 * view->share, view->offered, view->limit.capacity);
    share->told = view->share;
    engine_tell(engine, &event);
}

void troubles_throttle(struct troubles *troubles, unsigned i, const struct throttle_view *view,
                       struct engine *engine, struct qw_time now)
{
    struct troubles_share *share = &troubles->shares[i];
    char name[sizeof share->name] = "";
    if (view)
        snprintf(name, sizeof name, "%s %s", view->limit.interface,
                 view->limit.direction == THROTTLE_OUT ? "out" : "in");
    if (strcmp(share->name, name) != 0)
        tell_gone(share, engine, now);
    memcpy(share->name, name, sizeof name);
    if (!view)
        return;
    bool turned = (share->told == 0) != (view->share == 0);
    if (turned || fabs(view->share - share->told) >= STEP)
        tell_share(share, view, engine, now);
}

static void look_at_queues(struct troubles *troubles, struct engine *engine, struct io_queues *queues,
                           struct qw_time now)
{
    struct io_queue_stats stats[CONFIG_WORKERS_MAX];
    unsigned count = queues ? io_queues_stats(queues, stats, CONFIG_WORKERS_MAX) : 0;
    for (unsigned i = 0; i < count; i++)
        troubles_queue(troubles, i, &stats[i], engine, now);
}

void troubles_look(struct troubles *troubles, struct engine *engine, struct io_queues *queues,
                   struct qw_time now)
{
    struct throttle_view views[THROTTLE_LIMITS_MAX];
    unsigned count = engine_throttles(engine, views);
    look_at_queues(troubles, engine, queues, now);
    for (unsigned i = 0; i < THROTTLE_LIMITS_MAX; i++)
        troubles_throttle(troubles, i, i < count ? &views[i] : NULL, engine, now);
}
