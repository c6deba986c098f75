#include "sizes.h"

void sizes_take(struct sizes *sizes, const struct config *config)
{
    sizes->smallest = SIZES_NONE;
    sizes->count = config->size_limit_count;
    for (unsigned i = 0; i < sizes->count; i++) {
        sizes->limits[i] = config->size_limits[i];
        if (sizes->limits[i].limit < sizes->smallest)
            sizes->smallest = sizes->limits[i].limit;
    }
}

static bool concerns(const struct config_size_limit *limit, bool quic, const char *interface)
{
    if (limit->traffic == CONFIG_ONLY_QUIC && !quic)
        return false;
    return limit->interface[0] == '\0' || (interface && config_interface_covers(limit->interface, interface));
}

uint32_t sizes_limit(const struct sizes *sizes, bool quic, const char *interface)
{
    uint32_t least = SIZES_NONE;
    for (unsigned i = 0; i < sizes->count; i++)
        if (sizes->limits[i].limit < least && concerns(&sizes->limits[i], quic, interface))
            least = sizes->limits[i].limit;
    return least;
}
