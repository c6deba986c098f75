/* The addresses that stand for the hosts inside. */
#include "addresses.h"
#include "print_list.h"
#include <string.h>

#define EXTERNAL_ALLOWED "\"auto\" alone, or unicast IPv4 addresses such as [\"198.51.100.7\"]"
#define GROUP_ALLOWED "a group such as { interface = \"wan0\"; address = \"198.51.100.7\"; }"
#define SMALLEST_PREFIX 26u /* has as many addresses as there may be */

struct external_reading {
    struct config *config;
    uint8_t uplink; /* that the addresses are for */
};

static bool is_external(const struct config *config, const struct qw_addr *addr)
{
    for (unsigned i = 0; i < config->external_count; i++)
        if (qw_addr_equal(&config->external[i], addr))
            return true;
    return false;
}

static bool add(struct check *check, const struct item *item, const struct qw_addr *addr,
                const struct external_reading *reading)
{
    struct config *config = reading->config;
    if (addresses_not_unicast(addr))
        report_value(&check->report, item, "is %s; allowed: %s", addresses_not_unicast(addr),
                     EXTERNAL_ALLOWED);
    else if (is_external(config, addr))
        report_value(&check->report, item, "is named twice; allowed: each address once");
    else if (config->external_count == CONFIG_EXTERNAL_MAX)
        report_value(&check->report, item, "has one too many: at most %d addresses", CONFIG_EXTERNAL_MAX);
    else {
        config->external_uplink[config->external_count] = reading->uplink;
        config->external[config->external_count++] = *addr;
        return true;
    }
    return false;
}

/* All addresses of it, for a prefix that is routed here has no address of a network. */
static void add_prefix(struct check *check, const struct item *item, const struct qw_prefix *prefix,
                       const struct external_reading *reading)
{
    struct qw_addr addr = prefix->addr;
    if (prefix->bits < SMALLEST_PREFIX) {
        report_value(&check->report, item, "has more than %d addresses; allowed: a length from %u to 32",
                     CONFIG_EXTERNAL_MAX, SMALLEST_PREFIX);
        return;
    }
    for (unsigned left = 1u << (32 - prefix->bits); left > 0 && add(check, item, &addr, reading); left--)
        addr.bytes[15]++;
}

static void read_address(struct check *check, const struct item *item, void *target)
{
    struct qw_prefix prefix;
    if (!values_string(check, item, EXTERNAL_ALLOWED))
        return;
    const char *text = config_setting_get_string(item->setting);
    if (qw_prefix_parse(text, &prefix) && prefix.family == QW_IPV4)
        add_prefix(check, item, &prefix, target);
    else
        report_value(&check->report, item, "is no IPv4 address or prefix; allowed: %s", EXTERNAL_ALLOWED);
}

/* ---- addresses of one interface ---- */

/* The number of an interface in `outside`, as it stands in the file: that may come further down. 0: none. */
static uint8_t find_uplink(const struct check *check, const char *name)
{
    const config_setting_t *outside = config_lookup(&check->file, "outside");
    unsigned count = outside ? (unsigned)config_setting_length(outside) : 0;
    for (unsigned i = 0; i < count && i < CONFIG_UPLINKS_MAX; i++) {
        const char *one = config_setting_get_string_elem(outside, (int)i);
        if (one && strcmp(one, name) == 0)
            return (uint8_t)(i + 1);
    }
    return 0;
}

static void read_group(struct check *check, const struct item *item, struct external_reading *reading)
{
    const config_setting_t *addresses = config_setting_get_member(item->setting, "address");
    const config_setting_t *interface = config_setting_get_member(item->setting, "interface");
    const char *name = interface ? config_setting_get_string(interface) : NULL;
    if (!addresses || !name || config_setting_length(item->setting) != 2) {
        report_at(&check->report, item->place,
                  "nat.external: a group needs \"interface\" and \"address\", and "
                  "nothing else; allowed: %s",
                  GROUP_ALLOWED);
        return;
    }
    reading->uplink = find_uplink(check, name);
    if (reading->uplink == 0)
        report_at(&check->report, item->place,
                  "nat.external: interface = \"%.32s\" is not in outside; allowed: one "
                  "of these",
                  name);
    struct item list = {addresses, check_place(check, addresses), "nat.external: address", false};
    values_each(check, &list, CONFIG_EXTERNAL_MAX, EXTERNAL_ALLOWED, read_address, reading);
}

static void read_element(struct check *check, const struct item *item, void *target)
{
    struct external_reading reading = {target, 0};
    if (config_setting_is_group(item->setting))
        read_group(check, item, &reading);
    else
        read_address(check, item, &reading);
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
        values_each(check, item, CONFIG_EXTERNAL_MAX, EXTERNAL_ALLOWED, read_element, config);
    check->external_known = check->report.count == errors;
}

/* ---- printing ---- */

/* How many addresses from `first` on are for the same interface. */
static unsigned run_of(const struct config *config, unsigned first)
{
    unsigned end = first;
    while (end < config->external_count && config->external_uplink[end] == config->external_uplink[first])
        end++;
    return end - first;
}

static void print_run(const struct config *config, unsigned first, unsigned count, FILE *out)
{
    const char *name = config->outside.names[config->external_uplink[first] - 1u];
    fprintf(out, "{ interface = \"%s\"; address = ", name);
    print_list(config->external + first, count, print_address, out);
    fputs("; }", out);
}

static void print_runs(const struct config *config, FILE *out)
{
    fputs("(", out);
    for (unsigned first = 0, count; first < config->external_count; first += count) {
        bool any = config->external_uplink[first] == 0;
        count = any ? 1 : run_of(config, first);
        fputs(first ? ",\n        " : "\n        ", out);
        if (any)
            print_address(config->external, first, out);
        else
            print_run(config, first, count, out);
    }
    fputs("\n    )", out);
}

static bool has_uplinks(const struct config *config)
{
    for (unsigned i = 0; i < config->external_count; i++)
        if (config->external_uplink[i] != 0)
            return true;
    return false;
}

static void print(const struct config *config, const struct key *key, FILE *out)
{
    (void)key;
    if (config->external_auto)
        fputs("\"auto\"", out);
    else if (has_uplinks(config))
        print_runs(config, out);
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
