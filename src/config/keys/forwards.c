/* External endpoints that always stand for one inside endpoint. */
#include "addresses.h"
#include "list_entry.h"
#include "print_list.h"

#define TO_ALLOWED "the IPv4 address and the port of a host inside such as \"10.0.0.2:8443\""
#define EXTERNAL_ALLOWED "one of the addresses of nat.external"

static void read_port(struct check *check, const struct item *item, void *target)
{
    struct config_forward *forward = target;
    struct qw_port_range range;
    if (!values_port_range(check, item, &range))
        return;
    forward->port = range.first;
    forward->last = range.last > range.first ? range.last : 0;
}

/* The number of an external address, or -1. With "auto" none is known. */
static int find_external(const struct config *config, const struct qw_addr *addr)
{
    for (unsigned i = 0; i < config->external_count; i++)
        if (qw_addr_equal(&config->external[i], addr))
            return (int)i;
    return -1;
}

static void read_to(struct check *check, const struct item *item, void *target)
{
    struct config_forward *forward = target;
    struct qw_endpoint to;
    enum qw_family family;
    if (!values_string(check, item, TO_ALLOWED))
        return;
    const char *text = config_setting_get_string(item->setting);
    if (!qw_endpoint_parse(text, &to, &family) || family != QW_IPV4 || to.port == 0)
        report_value(&check->report, item, "is no endpoint; allowed: %s", TO_ALLOWED);
    else if (addresses_not_unicast(&to.addr))
        report_value(&check->report, item, "is %s; allowed: %s", addresses_not_unicast(&to.addr), TO_ALLOWED);
    else if (find_external(check->config, &to.addr) >= 0)
        report_value(&check->report, item, "is at an external address; allowed: %s", TO_ALLOWED);
    else
        forward->to = to;
}

static void read_external(struct check *check, const struct item *item, void *target)
{
    const struct config *config = check->config;
    struct config_forward *forward = target;
    struct qw_addr addr;
    enum qw_family family;
    if (!values_string(check, item, EXTERNAL_ALLOWED))
        return;
    bool parsed = qw_addr_parse(config_setting_get_string(item->setting), &addr, &family);
    int found = parsed && family == QW_IPV4 ? find_external(config, &addr) : -1;
    if (config->external_auto)
        report_value(&check->report, item,
                     "cannot be chosen with nat.external = \"auto\"; allowed: to leave it out");
    else if (found >= 0)
        forward->external = (unsigned)found;
    else if (check->external_known)
        report_value(&check->report, item, "is not in nat.external; allowed: %s", EXTERNAL_ALLOWED);
}

static const struct entry_key KEYS[] = {
    {"port", read_port, true, VALUES_PORT_ALLOWED, NULL},
    {"to", read_to, true, TO_ALLOWED, NULL},
    {"external", read_external, false, NULL, NULL},
};

/* The host's ports are in a row, too. */
static void check_ports(const struct entry *entry)
{
    const struct config_forward *forward = entry->target;
    unsigned ports = config_forward_ports(forward);
    char text[QW_ENDPOINT_TEXT_MAX];
    if (forward->to.port != 0 && forward->to.port + ports - 1 > UINT16_MAX)
        report_at(&entry->check->report, entry->place,
                  "%s: to = \"%s\" has no %u ports from there on; allowed: at most port %u", entry->label,
                  qw_endpoint_text(&forward->to, QW_IPV4, text), ports, UINT16_MAX - ports + 1);
}

unsigned config_forwarded_ports(const struct config *config)
{
    unsigned ports = 0;
    for (unsigned i = 0; i < config->forward_count; i++)
        ports += config_forward_ports(&config->forwards[i]);
    return ports;
}

static bool is_whole(const void *element)
{
    return ((const struct config_forward *)element)->port != 0;
}

static int by_external(const void *a, const void *b)
{
    const struct config_forward *x = a, *y = b;
    if (x->external != y->external)
        return x->external < y->external ? -1 : 1;
    return (int)x->port - (int)y->port;
}

/* Sorted by their first ports. `b` is not before `a`: has it one of its ports, and does it go on behind it?
 */
static bool external_meets(const void *a, const void *b)
{
    const struct config_forward *x = a, *y = b;
    return x->external == y->external && y->port < x->port + config_forward_ports(x);
}

static bool external_passes(const void *a, const void *b)
{
    const struct config_forward *x = a, *y = b;
    return x->external != y->external ||
           y->port + config_forward_ports(y) >= x->port + config_forward_ports(x);
}

static int by_to(const void *a, const void *b)
{
    const struct config_forward *x = a, *y = b;
    return qw_endpoint_compare(&x->to, &y->to);
}

static bool to_meets(const void *a, const void *b)
{
    const struct config_forward *x = a, *y = b;
    return qw_addr_equal(&x->to.addr, &y->to.addr) && y->to.port < x->to.port + config_forward_ports(x);
}

static bool to_passes(const void *a, const void *b)
{
    const struct config_forward *x = a, *y = b;
    return !qw_addr_equal(&x->to.addr, &y->to.addr) ||
           y->to.port + config_forward_ports(y) >= x->to.port + config_forward_ports(x);
}

/* How it stands in a file. */
static void write_ports(const struct config_forward *forward, char out[static 16])
{
    if (forward->last)
        snprintf(out, 16, "\"%u-%u\"", forward->port, forward->last);
    else
        snprintf(out, 16, "%u", forward->port);
}

static void tell_external(const struct entry_twins *twins, struct check *check, struct place place,
                          const void *element, struct place before)
{
    const struct config_forward *forward = element;
    char text[QW_ADDR_TEXT_MAX] = "the external address", ports[16];
    write_ports(forward, ports);
    if (!check->config->external_auto && check->config->external_count)
        qw_addr_text(&check->config->external[forward->external], QW_IPV4, text);
    report_at(&check->report, place,
              "forward %u: port = %s of %s is that of another (%s:%u); allowed: each once",
              entries_number(twins, check->config, element), ports, text, before.file, before.line);
}

static void tell_to(const struct entry_twins *twins, struct check *check, struct place place,
                    const void *element, struct place before)
{
    const struct config_forward *forward = element;
    char text[QW_ENDPOINT_TEXT_MAX];
    report_at(&check->report, place,
              "forward %u: to = \"%s\" is that of another (%s:%u); allowed: each once (RFC 4787 REQ-1)",
              entries_number(twins, check->config, element), qw_endpoint_text(&forward->to, QW_IPV4, text),
              before.file, before.line);
}

static void check_forwards(struct check *check, const struct key *key, const struct item *forwards)
{
    const struct entry_kind kind = {.one = "forward",
                                    .many = "forwards",
                                    .max = CONFIG_FORWARDS_MAX,
                                    .example = "a group such as { port = 443; to = \"10.0.0.2:8443\"; }",
                                    .keys = KEYS,
                                    .key_count = sizeof(KEYS) / sizeof(KEYS[0]),
                                    .line = offsetof(struct config_forward, line),
                                    .check_pairs = check_ports,
                                    .plain = true};
    if (!entries_read(check, key, forwards, &kind))
        return;
    unsigned ports = config_forwarded_ports(check->config);
    if (ports > CONFIG_FORWARD_PORTS_MAX)
        report_value(&check->report, forwards, "has %u ports: at most %u", ports, CONFIG_FORWARD_PORTS_MAX);
    struct entry_twins twins = {key->kind->list, is_whole,       by_external,
                                tell_external,   external_meets, external_passes};
    /* Which address a forward is at is not known when nat.external is wrong. */
    if (check->external_known)
        entries_find_twins(check, forwards, &twins);
    twins.order = by_to;
    twins.tell = tell_to;
    twins.meets = to_meets;
    twins.passes = to_passes;
    entries_find_twins(check, forwards, &twins);
}

static void print_one(const struct config *config, const void *element, FILE *out)
{
    const struct config_forward *forward = element;
    char to[QW_ENDPOINT_TEXT_MAX], ports[16];
    write_ports(forward, ports);
    fprintf(out, "        { port = %s; to = \"%s\";", ports, qw_endpoint_text(&forward->to, QW_IPV4, to));
    if (!config->external_auto) {
        fputs(" external = ", out);
        print_address(config->external, forward->external, out);
        fputs(";", out);
    }
    fputs(" }", out);
}

static void print(const struct config *config, const struct key *key, FILE *out)
{
    entries_print(config, key, print_one, "\n    ", out);
}

const struct key_kind FORWARDS_KIND = {.form = "a list such as ( { port = 443; to = \"10.0.0.2:8443\"; } )",
                                       .late = true,
                                       .list = OWN_LIST(forwards, forward_count),
                                       .check = check_forwards,
                                       .print = print};
