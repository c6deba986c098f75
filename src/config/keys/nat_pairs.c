/* What must hold between the keys of `nat` and others. */
#include "key_check.h"
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

static bool are_too_many(struct check *check)
{
    struct item item;
    unsigned count = check->config->outside.count;
    if (count <= CONFIG_UPLINKS_MAX || !item_of(check, "outside", &item))
        return count > CONFIG_UPLINKS_MAX;
    report_at(&check->report, item.place,
              "outside: %u interfaces are too many in mode = \"nat\"; allowed: at most %d; a pattern such as "
              "\"ppp*\" is one, whatever it matches",
              count, CONFIG_UPLINKS_MAX);
    return true;
}

/* Each interface outside has the addresses that packets leaving by it have. With several of them "auto" is
 * one for each. */
static void check_uplinks(struct check *check)
{
    struct config *config = check->config;
    struct item item;
    uint64_t served = 0;
    if (are_too_many(check))
        return;
    if (config->external_auto && config->outside.count > 1)
        for (config->external_count = 0; config->external_count < config->outside.count;
             config->external_count++)
            config->external_uplink[config->external_count] = (uint8_t)(config->external_count + 1);
    for (unsigned i = 0; i < config->external_count; i++)
        served |= 1ull << config->external_uplink[i];
    if (served == 0 || served & 1 || !check->external_known || !item_of(check, "nat.external", &item))
        return;
    for (unsigned i = 0; i < config->outside.count; i++)
        if (!(served >> (i + 1) & 1))
            report_value(
                &check->report, &item,
                "has no address for packets that leave by \"%s\"; allowed: addresses for each interface "
                "outside, or some addresses without an interface",
                config->outside.names[i]);
}

static void check_when_down(struct check *check)
{
    struct item item;
    if (check->config->when_down == CONFIG_DOWN_PASS && item_of(check, "queue.when_down", &item))
        report_value(&check->report, &item,
                     "would let packets leave untranslated; allowed in mode = \"nat\": \"drop\"");
}

static void check_parity(struct check *check, const struct item *item, unsigned left, const char *parity)
{
    if (left == 0)
        report_at(&check->report, item->place,
                  "nat.ports, less nat.exclude and the ports of reflection attacks, has no %s port from 1024 "
                  "on; allowed: at least one (RFC 4787 REQ-4)",
                  parity);
}

/* A port is mapped to one of the same parity, and one from 1024 on never below 1024 (RFC 4787 REQ-3a, REQ-4):
 * half of the flows could never begin. */
static void check_pool(struct check *check)
{
    uint64_t usable[QW_PORT_WORDS];
    struct item item;
    if (!item_of(check, "nat.ports", &item) && !item_of(check, "nat.exclude", &item))
        return;
    config_nat_usable(check->config, usable);
    struct qw_port_count left = qw_ports_count(usable);
    check_parity(check, &item, left.even, "even");
    check_parity(check, &item, left.odd, "odd");
}

/* Blocks divide the ports of an address, both parities alike. Below 64 a record a block saves little. */
static void check_block(struct check *check)
{
    uint32_t size = check->config->nat_block;
    struct item item;
    if (((size & (size - 1)) != 0 || (size != 0 && size < 64)) && item_of(check, "nat.block", &item))
        report_value(&check->report, &item,
                     "is not a block size; allowed: 0, or a power of two from 64 to 4096");
}

static bool is_given(const char *path)
{
    return strcmp(path, CONFIG_NO_FILE) != 0;
}

/* RFC 7011 11.4: both sides have certificates. Who does not check the collector's tells anybody. */
static void check_ipfix(struct check *check)
{
    const struct config *config = check->config;
    struct config_collector collector;
    struct item item;
    bool tls = config_collector_parse(config->ipfix, &collector) && collector.kind == CONFIG_COLLECTOR_TLS;
    if (tls && !is_given(config->ipfix_ca) && item_of(check, "nat.ipfix", &item))
        report_value(&check->report, &item,
                     "needs nat.ipfix_ca, the certificates that sign the collector's certificate");
    if (is_given(config->ipfix_certificate) != is_given(config->ipfix_key) &&
        (item_of(check, "nat.ipfix_certificate", &item) || item_of(check, "nat.ipfix_key", &item)))
        report_value(&check->report, &item,
                     "is given alone; allowed: both nat.ipfix_certificate and nat.ipfix_key, or neither");
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
    check_uplinks(check);
    check_when_down(check);
    check_pool(check);
    check_ipfix(check);
    check_block(check);
}
