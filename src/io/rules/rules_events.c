#include "rules_fragments.h"
#include "rules_keeper.h"
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

/* Of tables, chains, rules, sets and elements alike the first attribute is the table's name (NFTA_*_TABLE,
 * NFTA_TABLE_NAME in linux/netfilter/nf_tables.h). */
#define ATTRIBUTE_TABLE 1

bool rules_events_open(struct rules_events *events)
{
    static const int TABLES[] = {NFNLGRP_NFTABLES};
    static const int ROUTES[] = {RTNLGRP_LINK, RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE};
    events->tables = netlink_listen(NETLINK_NETFILTER, TABLES, 1);
    events->routes = netlink_listen(NETLINK_ROUTE, ROUTES, 3);
    return events->routes;
}

void rules_events_close(struct rules_events *events)
{
    netlink_close(events->tables);
    netlink_close(events->routes);
    *events = (struct rules_events){0};
}

struct search {
    const char *table;
    bool found;
};

static bool is_ours(const char *name, const char *table)
{
    static const char *const IPTABLES[] = {"raw", "mangle", "nat"};
    for (unsigned i = 0; i < sizeof(IPTABLES) / sizeof(IPTABLES[0]); i++)
        if (strcmp(name, IPTABLES[i]) == 0)
            return true;
    size_t len = strlen(table);
    return strncmp(name, table, len) == 0 &&
           (name[len] == '\0' || strcmp(name + len, FRAGMENT_TABLE_END) == 0);
}

static int look_at_attribute(const struct nlattr *attribute, void *context)
{
    struct search *search = context;
    if (mnl_attr_get_type(attribute) == ATTRIBUTE_TABLE &&
        mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0)
        search->found |= is_ours(mnl_attr_get_str(attribute), search->table);
    return MNL_CB_OK;
}

static int look_at_message(const struct nlmsghdr *message, void *context)
{
    if (NFNL_SUBSYS_ID(message->nlmsg_type) == NFNL_SUBSYS_NFTABLES &&
        mnl_nlmsg_get_payload_len(message) >= sizeof(struct nfgenmsg))
        mnl_attr_parse(message, sizeof(struct nfgenmsg), look_at_attribute, context);
    return MNL_CB_OK;
}

bool rules_events_concerns(const void *buffer, size_t len, const char *table)
{
    struct search search = {table, false};
    netlink_messages(buffer, len, 0, look_at_message, &search);
    return search.found;
}

bool rules_events_tables(struct rules_events *events, const char *table)
{
    _Alignas(struct nlmsghdr) char buffer[NETLINK_PART];
    bool concerns = false;
    ssize_t got;
    while ((got = netlink_news(events->tables, buffer, sizeof(buffer))) >= 0)
        concerns |= got == 0 || rules_events_concerns(buffer, (size_t)got, table);
    return concerns;
}

static int look_at_route(const struct nlmsghdr *message, void *context)
{
    struct rules_news *news = context;
    news->links |= message->nlmsg_type == RTM_NEWLINK || message->nlmsg_type == RTM_DELLINK;
    news->rules |= message->nlmsg_type == RTM_NEWRULE || message->nlmsg_type == RTM_DELRULE;
    return MNL_CB_OK;
}

struct rules_news rules_events_routes(struct rules_events *events)
{
    _Alignas(struct nlmsghdr) char buffer[NETLINK_PART];
    struct rules_news news = {0};
    ssize_t got;
    while ((got = netlink_news(events->routes, buffer, sizeof(buffer))) >= 0) {
        if (got == 0)
            news = (struct rules_news){true, true};
        else
            netlink_messages(buffer, (size_t)got, 0, look_at_route, &news);
    }
    return news;
}
