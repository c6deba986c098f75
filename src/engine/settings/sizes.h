/* The size limits of the settings. */
#ifndef ENGINE_SIZES_H
#define ENGINE_SIZES_H

#include <quicward/config.h>
#include <stdbool.h>
#include <stdint.h>

#define SIZES_NONE UINT32_MAX

struct sizes {
    uint32_t smallest; /* nothing up to this long is limited; SIZES_NONE without limits */
    unsigned count;
    struct config_size_limit limits[CONFIG_SIZE_LIMITS_MAX];
};

void sizes_take(struct sizes *sizes, const struct config *config);

/* What a packet of that kind that leaves by `interface` (NULL: not known) may measure at most; SIZES_NONE
 * without a limit. */
uint32_t sizes_limit(const struct sizes *sizes, bool quic, const char *interface);

#endif
