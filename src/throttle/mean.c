#include "mean.h"
#include <math.h>
#include <stdbool.h>

#define PAUSE_LOOKS 1.25

void mean_add(struct mean *mean, double rate, double seconds)
{
    mean->bits[mean->next] = rate * seconds;
    mean->seconds[mean->next] = seconds;
    mean->next = (mean->next + 1) % MEAN_LOOKS;
    if (mean->count < MEAN_LOOKS)
        mean->count++;
}

/* A look that took much longer than those around it: the router stood still. */
static bool is_pause(const struct mean *mean, unsigned i, double usual)
{
    return mean->seconds[i] > PAUSE_LOOKS * usual;
}

/* Looks are taken whole: half of one more or less is no matter, and what follows a pause was queued in it, so
 * that no mean begins between the two. */
double mean_rate(const struct mean *mean)
{
    double bits = 0, seconds = 0, usual = 0;
    for (unsigned back = 1; back <= mean->count; back++) {
        unsigned i = (mean->next + MEAN_LOOKS - back) % MEAN_LOOKS;
        bool over = back > 1 && seconds + mean->seconds[i] / 2 > MEAN_S;
        if (over && !is_pause(mean, i, usual))
            break;
        bits += mean->bits[i];
        seconds += mean->seconds[i];
        usual = back == 1 ? mean->seconds[i] : fmin(usual, mean->seconds[i]);
        if (over)
            break;
    }
    return seconds > 0 ? bits / seconds : 0;
}

void mean_forget(struct mean *mean)
{
    mean->count = 0;
}
