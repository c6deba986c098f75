/* A drawing (SVG) of what a throttle did: loads, shares, flows, over time. */
#ifndef COMMAND_FIGURE_H
#define COMMAND_FIGURE_H

#include <quicward/throttle.h>
#include <stdio.h>

#define FIGURE_POINTS 1400 /* more than a screen has columns */

struct figure_point {
    double seconds;         /* since the beginning */
    double offered, passed; /* bits a second */
    double share, share_confirmed, share_small;
    double blocked, spared_confirmed, spared_small; /* flows */
};

/* One throttle. When there is no room for another point each two become one, their mean. */
struct figure {
    struct throttle_limit limit;
    unsigned count;   /* of points */
    unsigned merged;  /* views that each point is the mean of; 0 is as 1 */
    unsigned pending; /* of these, in the last point */
    struct figure_point points[FIGURE_POINTS];
};

void figure_add(struct figure *figure, double seconds, const struct throttle_view *view);

/* All of them, one below the other. */
void figure_write(const struct figure *figures, unsigned count, FILE *out);

#endif
