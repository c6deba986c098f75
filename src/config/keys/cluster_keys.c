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

unsigned config_peers(const struct config *config, struct config_peer out[static CONFIG_PEERS_MAX])
{
    bool one = config->cluster_peer_count == 0 && strcmp(config->cluster_peer_store, CONFIG_NO_FILE) != 0;
    for (unsigned i = 0; i < config->cluster_peer_count; i++)
        out[i] = config->cluster_peers[i];
    if (!one)
        return config->cluster_peer_count;
    out[0] = (struct config_peer){.line = 0};
    memcpy(out[0].router, config->cluster_peer, sizeof(out[0].router));
    memcpy(out[0].store, config->cluster_peer_store, sizeof(out[0].store));
    return 1;
}

static bool item_of(const struct check *check, const char *path, struct item *out)
{
    const config_setting_t *setting = config_lookup(&check->file, path);
    if (setting)
        *out = (struct item){setting, check_place(check, setting), path, false};
    return setting;
}

static bool has_pair(const struct config *config)
{
    return strcmp(config->cluster_peer_store, CONFIG_NO_FILE) != 0 || config->cluster_peer[0];
}

static const char *missing_peer(const struct config *config)
{
    bool list = config->cluster_peer_count > 0;
    if (list && has_pair(config))
        return "needs cluster.peers, or cluster.peer and cluster.peer_store, not both";
    if (!list && strcmp(config->cluster_peer_store, CONFIG_NO_FILE) == 0)
        return "needs cluster.peer_store, the copy of the other router's store";
    if (!config->cluster_site[0] || !config->cluster_router[0] || (!list && !config->cluster_peer[0]))
        return "needs cluster.site, cluster.router and cluster.peer, the names in the store";
    if (strcmp(config->cluster_router, config->cluster_peer) == 0)
        return "needs two routers; cluster.router and cluster.peer are the same";
    return NULL;
}

static const char *missing(const struct config *config)
{
    struct qw_addr addr;
    enum qw_family family;
    if (config->mode == CONFIG_MONITOR)
        return "has no meaning in mode = \"monitor\", which nobody takes over";
    const char *peer = missing_peer(config);
    if (peer)
        return peer;
    if (config->cluster_owner_count == 0 && config->cluster_follow == CONFIG_FOLLOW_ADDRESS &&
        !config_cluster_address(config, &addr, &family))
        return "needs cluster.address, which the active router has, or cluster.follow = \"command\"";
    return NULL;
}

/* ---- owners ---- */

static bool has_owner(const struct config *config, const struct qw_addr *addr)
{
    for (unsigned i = 0; i < config->cluster_owner_count; i++)
        if (config->cluster_owners[i].has_address && qw_addr_equal(&config->cluster_owners[i].address, addr))
            return true;
    return false;
}

static bool has_uplinks(const struct config *config)
{
    for (unsigned i = 0; i < config->external_count; i++)
        if (config->external_uplink[i] != 0)
            return true;
    return false;
}

/* What all routers must compute alike, or nobody could say whose a host is. */
static const char *owners_unfit(const struct config *config)
{
    if (!config_has_cluster(config))
        return "needs cluster.store";
    if (config->cluster_peer_count == 0)
        return "needs cluster.peers";
    if (config->offload != CONFIG_OFFLOAD_OFF)
        return "cannot be had with offload, which forwards without a look at the owner; allowed: offload = "
               "\"off\"";
    if (config->mode != CONFIG_NAT)
        return NULL;
    if (config->external_auto)
        return "needs addresses in nat.external; \"auto\" is another one on each router";
    if (has_uplinks(config))
        return "needs addresses in nat.external that are for every interface";
    if (strcmp(config->secret, CONFIG_NO_SECRET) == 0)
        return "needs a secret that all routers share: it decides whose a host is";
    return NULL;
}

static void check_owned(struct check *check, const struct item *item)
{
    const struct config *config = check->config;
    char text[QW_ADDR_TEXT_MAX];
    for (unsigned i = 0; i < config->cluster_peer_count; i++)
        if (config->cluster_peers[i].router[0] && !config->cluster_peers[i].mark)
            report_at(&check->report, item->place,
                      "cluster.owners needs a mark for each of cluster.peers; \"%s\" has none",
                      config->cluster_peers[i].router);
    for (unsigned i = 0; config->mode == CONFIG_NAT && check->external_known && i < config->external_count;
         i++)
        if (!has_owner(config, &config->external[i]))
            report_at(&check->report, item->place,
                      "cluster.owners has no owner for %s of nat.external; allowed: all of them, or none",
                      qw_addr_text(&config->external[i], QW_IPV4, text));
}

void check_cluster_pairs(struct check *check)
{
    struct item item;
    const char *why = config_has_cluster(check->config) ? missing(check->config) : NULL;
    if (why && item_of(check, "cluster.store", &item))
        report_value(&check->report, &item, "%s", why);
    if (check->config->cluster_owner_count == 0 || !item_of(check, "cluster.owners", &item))
        return;
    why = owners_unfit(check->config);
    if (why)
        report_at(&check->report, item.place, "cluster.owners %s", why);
    else
        check_owned(check, &item);
}
