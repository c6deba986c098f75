/* The throttle as a configuration describes it. */
#ifndef ENGINE_THROTTLING_H
#define ENGINE_THROTTLING_H

#include <quicward/config.h>
#include <quicward/throttle.h>

/* The key of throttle_place: the configured one, or one that follows from `secret`. */
struct qw_hash_key throttling_key(const struct config *config, struct qw_hash_key secret);

/* NULL when memory is short. The caller owns it. */
struct throttle *throttling_new(const struct config *config, struct qw_hash_key key, struct qw_time now);

/* Takes over all of `config` but the key. */
void throttling_change(struct throttle *throttle, const struct config *config);

#endif
