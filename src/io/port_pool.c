#include "port_pool.h"
#include <string.h>

#define FIRST 1024

void port_pool_read(const struct config *config, uint64_t out[static NAT_PORT_WORDS])
{
    unsigned count;
    const uint16_t *reflection;
    const struct config_port_range *ranges = config_nat_ports(config, &count);
    memset(out, 0, NAT_PORT_WORDS * sizeof(*out));
    for (unsigned i = 0; i < count; i++)
        nat_ports_add(out, ranges[i].first, ranges[i].last);
    for (unsigned i = 0; i < config->nat_exclude.count; i++)
        nat_ports_remove(out, config->nat_exclude.list[i].first, config->nat_exclude.list[i].last);
    for (size_t i = nat_reflection_ports(&reflection); i > 0; i--)
        nat_ports_remove(out, reflection[i - 1], reflection[i - 1]);
}

struct port_count port_pool_left(const uint64_t pool[static NAT_PORT_WORDS],
                                 const uint64_t router[static NAT_PORT_WORDS])
{
    struct port_count left = {0};
    for (unsigned port = FIRST; port <= UINT16_MAX; port++) {
        bool free = nat_ports_has(pool, (uint16_t)port) && !nat_ports_has(router, (uint16_t)port);
        left.odd += free && port % 2;
        left.even += free && port % 2 == 0;
    }
    return left;
}
