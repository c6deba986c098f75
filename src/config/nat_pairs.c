/* What must hold between the keys of `nat` and others. */
#include "check.h"
#include <string.h>

static bool item_of(const struct check *check, const char *path, struct item *out)
{
    const config_setting_t *setting = config_lookup(&check->file, path);
    if (setting)
        *out = (struct item){setting, check_place(check, setting), path, false};
    return setting;
}

static void check_other_mode(struct check *check)
{
    struct item item;
    for (unsigned i = 0; i < SCHEMA_COUNT; i++)
        if (schema_of_nat(&SCHEMA[i]) && item_of(check, SCHEMA[i].path, &item))
            report_value(&check->report, &item, "has no meaning in mode = \"%s\"; allowed in mode = \"nat\"",
                         config_mode_text(check->config->mode));
}

/* The address follows the interface, and must be that of one. */
static void check_auto(struct check *check)
{
    const struct config *config = check->config;
    struct item item;
    if (config->external_auto && config->outside.count > 1 && item_of(check, "nat.external", &item))
        report_value(&check->report, &item,
                     "is the address of the one interface outside, and outside has %u; allowed: one "
                     "interface, or addresses such as [\"198.51.100.7\"]",
                     config->outside.count);
}

static void check_when_down(struct check *check)
{
    struct item item;
    if (check->config->when_down == CONFIG_DOWN_PASS && item_of(check, "queue.when_down", &item))
        report_value(&check->report, &item,
                     "would let packets leave untranslated; allowed in mode = \"nat\": \"drop\"");
}

#define PORT_BYTES ((UINT16_MAX + 1) / 8)

static void mark(uint8_t pool[static PORT_BYTES], const struct config_port_range *ranges, unsigned count,
                 bool in)
{
    for (unsigned i = 0; i < count; i++)
        for (unsigned port = ranges[i].first; port <= ranges[i].last; port++)
            pool[port / 8] =
                (uint8_t)(in ? pool[port / 8] | 1u << port % 8 : pool[port / 8] & ~(1u << port % 8));
}

static bool has_parity(const uint8_t pool[static PORT_BYTES], unsigned parity)
{
    for (unsigned port = 1024 + parity; port <= UINT16_MAX; port += 2)
        if (pool[port / 8] & 1u << port % 8)
            return true;
    return false;
}

/* A port is mapped to one of the same parity, and one from 1024 on never below 1024 (RFC 4787 REQ-3a, REQ-4):
 * half of the flows could never begin. */
static void check_pool(struct check *check)
{
    const struct config *config = check->config;
    uint8_t pool[PORT_BYTES] = {0};
    unsigned count;
    const struct config_port_range *ranges = config_nat_ports(config, &count);
    struct item item;
    mark(pool, ranges, count, true);
    mark(pool, config->nat_exclude.list, config->nat_exclude.count, false);
    if (!item_of(check, "nat.ports", &item) && !item_of(check, "nat.exclude", &item))
        return;
    for (unsigned parity = 0; parity < 2; parity++)
        if (!has_parity(pool, parity))
            report_at(&check->report, item.place,
                      "nat.ports without nat.exclude has no %s port from 1024 on; allowed: at least one "
                      "(RFC 4787 REQ-4)",
                      parity ? "odd" : "even");
}

void check_nat_pairs(struct check *check)
{
    const char *mode = NULL;
    config_lookup_string(&check->file, "mode", &mode);
    if (!mode || !schema_word_find(SCHEMA_MODES, mode))
        return;
    if (check->config->mode != CONFIG_NAT) {
        check_other_mode(check);
        return;
    }
    check_auto(check);
    check_when_down(check);
    check_pool(check);
}
