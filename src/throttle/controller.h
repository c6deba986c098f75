/* How much must be blocked: numbers in, a number out. One value `x` stands for the shares of all classes of
 * flows: of the first class min(1, x) are blocked, of the next one x - 1, and so on; so none of a class is
 * before all of the classes before it.
 *
 * What is controlled is the load that passes, not what is offered: a sender that is blocked gives up, and a
 * share that followed the offered load would then let it in again, and so on. While the passed load is within
 * the hysteresis around the capacity nothing moves.
 *
 * Too much is answered at once, `gain` of the way at each look. Room that is left is given away slowly:
 * senders that were blocked come back seconds after they may, and what was freed meanwhile would come with
 * them. Where it is known what single flows offer, they are given back one by one: a flow that would not fit
 * stays blocked while it sends, and one that would comes once as much room as it needs was given away. */
#ifndef CONTROLLER_H
#define CONTROLLER_H

#include "mean.h"
#include "sketch.h"
#include <stdbool.h>

struct controller_settings {
    double gain, hysteresis, floor, ceiling; /* fractions of 1 */
    unsigned classes;                        /* x may go up to it when the ceiling is 1; 0 is as 1 */
};

struct controller {
    double x;
    double smooth;    /* passed load, over a second or since x rose, the newest counting most */
    double age;       /* seconds that `smooth` covers */
    struct mean mean; /* likewise, but all counting the same: a pause and the burst that makes up for it
                         cancel. x moves when both say so */
    bool released;    /* x fell since it last rose */
    double patience;  /* seconds to wait after the last rise, and */
    double wait;      /* how many of them are left */
    double credit;    /* bits a second that may be given back, of those that were not yet */
};

struct load {
    double capacity, passed;    /* bits a second */
    double seconds;             /* that were measured, more than 0 */
    double x;                   /* that was in force: of the interface, not below the controller's */
    const struct fat_load *fat; /* the single flows of the classes below fat_classes; NULL: not known */
    unsigned fat_classes;       /* 1: confirmed ones are not told apart */
};

void controller_look(struct controller *controller, const struct controller_settings *settings,
                     const struct load *load);

/* x within floor and ceiling. */
double controller_clamp(const struct controller_settings *settings, double x);

#endif
