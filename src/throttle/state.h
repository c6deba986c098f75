/* What the throttle keeps of each interface. Packets touch the atomics only; the rest is the lock's. */
#ifndef STATE_H
#define STATE_H

#include "controller.h"
#include "hits.h"
#include <pthread.h>
#include <quicward/throttle.h>
#include <stdalign.h>
#include <stdatomic.h>

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

struct interface {
    struct counts counts[THROTTLE_DIRECTIONS];
    alignas(64) _Atomic uint64_t x; /* in force, times 2^32: up to 2^33 */
    alignas(64) struct hits hits;
    struct direction directions[THROTTLE_DIRECTIONS];
};

struct throttle {
    struct name names[THROTTLE_LIMITS_MAX];
    struct qw_hash_key key;
    _Atomic bool spare;
    _Atomic uint64_t interval_ns;
    alignas(64) _Atomic uint64_t looked_ns; /* the last look at the load */
    alignas(64) struct interface interfaces[THROTTLE_LIMITS_MAX];
    pthread_mutex_t lock;
    struct controller_settings settings;
    struct throttle_limit limits[THROTTLE_LIMITS_MAX]; /* as configured, for reports */
    unsigned limit_count;
};

/* `options` take effect; a new limit begins with the floor at `now`. With the lock held. */
void throttle_take_over(struct throttle *throttle, const struct throttle_options *options,
                        struct qw_time now);

/* Puts in force what the interface's controllers say. With the lock held. */
void throttle_enforce(struct interface *interface);

#endif
