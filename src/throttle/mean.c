#include "mean.h"

void mean_add(struct mean *mean, double rate, double seconds)
{
    mean->bits[mean->next] = rate * seconds;
    mean->seconds[mean->next] = seconds;
    mean->next = (mean->next + 1) % MEAN_LOOKS;
    if (mean->count < MEAN_LOOKS)
        mean->count++;
}

/* Half a look more or less is no matter: a measured one is never just as long as the interval. */
double mean_rate(const struct mean *mean)
{
    double bits = 0, seconds = 0;
    for (unsigned back = 1; back <= mean->count; back++) {
        unsigned i = (mean->next + MEAN_LOOKS - back) % MEAN_LOOKS;
        if (back > 1 && seconds + mean->seconds[i] / 2 > MEAN_S)
            break;
        bits += mean->bits[i];
        seconds += mean->seconds[i];
    }
    return seconds > 0 ? bits / seconds : 0;
}

void mean_forget(struct mean *mean)
{
    mean->count = 0;
}
