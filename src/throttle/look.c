/* The look at the load, once an interval. */
#include "state.h"
#include <math.h>

/* Backwards by this much the clock was set, and waiting until it has caught up would stop the control. */
#define BACK_NS QW_NS_PER_SECOND

#define WHOLE 4294967296.0

void throttle_enforce(struct interface *in)
{
    double x = 0;
    for (int d = 0; d < THROTTLE_DIRECTIONS; d++)
        if (in->directions[d].limited)
            x = fmax(x, in->directions[d].controller.x);
    atomic_store_explicit(&in->x, (uint64_t)llround(x * WHOLE), memory_order_relaxed);
}

/* Bits a second since the last look. */
static double rate(_Atomic uint64_t *bytes, uint64_t *before, double seconds)
{
    uint64_t now = atomic_load_explicit(bytes, memory_order_relaxed), since = now - *before;
    *before = now;
    return (double)since * 8 / seconds;
}

static void look_at(struct interface *in, const struct controller_settings *settings, double seconds)
{
    double x = (double)atomic_load_explicit(&in->x, memory_order_relaxed) / WHOLE;
    for (int d = 0; d < THROTTLE_DIRECTIONS; d++) {
        struct direction *direction = &in->directions[d];
        if (!direction->limited)
            continue;
        direction->offered_rate = rate(&in->counts[d].offered, &direction->offered, seconds);
        direction->passed_rate = rate(&in->counts[d].passed, &direction->passed, seconds);
        struct load load = {(double)direction->capacity, direction->passed_rate, seconds, x};
        controller_look(&direction->controller, settings, &load);
    }
    throttle_enforce(in);
}

static void look(struct throttle *throttle, struct qw_time now, uint64_t elapsed_ns)
{
    pthread_mutex_lock(&throttle->lock);
    for (unsigned i = 0; i < THROTTLE_LIMITS_MAX; i++) {
        struct interface *in = &throttle->interfaces[i];
        if (!in->directions[THROTTLE_OUT].limited && !in->directions[THROTTLE_IN].limited)
            continue;
        look_at(in, &throttle->settings, (double)elapsed_ns / QW_NS_PER_SECOND);
        hits_turn(&in->hits, now);
    }
    pthread_mutex_unlock(&throttle->lock);
}

void throttle_tick(struct throttle *throttle, struct qw_time now)
{
    uint64_t looked = atomic_load_explicit(&throttle->looked_ns, memory_order_relaxed);
    uint64_t interval = atomic_load_explicit(&throttle->interval_ns, memory_order_relaxed);
    uint64_t elapsed = qw_time_since(now, (struct qw_time){looked});
    bool set_back = looked > now.ns && looked - now.ns >= BACK_NS;
    if (elapsed < interval && !set_back)
        return;
    if (!atomic_compare_exchange_strong_explicit(&throttle->looked_ns, &looked, now.ns, memory_order_relaxed,
                                                 memory_order_relaxed))
        return;
    look(throttle, now, set_back ? interval : elapsed);
}
