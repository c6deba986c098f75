/* Another router that takes over from this one, or this from that. */
#include "key_string.h"
#include <string.h>

#define ALLOWED "an IPv4 or IPv6 address, or \"\" for the first one of nat.external"

static void check_address(struct check *check, const struct key *key, const struct item *item)
{
    struct qw_addr addr;
    enum qw_family family;
    const char *text = config_setting_get_string(item->setting);
    if (!text)
        check_wrong_type(check, key, item);
    else if (text[0] && (strlen(text) >= key->size || !qw_addr_parse(text, &addr, &family)))
        report_value(&check->report, item, "is no address; allowed: %s", ALLOWED);
    else
        string_set(check->config, key, text);
}

const struct key_kind ADDRESS_KIND = {.form = ALLOWED,
                                      .preset = string_preset,
                                      .check = check_address,
                                      .print = string_print,
                                      .equal = string_equal};

bool config_has_cluster(const struct config *config)
{
    return strcmp(config->cluster_store, CONFIG_NO_FILE) != 0;
}

bool config_cluster_address(const struct config *config, struct qw_addr *out, enum qw_family *family)
{
    if (config->cluster_address[0])
        return qw_addr_parse(config->cluster_address, out, family);
    if (config->mode != CONFIG_NAT || config->external_auto || config->external_count == 0)
        return false;
    *out = config->external[0];
    *family = QW_IPV4;
    return true;
}

static bool store_item(const struct check *check, struct item *out)
{
    const config_setting_t *setting = config_lookup(&check->file, "cluster.store");
    if (setting)
        *out = (struct item){setting, check_place(check, setting), "cluster.store", false};
    return setting;
}

static const char *missing(const struct config *config)
{
    struct qw_addr addr;
    enum qw_family family;
    if (config->mode == CONFIG_MONITOR)
        return "has no meaning in mode = \"monitor\", which nobody takes over";
    if (strcmp(config->cluster_peer_store, CONFIG_NO_FILE) == 0)
        return "needs cluster.peer_store, the copy of the other router's store";
    if (!config->cluster_site[0] || !config->cluster_router[0] || !config->cluster_peer[0])
        return "needs cluster.site, cluster.router and cluster.peer, the names in the store";
    if (strcmp(config->cluster_router, config->cluster_peer) == 0)
        return "needs two routers; cluster.router and cluster.peer are the same";
    if (config->cluster_follow == CONFIG_FOLLOW_ADDRESS && !config_cluster_address(config, &addr, &family))
        return "needs cluster.address, which the active router has, or cluster.follow = \"command\"";
    return NULL;
}

void check_cluster_pairs(struct check *check)
{
    struct item item;
    const char *why = config_has_cluster(check->config) ? missing(check->config) : NULL;
    if (why && store_item(check, &item))
        report_value(&check->report, &item, "%s", why);
}
