/* Shapes of load through a whole throttle, packet by packet, on a clock of its own: what it does to the load,
 * and to those who did nothing. The overload lasts SHAPE_LOAD_S; then those who are not innocent fall silent.
 */
#ifndef SHAPES_H
#define SHAPES_H

#include <stdbool.h>
#include <stdint.h>

#define SHAPE_LOAD_S 60
#define SHAPE_REST_S 90
#define SHAPE_SETTLED_S 15 /* from here on loads are judged */

/* What became of one shape. Loads are in capacities, of the interface wan0 outwards. */
struct shape_result {
    double offered, passed; /* means in the judged time */
    double least, most;     /* passed, over two seconds each, in the judged time */
    double blocked_median;  /* share of the innocent flows that sent in a second and were blocked: median, */
    double blocked_worst;   /* and worst, of all seconds but the first two of the overload */
    double half;            /* flow seconds in which packets passed and were lost by turns, of all */
    double settle_s;        /* until the passed load stayed within a tenth of the capacity; -1: never */
    double back_s;          /* after the overload until nothing was blocked; -1: never */
    uint64_t packets;
};

/* What a shape must do. */
struct shape_bounds {
    double within; /* so close the load comes to the capacity, or what is offered; 0: it cannot, as flows are
                      too large for it, or come and go */
    double median, worst; /* share of the innocent */
    double settle_s, back_s;
};

#define SHAPES 24

const char *shape_name(unsigned shape);
struct shape_bounds shape_bounds(unsigned shape);

/* `small`: throttle.spare_small. */
struct shape_result shape_run(unsigned shape, uint64_t seed, bool small);

#endif
