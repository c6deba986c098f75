/* Which interfaces are limited, and how. */
#include "fast.h"
#include "state.h"
#include <quicward/base/share.h>
#include <string.h>

static void words_of(const char *text, uint64_t words[static THROTTLE_NAME_MAX / 8])
{
    char padded[THROTTLE_NAME_MAX] = {0};
    memcpy(padded, text, strnlen(text, sizeof(padded) - 1));
    memcpy(words, padded, sizeof(padded));
}

/* The first word is zero while the second one changes, and is read on both sides of it. */
static bool is_named(const struct name *name, const uint64_t words[static THROTTLE_NAME_MAX / 8])
{
    return atomic_load(&name->words[0]) == words[0] && atomic_load(&name->words[1]) == words[1] &&
           atomic_load(&name->words[0]) == words[0];
}

static void set_name(struct name *name, const uint64_t words[static THROTTLE_NAME_MAX / 8])
{
    atomic_store(&name->words[0], 0);
    atomic_store(&name->words[1], words[1]);
    atomic_store(&name->words[0], words[0]);
}

static int find(const struct throttle *throttle, const uint64_t words[static THROTTLE_NAME_MAX / 8])
{
    for (int i = 0; i < THROTTLE_LIMITS_MAX; i++)
        if (is_named(&throttle->names[i], words))
            return i;
    return -1;
}

int throttle_find(const struct throttle *throttle, const char *interface)
{
    uint64_t words[THROTTLE_NAME_MAX / 8];
    if (!interface || interface[0] == '\0' || strnlen(interface, THROTTLE_NAME_MAX) == THROTTLE_NAME_MAX)
        return -1;
    words_of(interface, words);
    return find(throttle, words);
}

static const struct throttle_limit *limit_of(const struct throttle_options *options, const struct name *name,
                                             enum throttle_direction direction)
{
    for (unsigned i = 0; i < options->limit_count; i++) {
        uint64_t words[THROTTLE_NAME_MAX / 8];
        words_of(options->limits[i].interface, words);
        if (is_named(name, words) && options->limits[i].direction == direction)
            return &options->limits[i];
    }
    return NULL;
}

/* From here on its load counts. */
static void begin(struct direction *direction, struct counts *counts,
                  const struct controller_settings *settings)
{
    *direction = (struct direction){
        .limited = true,
        .offered = atomic_load_explicit(&counts->offered, memory_order_relaxed),
        .passed = atomic_load_explicit(&counts->passed, memory_order_relaxed),
        .dropped = atomic_load_explicit(&counts->dropped, memory_order_relaxed),
        .controller = {.x = settings->floor},
    };
}

static void set_limits(struct throttle *throttle, unsigned slot, const struct throttle_options *options)
{
    struct interface *in = &throttle->interfaces[slot];
    for (int d = 0; d < THROTTLE_DIRECTIONS; d++) {
        struct direction *direction = &in->directions[d];
        const struct throttle_limit *limit =
            limit_of(options, &throttle->names[slot], (enum throttle_direction)d);
        if (limit && !direction->limited) {
            begin(direction, &in->counts[d], &throttle->settings);
            sketch_clear(&in->sketches[d]);
        }
        direction->limited = limit != NULL;
        atomic_store_explicit(&in->force.limited[d], limit != NULL, memory_order_relaxed);
        if (!limit)
            continue;
        direction->capacity = limit->capacity;
        direction->controller.x = controller_clamp(&throttle->settings, direction->controller.x);
    }
    throttle_enforce(throttle, in);
}

/* Slots whose interface has no limit any more become free. */
static void free_slots(struct throttle *throttle, const struct throttle_options *options)
{
    static const uint64_t FREE[THROTTLE_NAME_MAX / 8];
    for (unsigned i = 0; i < THROTTLE_LIMITS_MAX; i++)
        if (!limit_of(options, &throttle->names[i], THROTTLE_OUT) &&
            !limit_of(options, &throttle->names[i], THROTTLE_IN))
            set_name(&throttle->names[i], FREE);
}

static void name_slots(struct throttle *throttle, const struct throttle_options *options, struct qw_time now)
{
    static const uint64_t FREE[THROTTLE_NAME_MAX / 8];
    for (unsigned i = 0; i < options->limit_count; i++) {
        uint64_t words[THROTTLE_NAME_MAX / 8];
        words_of(options->limits[i].interface, words);
        if (find(throttle, words) >= 0)
            continue;
        int slot = find(throttle, FREE); /* there are as many slots as limits */
        for (unsigned census = 0; census < CENSUSES; census++)
            hits_clear(&throttle->interfaces[slot].census[census], now);
        set_name(&throttle->names[slot], words);
    }
}

/* Each kind that is spared doubles the classes: small flows come after all that are not. */
static void take_settings(struct throttle *throttle, const struct throttle_options *options)
{
    throttle->settings = (struct controller_settings){
        .gain = options->gain / 100.0,
        .hysteresis = options->hysteresis / 100.0,
        .floor = options->floor / 100.0,
        .ceiling = options->ceiling / 100.0,
        .classes = (options->spare_confirmed ? 2u : 1u) * (options->spare_small ? 2u : 1u),
    };
    atomic_store_explicit(&throttle->spare_confirmed, options->spare_confirmed, memory_order_relaxed);
    atomic_store_explicit(&throttle->spare_small, options->spare_small, memory_order_relaxed);
    atomic_store_explicit(&throttle->floor,
                          (uint64_t)(options->floor * QW_SHARE_STEPS / 100) << QW_SHARE_SHIFT,
                          memory_order_relaxed);
    atomic_store_explicit(&throttle->interval_ns, options->interval_ns, memory_order_relaxed);
    if (options->limit_count > 0)
        memcpy(throttle->limits, options->limits, options->limit_count * sizeof(*options->limits));
    throttle->limit_count = options->limit_count;
}

void throttle_take_over(struct throttle *throttle, const struct throttle_options *options, struct qw_time now)
{
    take_settings(throttle, options);
    free_slots(throttle, options);
    for (unsigned i = 0; i < THROTTLE_LIMITS_MAX; i++)
        set_limits(throttle, i, options);
    name_slots(throttle, options, now);
    for (unsigned i = 0; i < THROTTLE_LIMITS_MAX; i++)
        set_limits(throttle, i, options);
}

/* Windows go on by the time of the last look. */
void throttle_change(struct throttle *throttle, const struct throttle_options *options, uint64_t generation)
{
    pthread_mutex_lock(&throttle->lock);
    struct qw_time looked = {atomic_load_explicit(&throttle->looked_ns, memory_order_relaxed)};
    if (generation > throttle->generation) {
        throttle_take_over(throttle, options, looked);
        throttle->generation = generation;
        fast_tell(throttle);
    }
    pthread_mutex_unlock(&throttle->lock);
}
