/* The throttle as a configuration describes it. */
#ifndef ENGINE_THROTTLING_H
#define ENGINE_THROTTLING_H

#include <quicward/config.h>
#include <quicward/throttle.h>

/* What settings have of it: all but its key. It stays where it is. */
struct throttling {
    struct throttle_limit limits[THROTTLE_LIMITS_MAX];
    struct throttle_options options; /* of these limits */
};

void throttling_take(struct throttling *throttling, const struct config *config);

/* The key of throttle_place: the configured one, or one that follows from `secret`. */
struct qw_hash_key throttling_key(const struct config *config, struct qw_hash_key secret);

/* NULL when memory is short. The caller owns it. */
struct throttle *throttling_new(const struct throttling *throttling, struct qw_hash_key key,
                                struct qw_time now);

#endif
