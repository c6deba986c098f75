/* A link full of flows under one controller, with its own clock. */
#ifndef SIM_H
#define SIM_H

#include "controller.h"
#include <stdint.h>

#define SIM_FLOWS_MAX 2000
#define SIM_STEP_S 0.2 /* the default interval */
#define SIM_CAPACITY 100e6

enum sim_kind {
    SIM_CONSTANT, /* sends on whatever happens */
    SIM_GIVES_UP, /* blocked for a second it falls silent, and tries again 1 to 10 seconds later */
    SIM_ELASTIC,  /* blocked it sends a fiftieth; let through it doubles at every look up to its rate */
    SIM_BURSTY    /* sends between nothing and twice its rate, at random */
};

struct sim_flow {
    enum sim_kind kind;
    bool confirmed;
    double place, rate; /* bits a second */
    double share;       /* of its rate that an elastic flow sends */
    double silent_until, blocked_since;
    bool blocked;
    unsigned changes; /* blocked or freed */
};

struct sim {
    struct controller controller;
    struct controller_settings settings;
    struct sim_flow flows[SIM_FLOWS_MAX];
    unsigned count;
    double now, passed;
    uint64_t random;
};

/* What happened in a stretch of time. */
struct sim_seen {
    double least, most; /* passed load, in capacities */
    double mean;
    double lowest, highest; /* x */
    unsigned rises, falls;  /* looks at which x did */
    unsigned changes;       /* flows blocked or freed */
};

/* The defaults: gain 50 %, hysteresis 5 %, floor 0, ceiling 100 %, none spared. */
void sim_begin(struct sim *sim, uint64_t seed);

/* Adds `count` flows that are `load` capacities together. */
void sim_add(struct sim *sim, enum sim_kind kind, unsigned count, double load);

/* Multiplies all rates from now on. */
void sim_scale(struct sim *sim, double factor);

struct sim_seen sim_run(struct sim *sim, double seconds);

#endif
