/* An engine of which a test decides what it says: it stands in for the real one at link time. */
#ifndef TEST_IO_FAKE_ENGINE_H
#define TEST_IO_FAKE_ENGINE_H

#include <quicward/engine.h>

#define FAKE_HELD_MAX 64

struct fake_step {
    enum engine_action action;
    bool translated;  /* writes '*' over the packet's first byte, where it may */
    unsigned accepts; /* held packets, the oldest first, that it lets go with this one */
};

struct fake_engine {
    const struct fake_step *steps; /* for the packets (and ticks) to come; after the last: accept */
    unsigned left, handled;        /* steps; packets */
    unsigned expected;             /* packets told ahead */
    const enum engine_lane *lanes; /* of the packets of each batch; NULL: known */
    unsigned asked, passed_over;   /* for lanes; packets that did not come */
    atomic_uint told;              /* events of the driver */
    uint64_t held[FAKE_HELD_MAX];  /* tokens; the oldest first */
    size_t held_count, released_count;
    struct engine_release released[FAKE_HELD_MAX];
};

extern struct fake_engine fake_engine;

#endif
