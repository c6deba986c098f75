/* What a configuration takes of the machine, and what it grants. */
#include "check_size.h"
#include <inttypes.h>
#include <quicward/engine_sizes.h>

#define MIB (1024.0 * 1024.0)

static void print_memory(const struct config *config, FILE *out)
{
    struct engine_size sizes[ENGINE_SIZES_MAX];
    size_t count = engine_sizes(config, sizes);
    uint64_t total = 0;
    fprintf(out, "%-36s %10s %12s  %s\n", "MEMORY", "ROOM FOR", "MIB", "BY");
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "%-36s %10" PRIu64 " %12.1f  %s\n", sizes[i].what, sizes[i].count,
                (double)sizes[i].bytes / MIB, sizes[i].keys);
        total += sizes[i].bytes;
    }
    fprintf(out, "%-36s %10s %12.1f\n", "in all", "", (double)total / MIB);
}

static void print_limit(const char *what, uint64_t number, const char *keys, FILE *out)
{
    fprintf(out, "%-36s %10" PRIu64 " %12s  %s\n", what, number, "", keys);
}

static uint32_t usable_ports(const struct config *config)
{
    uint64_t ports[QW_PORT_WORDS];
    uint32_t usable = 0;
    config_nat_usable(config, ports);
    for (unsigned port = 1; port <= UINT16_MAX; port++)
        usable += qw_ports_has(ports, (uint16_t)port);
    return usable;
}

static void print_limits(const struct config *config, FILE *out)
{
    uint32_t per_host = config_flows_per_host(config);
    fprintf(out, "\n%-36s %10s %12s  %s\n", "LIMITS", "", "", "BY");
    print_limit("flows of one inside host", per_host, "flows.per_host", out);
    print_limit("hosts that can reach that limit", config->flows_max / per_host, "flows.max / flows.per_host",
                out);
    print_limit("flows are scarce above", (uint64_t)config->flows_max * 4 / 5, "4/5 of flows.max", out);
    if (config->mode == CONFIG_NAT) {
        uint64_t ports = (uint64_t)usable_ports(config) * config->external_count;
        print_limit("ports, without the router's own", ports, "nat.external, nat.ports", out);
        print_limit("mappings of one inside host", config->nat_per_host, "nat.per_host", out);
        print_limit("hosts that can reach that limit", ports / config->nat_per_host, "ports / nat.per_host",
                    out);
    }
    print_limit("Initials decrypted a second", config->initials_rate, "initials.rate; 0: no limit", out);
    print_limit("attempts a second that fill the table", config->flows_max / config->timer_attempt_s,
                "flows.max / timers.attempt", out);
}

void check_size_print(const struct config *config, FILE *out)
{
    print_memory(config, out);
    print_limits(config, out);
}
