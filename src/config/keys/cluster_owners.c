/* What has one owner at a time: an external address, or hosts inside. */
#include "list_entry.h"
#include <string.h>

#define ADDRESS_ALLOWED "the address that the owner has, IPv4 or IPv6; in mode \"nat\" one of nat.external"
#define PREFIX_ALLOWED "prefixes of hosts inside such as \"2001:db8:1::/64\"; in mode \"nat\" of IPv6"
#define ROUTERS_ALLOWED "names of routers, the first owner first: cluster.router and those of cluster.peers"

static bool is_external(const struct config *config, const struct qw_addr *addr)
{
    for (unsigned i = 0; i < config->external_count && !config->external_auto; i++)
        if (qw_addr_equal(&config->external[i], addr))
            return true;
    return false;
}

static void read_address(struct check *check, const struct item *item, void *target)
{
    struct config_owner *owner = target;
    const struct config *config = check->config;
    if (!values_string(check, item, ADDRESS_ALLOWED))
        return;
    const char *text = config_setting_get_string(item->setting);
    if (!qw_addr_parse(text, &owner->address, &owner->family))
        report_value(&check->report, item, "is no address; allowed: %s", ADDRESS_ALLOWED);
    else if (config->mode == CONFIG_NAT && check->external_known &&
             (owner->family != QW_IPV4 || !is_external(config, &owner->address)))
        report_value(&check->report, item, "is not in nat.external; allowed: %s", ADDRESS_ALLOWED);
    else
        owner->has_address = true;
}

static void read_prefix(struct check *check, const struct item *item, void *target)
{
    struct config_owner *owner = target;
    struct qw_prefix prefix;
    if (!values_string(check, item, PREFIX_ALLOWED))
        return;
    if (!qw_prefix_parse(config_setting_get_string(item->setting), &prefix))
        report_value(&check->report, item, "is no address prefix; allowed: %s", PREFIX_ALLOWED);
    else if (check->config->mode == CONFIG_NAT && prefix.family == QW_IPV4)
        report_value(&check->report, item,
                     "is IPv4, of which a hash tells the address in mode \"nat\"; allowed: %s",
                     PREFIX_ALLOWED);
    else if (owner->prefix_count < CONFIG_OWNER_PREFIXES_MAX)
        owner->prefixes[owner->prefix_count++] = prefix;
}

static void read_prefixes(struct check *check, const struct item *item, void *target)
{
    values_each(check, item, CONFIG_OWNER_PREFIXES_MAX, PREFIX_ALLOWED, read_prefix, target);
}

/* 0: this one; n: the peer n - 1; -1: nobody is called so. */
static int find_router(const struct config *config, const char *name)
{
    if (strcmp(name, config->cluster_router) == 0)
        return 0;
    for (unsigned i = 0; i < config->cluster_peer_count; i++)
        if (strcmp(name, config->cluster_peers[i].router) == 0)
            return (int)i + 1;
    return -1;
}

static void read_router(struct check *check, const struct item *item, void *target)
{
    struct config_owner *owner = target;
    if (!values_string(check, item, ROUTERS_ALLOWED))
        return;
    int router = find_router(check->config, config_setting_get_string(item->setting));
    bool again = router >= 0 && memchr(owner->routers, router, owner->router_count);
    if (router < 0)
        report_value(&check->report, item, "is no router; allowed: %s", ROUTERS_ALLOWED);
    else if (again)
        report_value(&check->report, item, "is named twice; allowed: each router once");
    else if (owner->router_count < CONFIG_ROUTERS_MAX)
        owner->routers[owner->router_count++] = (uint8_t)router;
}

static void read_routers(struct check *check, const struct item *item, void *target)
{
    values_each(check, item, CONFIG_ROUTERS_MAX, ROUTERS_ALLOWED, read_router, target);
}

static const struct entry_key KEYS[] = {
    {"address", read_address, false, ADDRESS_ALLOWED, NULL},
    {"prefixes", read_prefixes, false, PREFIX_ALLOWED, NULL},
    {"routers", read_routers, true, ROUTERS_ALLOWED, NULL},
};

static void check_needs(const struct entry *entry)
{
    struct check *check = entry->check;
    const struct config *config = check->config;
    bool address = config_setting_get_member(entry->setting, "address");
    bool follows = config->mode == CONFIG_NAT || config->cluster_follow == CONFIG_FOLLOW_ADDRESS;
    if (follows && !address)
        report_at(&check->report, entry->place, "%s: \"address\" is missing; allowed: %s", entry->label,
                  ADDRESS_ALLOWED);
    if (config->mode != CONFIG_NAT && !config_setting_get_member(entry->setting, "prefixes"))
        report_at(&check->report, entry->place, "%s: \"prefixes\" is missing; allowed: %s", entry->label,
                  PREFIX_ALLOWED);
}

/* ---- each once ---- */

static bool has_address(const void *element)
{
    return ((const struct config_owner *)element)->has_address;
}

static int by_address(const void *a, const void *b)
{
    const struct config_owner *x = a, *y = b;
    return memcmp(x->address.bytes, y->address.bytes, sizeof(x->address.bytes));
}

static void tell_address(const struct entry_twins *twins, struct check *check, struct place place,
                         const void *element, struct place before)
{
    const struct config_owner *owner = element;
    char text[QW_ADDR_TEXT_MAX];
    report_at(&check->report, place,
              "owner %u: address = \"%s\" is that of another (%s:%u); allowed: each once",
              entries_number(twins, check->config, element),
              qw_addr_text(&owner->address, owner->family, text), before.file, before.line);
}

static bool meet(const struct qw_prefix *a, const struct qw_prefix *b)
{
    return a->family == b->family &&
           (qw_prefix_contains(a, &b->addr, b->family) || qw_prefix_contains(b, &a->addr, a->family));
}

/* Nobody could say whose a host is. */
static void check_prefixes(struct check *check, const struct item *list, unsigned one, unsigned other)
{
    const struct config_owner *a = &check->config->cluster_owners[one],
                              *b = &check->config->cluster_owners[other];
    char first[QW_PREFIX_TEXT_MAX], second[QW_PREFIX_TEXT_MAX];
    for (unsigned i = 0; i < a->prefix_count; i++)
        for (unsigned j = 0; j < b->prefix_count; j++)
            if (meet(&a->prefixes[i], &b->prefixes[j]))
                report_at(&check->report, check_place(check, config_setting_get_elem(list->setting, other)),
                          "owner %u: prefixes has %s, which has hosts of %s of owner %u; allowed: prefixes "
                          "that have no host in common",
                          other + 1, qw_prefix_text(&b->prefixes[j], second),
                          qw_prefix_text(&a->prefixes[i], first), one + 1);
}

static void check_owners(struct check *check, const struct key *key, const struct item *owners)
{
    const struct entry_kind kind = {
        .one = "owner",
        .many = "owners",
        .max = CONFIG_OWNERS_MAX,
        .example = "a group such as { address = \"198.51.100.7\"; routers = [\"a\", \"b\"]; }",
        .keys = KEYS,
        .key_count = sizeof(KEYS) / sizeof(KEYS[0]),
        .line = offsetof(struct config_owner, line),
        .check_pairs = check_needs,
        .plain = true};
    if (!entries_read(check, key, owners, &kind))
        return;
    entries_find_twins(
        check, owners,
        &(struct entry_twins){
            .list = key->kind->list, .has = has_address, .order = by_address, .tell = tell_address});
    for (unsigned i = 0; i < check->config->cluster_owner_count; i++)
        for (unsigned j = i + 1; j < check->config->cluster_owner_count; j++)
            check_prefixes(check, owners, i, j);
}

/* ---- printing ---- */

static const char *router_name(const struct config *config, uint8_t router)
{
    return router == 0 ? config->cluster_router : config->cluster_peers[router - 1].router;
}

static void print_one(const struct config *config, const void *element, FILE *out)
{
    const struct config_owner *owner = element;
    char text[QW_PREFIX_TEXT_MAX];
    fputs("        {", out);
    if (owner->has_address)
        fprintf(out, " address = \"%s\";", qw_addr_text(&owner->address, owner->family, text));
    for (unsigned i = 0; i < owner->prefix_count; i++)
        fprintf(out, "%s\"%s\"", i ? ", " : " prefixes = [", qw_prefix_text(&owner->prefixes[i], text));
    fputs(owner->prefix_count ? "];" : "", out);
    for (unsigned i = 0; i < owner->router_count; i++)
        fprintf(out, "%s\"%s\"", i ? ", " : " routers = [", router_name(config, owner->routers[i]));
    fputs("]; }", out);
}

static void print(const struct config *config, const struct key *key, FILE *out)
{
    entries_print(config, key, print_one, "\n    ", out);
}

static bool same_owner(const struct config_owner *a, const struct config_owner *b)
{
    bool same = a->has_address == b->has_address && a->prefix_count == b->prefix_count &&
                a->router_count == b->router_count && memcmp(a->routers, b->routers, a->router_count) == 0 &&
                (!a->has_address || qw_addr_equal(&a->address, &b->address));
    for (unsigned i = 0; same && i < a->prefix_count; i++)
        same = a->prefixes[i].family == b->prefixes[i].family && a->prefixes[i].bits == b->prefixes[i].bits &&
               qw_addr_equal(&a->prefixes[i].addr, &b->prefixes[i].addr);
    return same;
}

static bool equal(const struct config *a, const struct config *b, const struct key *key)
{
    (void)key;
    bool same = a->cluster_owner_count == b->cluster_owner_count;
    for (unsigned i = 0; same && i < a->cluster_owner_count; i++)
        same = same_owner(&a->cluster_owners[i], &b->cluster_owners[i]);
    return same;
}

const struct key_kind OWNERS_KIND = {
    .form = "a list such as ( { address = \"198.51.100.7\"; routers = [\"a\", \"b\"]; } )",
    .late = true,
    .list = OWN_LIST(cluster_owners, cluster_owner_count),
    .check = check_owners,
    .print = print,
    .equal = equal};
