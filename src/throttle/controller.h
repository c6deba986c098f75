/* How much must be blocked: numbers in, a number out. One value `x` stands for both shares: of the flows that
 * are not spared min(1, x) are blocked, of the others max(0, x - 1); so none of these is before all of those.
 *
 * What is controlled is the load that passes, not what is offered: a sender that is blocked gives up, and a
 * share that followed the offered load would then let it in again, and so on. While the passed load is within
 * the hysteresis around the capacity nothing moves.
 *
 * Too much is answered at once, `gain` of the way at each look. Room that is left is given away slowly:
 * senders that were blocked come back seconds after they may, and what was freed meanwhile would come with
 * them. */
#ifndef CONTROLLER_H
#define CONTROLLER_H

#include "mean.h"
#include <stdbool.h>

struct controller_settings {
    double gain, hysteresis, floor, ceiling; /* fractions of 1 */
    bool spare;                              /* x may go on to 2 when the ceiling is 1 */
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
};

struct load {
    double capacity, passed; /* bits a second */
    double seconds;          /* that were measured, more than 0 */
    double x;                /* that was in force: of the interface, not below the controller's */
};

void controller_look(struct controller *controller, const struct controller_settings *settings,
                     const struct load *load);

/* x within floor and ceiling. */
double controller_clamp(const struct controller_settings *settings, double x);

#endif
