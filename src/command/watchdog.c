#include "watchdog.h"

#define TIMES_AN_INTERVAL 4

_Static_assert(CONFIG_WORKERS_MAX <= 64, "a bit for each worker");

void watchdog_start(struct watchdog *watchdog, uint64_t interval_ns, struct qw_time now)
{
    *watchdog = (struct watchdog){.interval_ns = interval_ns, .told = now, .looked = now};
}

/* Whether the worker hangs. */
static bool look_at(struct watchdog_worker *worker, uint64_t turns, uint64_t passed_ns)
{
    worker->silent_ns = turns == worker->turns ? worker->silent_ns + passed_ns : 0;
    worker->turns = turns;
    return worker->silent_ns >= WATCHDOG_HANGS_NS;
}

static uint64_t passed_since_look(const struct watchdog *watchdog, struct qw_time now)
{
    uint64_t passed = qw_time_since(now, watchdog->looked);
    return passed < WATCHDOG_LOOK_NS ? passed : WATCHDOG_LOOK_NS;
}

static bool all_turned(const struct watchdog *watchdog, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (watchdog->workers[i].turns == watchdog->workers[i].told_turns)
            return false;
    return true;
}

static bool is_due(const struct watchdog *watchdog, struct qw_time now)
{
    return watchdog->interval_ns > 0 &&
           qw_time_since(now, watchdog->told) >= watchdog->interval_ns / TIMES_AN_INTERVAL;
}

static void note_told(struct watchdog *watchdog, unsigned count, struct qw_time now)
{
    watchdog->told = now;
    for (unsigned i = 0; i < count; i++)
        watchdog->workers[i].told_turns = watchdog->workers[i].turns;
}

struct watchdog_news watchdog_look(struct watchdog *watchdog, const uint64_t *turns, unsigned count,
                                   struct qw_time now)
{
    uint64_t passed = passed_since_look(watchdog, now), hanging = 0;
    for (unsigned i = 0; i < count; i++)
        if (look_at(&watchdog->workers[i], turns[i], passed))
            hanging |= UINT64_C(1) << i;
    struct watchdog_news news = {.tell = is_due(watchdog, now) && all_turned(watchdog, count),
                                 .began = hanging & ~watchdog->hanging,
                                 .ended = watchdog->hanging & ~hanging};
    watchdog->looked = now;
    watchdog->hanging = hanging;
    if (news.tell)
        note_told(watchdog, count, now);
    return news;
}
