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

void throttling_take(struct throttling *throttling, const struct config *config)
{
    for (unsigned i = 0; i < config->throttle_count; i++) {
        const struct config_throttle *throttle = &config->throttles[i];
        struct throttle_limit *limit = &throttling->limits[i];
        limit->direction = throttle->direction == CONFIG_IN ? THROTTLE_IN : THROTTLE_OUT;
        limit->capacity = throttle->capacity;
        snprintf(limit->interface, sizeof limit->interface, "%s", throttle->interface);
    }
    throttling->options = (struct throttle_options){
        .limits = throttling->limits,
        .limit_count = config->throttle_count,
        .interval_ns = config->throttle_interval_ms * QW_NS_PER_MS,
        .gain = config->throttle_gain,
        .hysteresis = config->throttle_hysteresis,
        .floor = config->throttle_floor,
        .ceiling = config->throttle_ceiling,
        .spare_confirmed = config->throttle_spare_confirmed,
        .spare_small = config->throttle_spare_small,
    };
}

struct throttle *throttling_new(const struct throttling *throttling, struct qw_hash_key key,
                                struct qw_time now)
{
    struct throttle_options options = throttling->options;
    options.key = key;
    options.now = now;
    return throttle_new(&options);
}
