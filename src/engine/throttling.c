#include "throttling.h"
#include <quicward/base/bytes.h>
#include <stdio.h>

struct qw_hash_key throttling_key(const struct config *config, struct qw_hash_key secret)
{
    struct qw_reader reader = qw_reader(config->throttle_key, sizeof config->throttle_key);
    struct qw_hash_key key;
    if (!config->throttle_key_set)
        return (struct qw_hash_key){qw_hash24(secret, "place 0", 7), qw_hash24(secret, "place 1", 7)};
    key.k0 = qw_u64(&reader);
    key.k1 = qw_u64(&reader);
    return key;
}

static struct throttle_options options_of(const struct config *config,
                                          struct throttle_limit limits[static THROTTLE_LIMITS_MAX])
{
    for (unsigned i = 0; i < config->throttle_count; i++) {
        const struct config_throttle *throttle = &config->throttles[i];
        limits[i] = (struct throttle_limit){
            .direction = throttle->direction == CONFIG_IN ? THROTTLE_IN : THROTTLE_OUT,
            .capacity = throttle->capacity,
        };
        snprintf(limits[i].interface, sizeof limits[i].interface, "%s", throttle->interface);
    }
    return (struct throttle_options){
        .limits = limits,
        .limit_count = config->throttle_count,
        .interval_ns = config->throttle_interval_ms * QW_NS_PER_MS,
        .gain = config->throttle_gain,
        .hysteresis = config->throttle_hysteresis,
        .floor = config->throttle_floor,
        .ceiling = config->throttle_ceiling,
        .spare_confirmed = config->throttle_spare_confirmed,
    };
}

struct throttle *throttling_new(const struct config *config, struct qw_hash_key key, struct qw_time now)
{
    struct throttle_limit limits[THROTTLE_LIMITS_MAX];
    struct throttle_options options = options_of(config, limits);
    options.key = key;
    options.now = now;
    return throttle_new(&options);
}

void throttling_change(struct throttle *throttle, const struct config *config)
{
    struct throttle_limit limits[THROTTLE_LIMITS_MAX];
    struct throttle_options options = options_of(config, limits);
    throttle_change(throttle, &options);
}
