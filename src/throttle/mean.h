/* The mean of a load over the last moments: a true one, in which a pause and the burst that makes up for it
 * cancel. One that forgets gradually would see the burst and have forgotten the pause. */
#ifndef MEAN_H
#define MEAN_H

#define MEAN_S 2.0    /* that it covers */
#define MEAN_LOOKS 40 /* as many of the shortest interval are that long */

struct mean {
    double bits[MEAN_LOOKS], seconds[MEAN_LOOKS];
    unsigned next, count;
};

/* `rate` was measured for `seconds`. */
void mean_add(struct mean *mean, double rate, double seconds);

/* Over what was added in the last MEAN_S, the last one always whole; 0 for nothing. */
double mean_rate(const struct mean *mean);

/* As if nothing had been added. */
void mean_forget(struct mean *mean);

#endif
