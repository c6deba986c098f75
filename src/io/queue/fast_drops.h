/* What nobody asked for is dropped by the fast path's program: who tells it which ports have mappings and
 * what has a flow, and the engine what was dropped. */
#ifndef IO_FAST_DROPS_H
#define IO_FAST_DROPS_H

#include <quicward/engine.h>
#include <quicward/offload.h>

/* All zero: nothing is dropped there. For one thread at a time. */
struct fast_drops {
    struct engine *engine;   /* borrowed; NULL: off */
    struct offload *offload; /* borrowed */
    struct offload_side inside, outside;
    struct offload_dropped told; /* packets that the engine has heard of */
};

/* When `config`, which outlives it, says so; in mode monitor nothing is dropped. */
void fast_drops_start(struct fast_drops *drops, struct engine *engine, struct offload *offload,
                      const struct config *config);

/* Once a second, and with news of routing rules: addresses come and go, and so do rules. */
void fast_drops_look(struct fast_drops *drops);

/* The engine counts what was dropped meanwhile. */
void fast_drops_tell(struct fast_drops *drops);

/* Nothing is dropped from here on, and all of it was told. */
void fast_drops_end(struct fast_drops *drops);

#endif
