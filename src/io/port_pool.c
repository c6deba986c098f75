#include "port_pool.h"
#include <string.h>

#define FIRST 1024

static void mark(uint64_t ports[static NAT_PORT_WORDS], unsigned port, bool in)
{
    uint64_t bit = (uint64_t)1 << port % 64;
    ports[port / 64] = in ? ports[port / 64] | bit : ports[port / 64] & ~bit;
}

static void mark_all(uint64_t ports[static NAT_PORT_WORDS], const struct config_port_range *ranges,
                     unsigned count, bool in)
{
    for (unsigned i = 0; i < count; i++)
        for (unsigned port = ranges[i].first; port <= ranges[i].last; port++)
            mark(ports, port, in);
}

void port_pool_read(const struct config *config, uint64_t out[static NAT_PORT_WORDS])
{
    unsigned count;
    const uint16_t *reflection;
    const struct config_port_range *ranges = config_nat_ports(config, &count);
    memset(out, 0, NAT_PORT_WORDS * sizeof(*out));
    mark_all(out, ranges, count, true);
    mark_all(out, config->nat_exclude.list, config->nat_exclude.count, false);
    for (size_t i = nat_reflection_ports(&reflection); i > 0; i--)
        mark(out, reflection[i - 1], false);
}

struct port_count port_pool_left(const uint64_t pool[static NAT_PORT_WORDS],
                                 const uint64_t router[static NAT_PORT_WORDS])
{
    struct port_count left = {0};
    for (unsigned port = FIRST; port <= UINT16_MAX; port++) {
        bool free = (pool[port / 64] & ~router[port / 64]) >> port % 64 & 1;
        left.odd += free && port % 2;
        left.even += free && port % 2 == 0;
    }
    return left;
}
