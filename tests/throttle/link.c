#include "link.h"
#include "random.h"
#include <CUnit/CUnit.h>

const struct qw_hash_key LINK_KEY = {0x0123456789abcdef, 0xfedcba9876543210};

static const struct throttle_limit WAN0 = {"wan0", THROTTLE_OUT, LINK_CAPACITY};

struct throttle_options link_options(void)
{
    return (struct throttle_options){.limits = &WAN0,
                                     .limit_count = 1,
                                     .interval_ns = LINK_INTERVAL_NS,
                                     .gain = 50,
                                     .hysteresis = 5,
                                     .ceiling = 100,
                                     .key = LINK_KEY};
}

struct throttle *link_new(const struct throttle_options *options)
{
    struct throttle *throttle = throttle_new(options);
    CU_ASSERT_PTR_NOT_NULL_FATAL(throttle);
    return throttle;
}

struct qw_tuple link_tuple(uint32_t n)
{
    uint64_t state = n;
    struct qw_tuple tuple = {.family = n % 2 ? QW_IPV4 : QW_IPV6};
    for (int i = n % 2 ? 12 : 0; i < 16; i++) {
        tuple.src.addr.bytes[i] = (uint8_t)test_random(&state);
        tuple.dst.addr.bytes[i] = (uint8_t)test_random(&state);
    }
    tuple.src.port = (uint16_t)test_random(&state);
    tuple.dst.port = (uint16_t)test_random(&state);
    return tuple;
}

struct flow_key link_flow(uint32_t n)
{
    struct qw_tuple tuple = link_tuple(n);
    struct flow_key key;
    flow_key_of(&tuple, &key);
    return key;
}

bool link_blocks(struct throttle *throttle, int interface, const struct flow_key *flow, bool confirmed)
{
    const struct throttle_flow of = {flow, flow_hash(LINK_KEY, flow), confirmed};
    return throttle_blocks(throttle, interface, THROTTLE_OUT, &of, 0);
}

void link_count(struct throttle *throttle, int interface, enum throttle_direction direction, uint32_t bytes,
                bool passed)
{
    throttle_count(throttle, interface, direction, 0, bytes, passed ? THROTTLE_PASSED : THROTTLE_BLOCKED);
}

void link_load(struct throttle *throttle, int interface, enum throttle_direction direction, double load,
               struct qw_time *now)
{
    double bytes = load * LINK_CAPACITY / 8 * LINK_INTERVAL_NS / QW_NS_PER_SECOND;
    link_count(throttle, interface, direction, (uint32_t)bytes, true);
    *now = qw_time_add(*now, LINK_INTERVAL_NS);
    throttle_tick(throttle, *now);
}

static struct throttle_options with_share(unsigned percent, bool spare)
{
    struct throttle_options options = link_options();
    options.floor = options.ceiling = percent;
    options.spare_confirmed = spare;
    return options;
}

struct throttle *link_with_share(unsigned percent, bool spare)
{
    struct throttle_options options = with_share(percent, spare);
    return link_new(&options);
}

void link_change(struct throttle *throttle, const struct throttle_options *options)
{
    static _Atomic uint64_t generation;
    throttle_change(throttle, options, ++generation);
}

void link_set_share(struct throttle *throttle, unsigned percent, bool spare)
{
    struct throttle_options options = with_share(percent, spare);
    link_change(throttle, &options);
}
