/* The look at the load, once an interval. */
#include "fast.h"
#include "state.h"
#include <math.h>
#include <quicward/base/share.h>

/* Backwards by this much the clock was set, and waiting until it has caught up would stop the control. */
#define BACK_NS QW_NS_PER_SECOND

/* Whoever comes back later than this stood still: workers tick ten times a second. What was queued is handed
 * over within the second that the look then goes on. It goes on once only: a host that is late all the time
 * must be looked at, too. Shorter pauses are no matter to the means (mean.h). */
#define STALL_NS (500 * QW_NS_PER_MS)
#define SETTLE_NS QW_NS_PER_SECOND
#define TICKED_NS (50 * QW_NS_PER_MS)

#define NOW_NS QW_NS_PER_SECOND
#define WINDOW_NS (10 * QW_NS_PER_SECOND)

#define WHOLE 4294967296.0

/* In whole steps (base/share.h), times 2^32. */
static uint64_t whole_steps(double x)
{
    return (uint64_t)llround(x * QW_SHARE_STEPS) << QW_SHARE_SHIFT;
}

bool throttle_limits(const struct interface *in)
{
    return in->directions[THROTTLE_OUT].limited || in->directions[THROTTLE_IN].limited;
}

/* Where only the hash decides an interface has one share. */
void throttle_enforce(struct throttle *throttle, struct interface *in)
{
    double x[THROTTLE_DIRECTIONS], most = 0;
    for (int d = 0; d < THROTTLE_DIRECTIONS; d++) {
        x[d] = in->directions[d].limited ? in->directions[d].controller.x : 0;
        most = fmax(most, x[d]);
    }
    bool apart = atomic_load_explicit(&throttle->spare_small, memory_order_relaxed);
    for (int d = 0; d < THROTTLE_DIRECTIONS; d++)
        atomic_store_explicit(&in->force.x[d], whole_steps(apart ? x[d] : most), memory_order_relaxed);
}

/* Bits a second since the last look. */
static double rate(_Atomic uint64_t *bytes, uint64_t *before, double seconds)
{
    uint64_t now = atomic_load_explicit(bytes, memory_order_relaxed), since = now - *before;
    *before = now;
    return (double)since * 8 / seconds;
}

static void look_at_direction(struct throttle *throttle, struct interface *in, int d, double seconds)
{
    struct direction *direction = &in->directions[d];
    struct fat_load fat;
    direction->offered_rate = rate(&in->counts[d].offered, &direction->offered, seconds);
    direction->passed_rate = rate(&in->counts[d].passed, &direction->passed, seconds);
    struct load load = {.capacity = (double)direction->capacity,
                        .passed = direction->passed_rate,
                        .seconds = seconds,
                        .x = (double)atomic_load_explicit(&in->force.x[d], memory_order_relaxed) / WHOLE,
                        .fat_classes = throttle->settings.classes / 2};
    bool singly = atomic_load_explicit(&throttle->spare_small, memory_order_relaxed);
    if (singly) {
        sketch_look(&in->sketches[d], seconds, load.capacity, load.x > 0 || load.passed > load.capacity);
        if (load.x > 0) {
            sketch_fat_load(&in->sketches[d], &fat);
            load.fat = &fat;
        }
    }
    controller_look(&direction->controller, &throttle->settings, &load);
}

static void look_at(struct throttle *throttle, struct interface *in, double seconds, struct qw_time now)
{
    limits_ask(throttle, in);
    for (int d = 0; d < THROTTLE_DIRECTIONS; d++)
        if (in->directions[d].limited)
            look_at_direction(throttle, in, d, seconds);
    throttle_enforce(throttle, in);
    for (unsigned census = 0; census < CENSUSES; census++)
        hits_turn(&in->census[census], census == CENSUS_NOW ? NOW_NS : WINDOW_NS, now);
}

static void look(struct throttle *throttle, struct qw_time now, uint64_t elapsed_ns)
{
    pthread_mutex_lock(&throttle->lock);
    for (unsigned i = 0; i < THROTTLE_LIMITS_MAX; i++)
        if (throttle_limits(&throttle->interfaces[i]))
            look_at(throttle, &throttle->interfaces[i], (double)elapsed_ns / QW_NS_PER_SECOND, now);
    fast_tell(throttle);
    pthread_mutex_unlock(&throttle->lock);
}

/* One thread sees that it is late: those that come later find the time written. */
static void stalled(struct throttle *throttle, struct qw_time now, uint64_t late_ns)
{
    pthread_mutex_lock(&throttle->lock);
    for (unsigned i = 0; i < THROTTLE_LIMITS_MAX; i++)
        for (int d = 0; d < THROTTLE_DIRECTIONS; d++)
            if (throttle->interfaces[i].directions[d].limited)
                sketch_stall(&throttle->interfaces[i].sketches[d], (double)late_ns / QW_NS_PER_SECOND);
    pthread_mutex_unlock(&throttle->lock);
    atomic_store_explicit(&throttle->open_ns, now.ns + SETTLE_NS, memory_order_relaxed);
}

/* Did the router stand still? At most every 50 ms the time is written. */
static void watch(struct throttle *throttle, struct qw_time now)
{
    uint64_t ticked = atomic_load_explicit(&throttle->ticked_ns, memory_order_relaxed);
    uint64_t late = qw_time_since(now, (struct qw_time){ticked});
    if (ticked <= now.ns && late < TICKED_NS)
        return;
    if (!atomic_compare_exchange_strong_explicit(&throttle->ticked_ns, &ticked, now.ns, memory_order_relaxed,
                                                 memory_order_relaxed))
        return;
    bool still_open = atomic_load_explicit(&throttle->open_ns, memory_order_relaxed) > ticked;
    if (late >= STALL_NS && !still_open)
        stalled(throttle, now, late);
}

void throttle_tick(struct throttle *throttle, struct qw_time now)
{
    uint64_t looked = atomic_load_explicit(&throttle->looked_ns, memory_order_relaxed);
    uint64_t interval = atomic_load_explicit(&throttle->interval_ns, memory_order_relaxed);
    uint64_t elapsed = qw_time_since(now, (struct qw_time){looked});
    bool set_back = looked > now.ns && looked - now.ns >= BACK_NS;
    watch(throttle, now);
    bool open = now.ns < atomic_load_explicit(&throttle->open_ns, memory_order_relaxed);
    if ((elapsed < interval || open) && !set_back)
        return;
    if (!atomic_compare_exchange_strong_explicit(&throttle->looked_ns, &looked, now.ns, memory_order_relaxed,
                                                 memory_order_relaxed))
        return;
    look(throttle, now, set_back ? interval : elapsed);
}
