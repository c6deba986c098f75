/* The other routers of a cluster. */
#include "list_entry.h"
#include "quote.h"
#include <string.h>

#define NAME_ALLOWED "the name that the other router has as cluster.router"
#define STORE_ALLOWED "the absolute path of a socket, such as \"/run/redis-b/redis.sock\""

static void read_router(struct check *check, const struct item *item, void *target)
{
    struct config_peer *peer = target;
    if (!values_string(check, item, NAME_ALLOWED))
        return;
    const char *name = config_setting_get_string(item->setting);
    size_t len = strlen(name);
    if (len == 0 || len >= sizeof(peer->router) || !values_is_account(name))
        report_value(&check->report, item, "is no name; allowed: %s", NAME_ALLOWED);
    else if (strcmp(name, check->config->cluster_router) == 0)
        report_value(&check->report, item, "is this router itself (cluster.router); allowed: %s",
                     NAME_ALLOWED);
    else
        memcpy(peer->router, name, len + 1);
}

static void read_store(struct check *check, const struct item *item, void *target)
{
    struct config_peer *peer = target;
    if (!values_string(check, item, STORE_ALLOWED))
        return;
    const char *path = config_setting_get_string(item->setting);
    if (path[0] != '/' || strlen(path) >= sizeof(peer->store))
        report_value(&check->report, item, "is no path of a socket; allowed: %s, at most %zu bytes",
                     STORE_ALLOWED, sizeof(peer->store) - 1);
    else
        memcpy(peer->store, path, strlen(path) + 1);
}

static void read_mark(struct check *check, const struct item *item, void *target)
{
    struct config_peer *peer = target;
    const struct key mark = {.path = item->path, .min = 1, .max = CONFIG_MARK_MAX, .kind = &NUMBER_KIND};
    int64_t value;
    if (check_whole(check, &mark, item, &value))
        peer->mark = (uint32_t)value;
}

static const struct entry_key KEYS[] = {
    {"router", read_router, true, NAME_ALLOWED, NULL},
    {"store", read_store, true, STORE_ALLOWED, NULL},
    {"mark", read_mark, false, NULL, NULL},
};

static bool has_name(const void *element)
{
    return ((const struct config_peer *)element)->router[0] != '\0';
}

static bool has_mark(const void *element)
{
    return ((const struct config_peer *)element)->mark != 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct config_peer *)a)->router, ((const struct config_peer *)b)->router);
}

static int by_mark(const void *a, const void *b)
{
    uint32_t x = ((const struct config_peer *)a)->mark, y = ((const struct config_peer *)b)->mark;
    return (x > y) - (x < y);
}

static void tell_name(const struct entry_twins *twins, struct check *check, struct place place,
                      const void *element, struct place before)
{
    report_at(&check->report, place,
              "peer %u: router = \"%s\" is that of another (%s:%u); allowed: each once",
              entries_number(twins, check->config, element), ((const struct config_peer *)element)->router,
              before.file, before.line);
}

static void tell_mark(const struct entry_twins *twins, struct check *check, struct place place,
                      const void *element, struct place before)
{
    report_at(&check->report, place, "peer %u: mark = 0x%x is that of another (%s:%u); allowed: each once",
              entries_number(twins, check->config, element), ((const struct config_peer *)element)->mark,
              before.file, before.line);
}

static void check_peers(struct check *check, const struct key *key, const struct item *peers)
{
    const struct entry_kind kind = {
        .one = "peer",
        .many = "peers",
        .max = CONFIG_PEERS_MAX,
        .example = "a group such as { router = \"b\"; store = \"/run/redis-b/redis.sock\"; mark = 0x12; }",
        .keys = KEYS,
        .key_count = sizeof(KEYS) / sizeof(KEYS[0]),
        .line = offsetof(struct config_peer, line),
        .plain = true};
    struct entry_twins twins = {
        .list = key->kind->list, .has = has_name, .order = by_name, .tell = tell_name};
    if (!entries_read(check, key, peers, &kind))
        return;
    entries_find_twins(check, peers, &twins);
    twins.has = has_mark;
    twins.order = by_mark;
    twins.tell = tell_mark;
    entries_find_twins(check, peers, &twins);
}

static void print_one(const struct config *config, const void *element, FILE *out)
{
    const struct config_peer *peer = element;
    (void)config;
    fprintf(out, "        { router = \"%s\"; store = ", peer->router);
    quote_write(out, peer->store, SIZE_MAX);
    if (peer->mark)
        fprintf(out, "; mark = 0x%x", peer->mark);
    fputs("; }", out);
}

static void print(const struct config *config, const struct key *key, FILE *out)
{
    entries_print(config, key, print_one, "\n    ", out);
}

static bool equal(const struct config *a, const struct config *b, const struct key *key)
{
    (void)key;
    bool same = a->cluster_peer_count == b->cluster_peer_count;
    for (unsigned i = 0; same && i < a->cluster_peer_count; i++)
        same = strcmp(a->cluster_peers[i].router, b->cluster_peers[i].router) == 0 &&
               strcmp(a->cluster_peers[i].store, b->cluster_peers[i].store) == 0 &&
               a->cluster_peers[i].mark == b->cluster_peers[i].mark;
    return same;
}

const struct key_kind PEERS_KIND = {
    .form = "a list such as ( { router = \"b\"; store = \"/run/redis-b/redis.sock\"; mark = 0x12; } )",
    .late = true,
    .list = OWN_LIST(cluster_peers, cluster_peer_count),
    .check = check_peers,
    .print = print,
    .equal = equal};
