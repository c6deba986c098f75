/* The fast path heeds the throttles: who tells its program what is in force, and the throttle what came. */
#ifndef IO_FAST_LIMITS_H
#define IO_FAST_LIMITS_H

#include <quicward/engine.h>
#include <quicward/offload.h>
#include <stdatomic.h>

/* All zero: nobody does. It stays where it is until fast_limits_end. */
struct fast_limits {
    struct engine *engine; /* borrowed, like the next */
    struct offload *offload;
    atomic_uint_fast64_t dropped; /* packets that the engine has not heard of */
    struct offload_load load;     /* of one look */
};

/* For how many interfaces there is to be room (offload_options.limits): a reload may add throttles of
 * interfaces that have none now. */
unsigned fast_limits_room(const struct config *config);

/* From now on. Before the program is attached, or packets would pass that are blocked. */
void fast_limits_start(struct fast_limits *limits, struct engine *engine, struct offload *offload);

/* The engine counts what was dropped meanwhile. */
void fast_limits_tell(struct fast_limits *limits);

/* When it returns nobody asks any more. What the program heeds stays as it is. */
void fast_limits_end(struct fast_limits *limits);

#endif
