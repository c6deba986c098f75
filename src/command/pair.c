#include "pair.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the password ---- */

static enum qw_error fail(struct io_error *error, enum qw_error result, const char *path, const char *why)
{
    snprintf(error->text, sizeof error->text, "cluster.password: %s %s", path, why);
    return result;
}

static enum qw_error read_password(int file, const char *path, char out[static PEER_PASSWORD_MAX],
                                   struct io_error *error)
{
    struct stat status;
    if (fstat(file, &status) != 0)
        return fail(error, QW_ERR_SYSTEM, path, strerror(errno));
    if (!S_ISREG(status.st_mode) || status.st_mode & 07)
        return fail(error, QW_ERR_INVALID, path,
                    "may be read by everybody, or is no plain file; allowed: mode 0640 or less");
    ssize_t len = read(file, out, PEER_PASSWORD_MAX);
    if (len < 0)
        return fail(error, QW_ERR_SYSTEM, path, strerror(errno));
    size_t used = 0;
    while (used < (size_t)len && out[used] != '\n')
        used++;
    if (used == 0 || used >= PEER_PASSWORD_MAX || memchr(out, '\0', used))
        return fail(error, QW_ERR_INVALID, path, "has no line of 1 to 128 bytes");
    out[used] = '\0';
    return QW_OK;
}

enum qw_error pair_read(const struct config *config, struct router_pair *out, struct io_error *error)
{
    const char *path = config->cluster_password;
    *out = (struct router_pair){.peer = NULL};
    if (!config_has_cluster(config) || strcmp(path, CONFIG_NO_SECRET) == 0)
        return QW_OK;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (file < 0)
        return fail(error, QW_ERR_SYSTEM, path, strerror(errno));
    enum qw_error result = read_password(file, path, out->password, error);
    close(file);
    return result;
}

/* ---- what both must agree about ---- */

static uint64_t mix(uint64_t digest, const void *bytes, size_t len)
{
    return qw_hash24((struct qw_hash_key){digest, UINT64_C(0x7161696c77617264)}, bytes, len);
}

static uint64_t mix_number(uint64_t digest, uint64_t number)
{
    uint8_t bytes[8];
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(number >> 8 * i);
    return mix(digest, bytes, sizeof bytes);
}

static uint64_t mix_nat(uint64_t digest, const struct config *config)
{
    uint64_t usable[QW_PORT_WORDS];
    digest = mix_number(digest, config->external_auto);
    for (unsigned i = 0; i < config->external_count && !config->external_auto; i++)
        digest = mix(digest, config->external[i].bytes, sizeof config->external[i].bytes);
    config_nat_usable(config, usable);
    for (unsigned i = 0; i < QW_PORT_WORDS; i++)
        digest = mix_number(digest, usable[i]);
    for (unsigned i = 0; i < config->forward_count; i++) {
        const struct config_forward *forward = &config->forwards[i];
        digest = mix_number(digest, (uint64_t)forward->external << 32 | (uint64_t)forward->port << 16 |
                                        config_forward_ports(forward));
        digest = mix(digest, forward->to.addr.bytes, sizeof forward->to.addr.bytes);
        digest = mix_number(digest, forward->to.port);
    }
    digest = mix_number(digest, config->filtering);
    digest = mix_number(digest, config->nat_block);
    digest = mix_number(digest, config->nat_choice);
    return mix_number(digest, config->nat_hold_down_s);
}

static uint64_t mix_text(uint64_t digest, const char *text)
{
    return mix(digest, text, strlen(text) + 1);
}

static const char *router_name(const struct config *config, const struct config_peer *peers, uint8_t router)
{
    return router == 0 ? config->cluster_router : peers[router - 1].router;
}

/* Routers by their names: each has another number for the same one. */
static uint64_t mix_owners(uint64_t digest, const struct config *config)
{
    struct config_peer peers[CONFIG_PEERS_MAX];
    config_peers(config, peers);
    for (unsigned i = 0; i < config->cluster_owner_count; i++) {
        const struct config_owner *owner = &config->cluster_owners[i];
        digest = mix(digest, owner->address.bytes, sizeof owner->address.bytes);
        for (unsigned n = 0; n < owner->prefix_count; n++) {
            digest = mix(digest, owner->prefixes[n].addr.bytes, sizeof owner->prefixes[n].addr.bytes);
            digest = mix_number(digest, (uint64_t)owner->prefixes[n].family << 8 | owner->prefixes[n].bits);
        }
        for (unsigned n = 0; n < owner->router_count; n++)
            digest = mix_text(digest, router_name(config, peers, owner->routers[n]));
    }
    return mix_number(digest, config->cluster_owner_count);
}

uint64_t pair_digest(const struct config *config)
{
    uint64_t digest = mix_number(0, config->mode);
    digest = mix_number(digest, config->timer_attempt_s);
    digest = mix_number(digest, config->timer_two_way_s);
    digest = mix_number(digest, config->timer_confirmed_s);
    digest = mix_owners(digest, config);
    return config->mode == CONFIG_NAT ? mix_nat(digest, config) : digest;
}

/* ---- life ---- */

static void look(void *context)
{
    io_owned_look(context);
}

static bool owns(void *context, unsigned owned)
{
    return io_owned_has(context, owned);
}

static void take_others(const struct config *config, struct peer_options *options)
{
    struct config_peer peers[CONFIG_PEERS_MAX];
    options->other_count = config_peers(config, peers);
    for (unsigned i = 0; i < options->other_count; i++) {
        struct peer_other *other = &options->others[i];
        memcpy(other->router, peers[i].router, sizeof other->router);
        memcpy(other->store, peers[i].store, sizeof other->store);
        other->mark = peers[i].mark;
    }
}

/* Without owners the router is one thing, and each of the routers may have it. */
static void take_owned(const struct config *config, struct peer_options *options)
{
    options->owners = config->cluster_owner_count > 0;
    options->owned_count = options->owners ? config->cluster_owner_count : 1;
    for (unsigned i = 0; i < config->cluster_owner_count; i++) {
        const struct config_owner *owner = &config->cluster_owners[i];
        struct peer_owned *owned = &options->owned[i];
        if (owner->has_address)
            qw_addr_text(&owner->address, owner->family, owned->name);
        else
            qw_prefix_text(&owner->prefixes[0], owned->name);
        owned->router_count = owner->router_count;
        memcpy(owned->routers, owner->routers, owner->router_count);
    }
    if (options->owners)
        return;
    for (uint8_t router = 0; router <= options->other_count; router++)
        options->owned[0].routers[options->owned[0].router_count++] = router;
}

/* Of "auto" none is known here. */
static unsigned known_addresses(const struct config *config)
{
    return config->mode == CONFIG_NAT && !config->external_auto ? config->external_count : 0;
}

static struct peer_options options_of(const struct router_pair *pair, const struct config *config,
                                      struct qw_hash_key secret, struct engine *engine)
{
    struct peer_options options = {.engine = engine,
                                   .now = io_now,
                                   .digest = pair_digest(config),
                                   .key = secret,
                                   .nat = config->mode == CONFIG_NAT,
                                   .flush_ms = config->cluster_flush_ms,
                                   .refresh_s = config->cluster_refresh_s,
                                   .look = pair->owned ? look : NULL,
                                   .owns = owns,
                                   .fd = io_owned_fd(pair->owned),
                                   .context = pair->owned};
    snprintf(options.site, sizeof options.site, "%s", config->cluster_site);
    snprintf(options.router, sizeof options.router, "%s", config->cluster_router);
    snprintf(options.store, sizeof options.store, "%s", config->cluster_store);
    snprintf(options.user, sizeof options.user, "%s", config->cluster_user);
    memcpy(options.password, pair->password, sizeof options.password);
    take_others(config, &options);
    take_owned(config, &options);
    options.external_count = known_addresses(config);
    for (unsigned i = 0; i < options.external_count; i++)
        options.external[i] = config->external[i];
    return options;
}

static enum qw_error follow(struct router_pair *pair, const struct config *config, struct io_error *error)
{
    struct io_owned_address addresses[CONFIG_OWNERS_MAX];
    unsigned count = config->cluster_owner_count;
    if (config->cluster_follow != CONFIG_FOLLOW_ADDRESS)
        return QW_OK;
    for (unsigned i = 0; i < count; i++)
        addresses[i] =
            (struct io_owned_address){config->cluster_owners[i].address, config->cluster_owners[i].family};
    if (count == 0) {
        if (!config_cluster_address(config, &addresses[0].addr, &addresses[0].family))
            return QW_OK;
        count = 1;
    }
    return io_owned_open(addresses, count, &pair->owned, error);
}

enum qw_error pair_start(struct router_pair *pair, const struct config *config, struct qw_hash_key secret,
                         struct engine *engine, struct io_error *error)
{
    if (!config_has_cluster(config))
        return QW_OK;
    enum qw_error result = follow(pair, config, error);
    if (result != QW_OK)
        return result;
    struct peer_options options = options_of(pair, config, secret, engine);
    result = peer_start(&options, &pair->peer);
    explicit_bzero(&options, sizeof options);
    if (result == QW_ERR_UNSUPPORTED) {
        snprintf(error->text, sizeof error->text,
                 "cluster.store: this program was built without hiredis (QUICWARD_PEER)");
        return QW_ERR_SYSTEM;
    }
    return result;
}

void pair_change(const struct router_pair *pair, const struct config *config)
{
    peer_agree(pair->peer, pair_digest(config), config->external, known_addresses(config));
}

void pair_stop(struct router_pair *pair)
{
    peer_stop(pair->peer);
    io_owned_close(pair->owned);
    explicit_bzero(pair, sizeof *pair);
}
