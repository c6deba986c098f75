#include "controller.h"
#include <math.h>

/* The passed load is averaged so long: packets come in bursts, and blocking flows because of one burst would
 * hit flows for nothing. */
#define SMOOTH_S 1.0

/* Room is given away with this time constant. Clients that gave up try again within about ten seconds. */
#define RELEASE_S 15.0

/* But when all would fit, at least this much of the flows a second. */
#define RELEASE_RATE 0.02

/* Where next to nothing passes, proportions say nothing: this much is taken for what passes. */
#define SEED (1.0 / 256)

/* A flow larger than the room left for it, and load that comes and goes, would be blocked and freed for ever.
 * So each time that x must rise again after it fell, the next try waits twice as long, until nothing more is
 * left to free. */
#define PATIENCE_MIN_S 1.0
#define PATIENCE_MAX_S 30.0

double controller_clamp(const struct controller_settings *settings, double x)
{
    double most = settings->ceiling;
    if (settings->spare && settings->ceiling >= 1)
        most = 2;
    return fmin(fmax(x, settings->floor), most);
}

/* The x at which the load would be `ratio` of what it is at `x`, if all flows were alike. */
static double scaled(const struct controller_settings *settings, double x, double ratio)
{
    bool into_spared = settings->spare && (x > 1 || (ratio < 1 && x > 1 - SEED));
    if (into_spared)
        return 2 - fmax(2 - fmax(x, 1), SEED) * ratio;
    return 1 - fmax(1 - x, SEED) * ratio;
}

static double target(const struct controller_settings *settings, const struct load *load, double passed)
{
    return controller_clamp(settings, scaled(settings, load->x, load->capacity / fmax(passed, 1)));
}

static void average(struct controller *c, const struct load *load)
{
    c->age = fmin(c->age + load->seconds, fmax(SMOOTH_S, load->seconds));
    c->smooth += (load->passed - c->smooth) * load->seconds / c->age;
    mean_add(&c->mean, load->passed, load->seconds);
}

static void rise(struct controller *c, const struct controller_settings *settings, const struct load *load,
                 double target)
{
    c->x = load->x + (target - load->x) * settings->gain;
    c->age = 0; /* what passed before says nothing of what will */
    mean_forget(&c->mean);
    if (c->released)
        c->patience = fmin(fmax(2 * c->patience, PATIENCE_MIN_S), PATIENCE_MAX_S);
    c->released = false;
    c->wait = c->patience;
}

static void fall(struct controller *c, const struct controller_settings *settings, const struct load *load,
                 double target)
{
    if (c->x <= settings->floor)
        c->patience = 0;
    if (c->wait > 0)
        return;
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
        rise(c, settings, load, target(settings, load, least));
    else if (most < load->capacity * (1 - settings->hysteresis))
        fall(c, settings, load, target(settings, load, most));
    c->x = controller_clamp(settings, c->x);
}
