/* Ways out that no address is for. */
#include "warn.h"

static unsigned for_any(const struct config *config)
{
    unsigned count = 0;
    for (unsigned i = 0; i < config->external_count; i++)
        count += config->external_uplink[i] == 0;
    return count;
}

/* Each host has one of the addresses, by whichever interface its packets leave: a provider drops those of
 * another one (BCP 38). */
void warn_uplinks(struct check *check)
{
    const struct config *config = check->config;
    const config_setting_t *external = config_lookup(&check->file, "nat.external");
    if (config->mode != CONFIG_NAT || config->external_auto || config->outside.count < 2 || !external ||
        for_any(config) < 2)
        return;
    warn_at(check, check_place(check, external),
            "nat.external has %u addresses for all of the %u outside interfaces: a host gets one of them, "
            "whatever interface its packets leave by; to give each interface its own, write groups such as "
            "{ interface = \"%s\"; address = ...; }",
            for_any(config), config->outside.count, config->outside.names[0]);
}
