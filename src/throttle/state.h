/* What the throttle keeps of each interface. Packets touch the atomics only; the rest is the lock's. */
#ifndef STATE_H
#define STATE_H

#include "controller.h"
#include "hits.h"
#include "sketch.h"
#include <pthread.h>
#include <quicward/throttle.h>
#include <stdalign.h>
#include <stdatomic.h>

/* What is told of an interface's flows. */
enum census {
    CENSUS_NOW,       /* blocked, in the last second or two */
    CENSUS_HIT,       /* blocked, in ten */
    CENSUS_CONFIRMED, /* spared, in ten */
    CENSUS_SMALL,     /* likewise */
    CENSUSES
};

/* A name in two words, so that it can be read while another interface takes the slot over. */
struct name {
    _Atomic uint64_t words[THROTTLE_NAME_MAX / 8]; /* all zero: the slot is free */
};

/* One direction of an interface, on its own cache line: what only ever grows. */
struct counts {
    alignas(64) _Atomic uint64_t offered; /* bytes */
    _Atomic uint64_t passed;
    _Atomic uint64_t dropped; /* packets */
};

/* The same, and what the last look saw and did. Lock. */
struct direction {
    bool limited;
    uint64_t capacity;
    uint64_t offered, passed, dropped; /* counts at the last look; `dropped`: when the limit began */
    double offered_rate, passed_rate;
    struct controller controller;
};

/* What packets ask, on its own cache line. */
struct force {
    alignas(64) _Atomic uint64_t x[THROTTLE_DIRECTIONS]; /* in force, times 2^32: up to 2^34 */
    atomic_bool limited[THROTTLE_DIRECTIONS];
};

struct interface {
    struct counts counts[THROTTLE_DIRECTIONS];
    struct force force;
    alignas(64) struct hits census[CENSUSES];
    struct sketch sketches[THROTTLE_DIRECTIONS];
    struct direction directions[THROTTLE_DIRECTIONS];
};

struct throttle {
    void *memory; /* that the struct lies in, owned */
    struct name names[THROTTLE_LIMITS_MAX];
    struct qw_hash_key key;
    atomic_bool spare_confirmed, spare_small;
    _Atomic uint64_t floor; /* times 2^32 */
    _Atomic uint64_t interval_ns;
    alignas(64) _Atomic uint64_t looked_ns; /* the last look at the load */
    _Atomic uint64_t ticked_ns;             /* the last time that somebody was at work, roughly */
    _Atomic uint64_t open_ns;               /* the look goes on until then: the router stood still */
    alignas(64) struct interface interfaces[THROTTLE_LIMITS_MAX];
    pthread_mutex_t lock;
    struct controller_settings settings;
    uint64_t generation;                               /* of the options */
    struct throttle_limit limits[THROTTLE_LIMITS_MAX]; /* as configured, for reports */
    unsigned limit_count;
    struct throttle_fast fast; /* look NULL: there is none */
    struct throttle_came came; /* what it said at this look */
};

/* `options` take effect; a new limit begins with the floor at `now`. With the lock held. */
void throttle_take_over(struct throttle *throttle, const struct throttle_options *options,
                        struct qw_time now);

/* Is any direction of it limited? With the lock held. */
bool throttle_limits(const struct interface *interface);

/* Writes what is in force at the interface, but for its name; *out is zero. */
void throttle_shares(const struct throttle *throttle, const struct interface *interface,
                     struct throttle_force *out);

/* Puts in force what the interface's controllers say. With the lock held. */
void throttle_enforce(struct throttle *throttle, struct interface *interface);

#endif
