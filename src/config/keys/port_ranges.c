/* Ports and ranges of them. */
#include "print_list.h"
#include "values.h"
#include <stdlib.h>
#include <string.h>

/* The first of the ports that are mapped to when the file does not say; the last is 65535. */
#define FIRST 1024

static struct config_ports *get(struct config *config, const struct key *key)
{
    return (struct config_ports *)(void *)((char *)config + key->offset);
}

static const struct config_ports *get_const(const struct config *config, const struct key *key)
{
    return (const struct config_ports *)(const void *)((const char *)config + key->offset);
}

const struct qw_port_range *config_nat_ports(const struct config *config, unsigned *count)
{
    static const struct qw_port_range DEFAULT = {FIRST, UINT16_MAX};
    *count = config->nat_ports.count ? config->nat_ports.count : 1;
    return config->nat_ports.count ? config->nat_ports.list : &DEFAULT;
}

void config_nat_usable(const struct config *config, uint64_t out[static QW_PORT_WORDS])
{
    unsigned count;
    const struct qw_port_range *ports = config_nat_ports(config, &count);
    qw_ports_usable(ports, count, config->nat_exclude.list, config->nat_exclude.count, out);
}

/* The default has one form only, so that a file that says it is like one that says nothing. */
static void forget_default(struct config_ports *ports)
{
    if (ports->count != 1 || ports->list[0].first != FIRST || ports->list[0].last != UINT16_MAX)
        return;
    free(ports->list);
    *ports = (struct config_ports){0};
}

static void check_ports(struct check *check, const struct key *key, const struct item *item)
{
    struct config_ports *ports = get(check->config, key);
    bool empty = config_setting_is_aggregate(item->setting) && !config_setting_is_group(item->setting) &&
                 config_setting_length(item->setting) == 0;
    if (empty && key->min == 0)
        return;
    values_each(check, item, CONFIG_LIST_MAX, VALUES_PORT_ALLOWED, values_port, ports);
    forget_default(&check->config->nat_ports);
}

/* nat.ports always has some. */
static void print(const struct config *config, const struct key *key, FILE *out)
{
    const struct config_ports *ports = get_const(config, key);
    unsigned count = ports->count;
    const struct qw_port_range *list = ports->list;
    if (key->min > 0)
        list = config_nat_ports(config, &count);
    print_list(list, count, print_range, out);
}

static void copy(struct own_copying *copying, struct config *config, const struct key *key)
{
    struct config_ports *ports = get(config, key);
    ports->list = own_copy(copying, ports->list, &ports->count, sizeof(*ports->list));
}

static void release(struct config *config, const struct key *key)
{
    free(get(config, key)->list);
}

const struct key_kind PORTS_KIND = {
    .form = VALUES_PORT_ALLOWED, .check = check_ports, .print = print, .copy = copy, .release = release};
