/* The keys of `nat` that are no list of groups. */
#include "addresses.h"
#include "field.h"
#include <stdlib.h>
#include <string.h>

static bool is_external(const struct config *config, const struct qw_addr *addr)
{
    for (unsigned i = 0; i < config->external_count; i++)
        if (qw_addr_equal(&config->external[i], addr))
            return true;
    return false;
}

static void read_address(struct check *check, const struct item *item, void *target)
{
    struct config *config = target;
    struct qw_addr addr;
    enum qw_family family;
    if (!values_string(check, item, SCHEMA_EXTERNAL_ALLOWED))
        return;
    if (!qw_addr_parse(config_setting_get_string(item->setting), &addr, &family) || family != QW_IPV4)
        report_value(&check->report, item, "is no IPv4 address; allowed: %s", SCHEMA_EXTERNAL_ALLOWED);
    else if (addresses_not_unicast(&addr))
        report_value(&check->report, item, "is %s; allowed: %s", addresses_not_unicast(&addr),
                     SCHEMA_EXTERNAL_ALLOWED);
    else if (is_external(config, &addr))
        report_value(&check->report, item, "is named twice; allowed: each address once");
    else
        config->external[config->external_count++] = addr;
}

void check_external(struct check *check, const struct key *key, const struct item *item)
{
    (void)key;
    struct config *config = check->config;
    const char *text = config_setting_get_string(item->setting);
    config->external_auto = text && strcmp(text, "auto") == 0;
    if (config->external_auto)
        config->external_count = 1;
    else
        values_each(check, item, CONFIG_EXTERNAL_MAX, SCHEMA_EXTERNAL_ALLOWED, read_address, config);
}

/* The default has one form only, so that a file that says it is like one that says nothing. */
static void forget_default(struct config_ports *ports)
{
    if (ports->count != 1 || ports->list[0].first != FIELD_PORT_FIRST || ports->list[0].last != UINT16_MAX)
        return;
    free(ports->list);
    *ports = (struct config_ports){0};
}

void check_ports(struct check *check, const struct key *key, const struct item *item)
{
    struct config_ports *ports = field_ports(check->config, key);
    bool empty = config_setting_is_aggregate(item->setting) && !config_setting_is_group(item->setting) &&
                 config_setting_length(item->setting) == 0;
    if (empty && key->min == 0)
        return;
    values_each(check, item, CONFIG_LIST_MAX, VALUES_PORT_ALLOWED, values_port, ports);
    forget_default(&check->config->nat_ports);
}
