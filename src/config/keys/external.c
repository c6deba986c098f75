/* The addresses that stand for the hosts inside. */
#include "addresses.h"
#include "print_list.h"
#include <string.h>

#define EXTERNAL_ALLOWED "\"auto\" alone, or unicast IPv4 addresses such as [\"198.51.100.7\"]"

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
    if (!values_string(check, item, EXTERNAL_ALLOWED))
        return;
    if (!qw_addr_parse(config_setting_get_string(item->setting), &addr, &family) || family != QW_IPV4)
        report_value(&check->report, item, "is no IPv4 address; allowed: %s", EXTERNAL_ALLOWED);
    else if (addresses_not_unicast(&addr))
        report_value(&check->report, item, "is %s; allowed: %s", addresses_not_unicast(&addr),
                     EXTERNAL_ALLOWED);
    else if (is_external(config, &addr))
        report_value(&check->report, item, "is named twice; allowed: each address once");
    else
        config->external[config->external_count++] = addr;
}

static void check_external(struct check *check, const struct key *key, const struct item *item)
{
    (void)key;
    struct config *config = check->config;
    unsigned errors = check->report.count;
    const char *text = config_setting_get_string(item->setting);
    config->external_auto = text && strcmp(text, "auto") == 0;
    if (config->external_auto)
        config->external_count = 1;
    else
        values_each(check, item, CONFIG_EXTERNAL_MAX, EXTERNAL_ALLOWED, read_address, config);
    check->external_known = check->report.count == errors;
}

static void print(const struct config *config, const struct key *key, FILE *out)
{
    (void)key;
    if (config->external_auto)
        fputs("\"auto\"", out);
    else
        print_list(config->external, config->external_count, print_address, out);
}

/* A running daemon changes its addresses, but not whether they follow an interface. */
static bool equal(const struct config *a, const struct config *b, const struct key *key)
{
    (void)key;
    return a->external_auto == b->external_auto;
}

const struct key_kind EXTERNAL_KIND = {
    .form = EXTERNAL_ALLOWED, .check = check_external, .print = print, .equal = equal};
