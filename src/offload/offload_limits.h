/* What throttles block of the flows that go fast, and what these offer. */
#ifndef OFFLOAD_LIMITS_H
#define OFFLOAD_LIMITS_H

#include "offload_ports.h"

struct offload_limits {
    struct offload_limit all[FAST_LIMITS_MAX];
    unsigned count;
    unsigned room; /* of them, how many the program heeds: the first ones */
    struct fast_load told[FAST_PORTS_MAX][FLOW_PATH_DIRECTIONS]; /* what was asked for before */
};

/* May flows over that interface go fast? */
bool limits_can(const struct offload_limits *limits, const char *interface);

/* Slots got other interfaces: they get what is in force there. */
void limits_look(const struct offload_limits *limits, const struct offload_ports *ports,
                 struct kernel *kernel);

#endif
