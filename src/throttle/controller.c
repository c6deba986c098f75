#include "controller.h"
#include <math.h>

/* The passed load is averaged so long: packets come in bursts, and blocking flows because of one burst would
 * hit flows for nothing. */
#define SMOOTH_S 1.0

/* Room is given away with this time constant. Clients that gave up try again within about ten seconds. */
#define RELEASE_S 15.0

/* What blocked flows offer that send on is known, so that room can be given to them sooner. */
#define RELEASE_LIVE_S 3.0
#define RELEASE_PAUSED_S 6.0 /* and of those that fell silent: they may be gone */

/* But when all would fit, at least this much of the flows a second. */
#define RELEASE_RATE 0.02

/* Where next to nothing passes, proportions say nothing: this much is taken for what passes. */
#define SEED (1.0 / 256)

/* A flow larger than the room left for it, and load that comes and goes, would be blocked and freed for ever.
 * So each time that x must rise again after it fell, the next try waits twice as long, until nothing more is
 * left to free. */
#define PATIENCE_MIN_S 1.0
#define PATIENCE_MAX_S 30.0

static double classes(const struct controller_settings *settings)
{
    return settings->classes > 1 ? settings->classes : 1;
}

double controller_clamp(const struct controller_settings *settings, double x)
{
    return fmin(fmax(x, settings->floor), settings->ceiling >= 1 ? classes(settings) : settings->ceiling);
}

/* Where the class ends whose flows are to be blocked or freed next. */
static double top_of(const struct controller_settings *settings, double x, double ratio)
{
    double top = ratio < 1 || x < 1 ? floor(x) + 1 : ceil(x);
    if (ratio < 1 && x > top - SEED)
        top++;
    return fmin(top, classes(settings));
}

/* The x at which the load would be `ratio` of what it is at `x`, if all flows were alike. */
static double scaled(const struct controller_settings *settings, double x, double ratio)
{
    double top = top_of(settings, x, ratio);
    return top - fmax(top - fmax(x, top - 1), SEED) * ratio;
}

static double target_of(const struct controller_settings *settings, const struct load *load, double x,
                        double passed)
{
    return controller_clamp(settings, scaled(settings, x, load->capacity / fmax(passed, 1)));
}

static void average(struct controller *c, const struct load *load)
{
    c->age = fmin(c->age + load->seconds, fmax(SMOOTH_S, load->seconds));
    c->smooth += (load->passed - c->smooth) * load->seconds / c->age;
    mean_add(&c->mean, load->passed, load->seconds);
}

/* Bin i of all classes, the first class first. */
static double in_bin(const float load[SKETCH_KINDS][SKETCH_BINS], const struct load *known, unsigned i)
{
    if (known->fat_classes > 1)
        return load[i / SKETCH_BINS][i % SKETCH_BINS];
    return load[0][i] + load[1][i];
}

static bool offers(const struct load *load, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++)
        if (in_bin(load->fat->live, load, i) > 0)
            return true;
    return false;
}

/* A class that has nothing left to block need not be crossed step by step. */
static double past_empty_classes(const struct load *load)
{
    double x = load->x;
    while (load->fat && x < load->fat_classes && load->fat->unknown <= 0) {
        double top = floor(x) + 1;
        if (offers(load, (unsigned)(x * SKETCH_BINS), (unsigned)top * SKETCH_BINS) ||
            !offers(load, (unsigned)top * SKETCH_BINS, load->fat_classes * SKETCH_BINS))
            break;
        x = top;
    }
    return x;
}

static void rise(struct controller *c, const struct controller_settings *settings, const struct load *load,
                 double passed)
{
    double x = past_empty_classes(load);
    c->x = x + (target_of(settings, load, x, passed) - x) * settings->gain;
    c->age = 0; /* what passed before says nothing of what will */
    mean_forget(&c->mean);
    if (c->released)
        c->patience = fmin(fmax(2 * c->patience, PATIENCE_MIN_S), PATIENCE_MAX_S);
    c->released = false;
    c->wait = c->patience;
    c->credit = 0;
}

/* What must be saved up before flows that offer `live`, and offered `held`, are freed: what those offer who
 * send is known, and those who paused come back later. */
static double needed(double live, double held, double room)
{
    return live >= held / 2 ? fmin(live, room) : fmin(held, room) * (RELEASE_PAUSED_S / RELEASE_LIVE_S);
}

/* x once the next flows below it may be freed, or none: x then stays over them. Where there are no more x
 * ends at the floor: nobody below it offers anything. */
static double free_single(struct controller *c, const struct controller_settings *settings,
                          const struct load *load, double room)
{
    unsigned floor_bin = (unsigned)ceil(settings->floor * SKETCH_BINS);
    double margin = load->capacity * settings->hysteresis / 2; /* what just fits would be too much soon */
    c->credit += room * load->seconds / RELEASE_LIVE_S;
    c->credit = fmin(c->credit, room * (RELEASE_PAUSED_S / RELEASE_LIVE_S));
    for (unsigned i = (unsigned)ceil(c->x * SKETCH_BINS); i > floor_bin; i--) {
        double live = in_bin(load->fat->live, load, i - 1), held = in_bin(load->fat->held, load, i - 1);
        if (held <= 0)
            continue;
        double need = needed(live, held, room);
        if (live > room + margin || c->credit < need)
            return fmin(i / (double)SKETCH_BINS, c->x);
        c->credit -= need;
        c->wait = held > margin ? SMOOTH_S : 0; /* a large one is to be seen before the next */
        return (i - 1) / (double)SKETCH_BINS;
    }
    return settings->floor;
}

static void fall(struct controller *c, const struct controller_settings *settings, const struct load *load,
                 double passed)
{
    if (c->x <= settings->floor)
        c->patience = 0;
    if (c->wait > 0)
        return;
    if (load->fat && load->fat->unknown <= 0 && c->x <= load->fat_classes) {
        double x = free_single(c, settings, load, load->capacity - passed);
        c->released = c->released || (x < c->x && x > settings->floor);
        c->x = x;
        return;
    }
    double target = target_of(settings, load, load->x, passed);
    double step = (target - c->x) * fmin(load->seconds / RELEASE_S, 1);
    if (target <= settings->floor)
        step = fmax(fmin(step, -RELEASE_RATE * load->seconds), target - c->x);
    c->released = c->released || (step < 0 && c->x > settings->floor);
    c->x += step;
}

void controller_look(struct controller *c, const struct controller_settings *settings,
                     const struct load *load)
{
    average(c, load);
    c->wait = fmax(c->wait - load->seconds, 0);
    double mean = mean_rate(&c->mean), least = fmin(c->smooth, mean), most = fmax(c->smooth, mean);
    if (least > load->capacity * (1 + settings->hysteresis))
        rise(c, settings, load, least);
    else if (most < load->capacity * (1 - settings->hysteresis))
        fall(c, settings, load, most);
    c->x = controller_clamp(settings, c->x);
}
