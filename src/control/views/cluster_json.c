/* The pair of routers, for programs and for people. */
#include "flat.h"
#include "text.h"
#include <inttypes.h>
#include <quicward/control.h>
#include <string.h>

static double seconds(uint64_t ns)
{
    return (double)(ns / QW_NS_PER_MS) / 1000;
}

static json_t *other_of(const struct peer_other_stats *other)
{
    json_t *age = other->known ? json_real(seconds(other->age_ns)) : json_null();
    return json_pack("{s:s, s:b, s:b, s:b, s:I, s:o, s:I, s:b}", "router", other->router, "store_up",
                     other->up, "known", other->known, "active", other->active, "epoch",
                     control_count(other->epoch), "age", age, "flows", control_count(other->flows),
                     "mismatch", other->mismatch);
}

static json_t *owner_of(const struct peer_owned_stats *owned)
{
    return json_pack("{s:s, s:s, s:I, s:b, s:s?, s:I}", "owner", owned->name, "role",
                     peer_role_word(owned->role), "epoch", control_count(owned->epoch), "split", owned->split,
                     "router", *owned->owner ? owned->owner : NULL, "mark", control_count(owned->mark));
}

static json_t *others_of(const struct peer_stats *stats)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < stats->other_count; i++)
        json_array_append_new(list, other_of(&stats->others[i]));
    return list;
}

static json_t *owners_of(const struct peer_stats *stats)
{
    json_t *list = json_array();
    for (unsigned i = 0; stats->owners && i < stats->owned_count; i++)
        json_array_append_new(list, owner_of(&stats->owned[i]));
    return list;
}

/* "peer" is the first of "peers": a pair has one. */
bool control_cluster_json(const struct peer_stats *stats, FILE *out)
{
    json_t *line = json_pack(
        "{s:{s:s, s:I, s:b, s:b, s:b, s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:o, s:o, s:o}}",
        "cluster", "role", peer_role_word(stats->role), "epoch", control_count(stats->epoch), "split",
        stats->split, "store_up", stats->store_up, "level", stats->level, "unsent", seconds(stats->unsent_ns),
        "written", control_count(stats->written), "write_errors", control_count(stats->write_errors), "bad",
        control_count(stats->bad), "takeovers", control_count(stats->takeovers), "adopted",
        control_count(stats->adopted), "conflicts", control_count(stats->conflicts), "refused",
        control_count(stats->refused), "took", seconds(stats->last_ns), "peer", other_of(&stats->others[0]),
        "peers", others_of(stats), "owners", owners_of(stats));
    return control_write_line(line, out);
}

static json_t *read_cluster(const char *json_line, json_t **root)
{
    *root = json_loads(json_line, JSON_REJECT_DUPLICATES, NULL);
    return json_object_get(*root, "cluster");
}

static bool yes(json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

static uint64_t count_in(json_t *object, const char *key)
{
    return (uint64_t)json_integer_value(json_object_get(object, key));
}

static double number_in(json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

static void print_head(json_t *cluster, FILE *out)
{
    char role[16];
    if (json_array_size(json_object_get(cluster, "owners")) == 0)
        fprintf(out, "role       %s, epoch %" PRIu64 "%s\n",
                control_printable(cluster, "role", role, sizeof role), count_in(cluster, "epoch"),
                yes(cluster, "split") ? ", AND ANOTHER ROUTER SAYS SO TOO" : "");
    fprintf(out, "store      %s, %" PRIu64 " records written, ", yes(cluster, "store_up") ? "up" : "DOWN",
            count_in(cluster, "written"));
    if (yes(cluster, "level"))
        fputs("level\n", out);
    else
        fprintf(out, "changes wait for %.1f s\n", number_in(cluster, "unsent"));
}

static void print_owner(json_t *owner, FILE *out)
{
    char name[64], role[16], router[48];
    fprintf(out, "owner      %s: %s, epoch %" PRIu64, control_printable(owner, "owner", name, sizeof name),
            control_printable(owner, "role", role, sizeof role), count_in(owner, "epoch"));
    if (count_in(owner, "mark") != 0)
        fprintf(out, "; packets go to %s with mark 0x%" PRIx64,
                control_printable(owner, "router", router, sizeof router), count_in(owner, "mark"));
    else if (json_is_null(json_object_get(owner, "router")))
        fputs("; nobody owns it: packets go nowhere", out);
    fputs(yes(owner, "split") ? ", AND ANOTHER ROUTER SAYS SO TOO\n" : "\n", out);
}

static void print_peer(json_t *peer, FILE *out)
{
    char router[48];
    fprintf(out, "peer       %s: %s, %s, epoch %" PRIu64 ", header %.1f s old, %" PRIu64 " flows%s\n",
            control_printable(peer, "router", router, sizeof router),
            yes(peer, "store_up") ? "copy up" : "copy DOWN",
            !yes(peer, "known")   ? "never seen"
            : yes(peer, "active") ? "active"
                                  : "standby",
            count_in(peer, "epoch"), number_in(peer, "age"), count_in(peer, "flows"),
            yes(peer, "mismatch") ? ", ANOTHER CONFIGURATION" : "");
}

bool control_cluster_text(const char *json_line, FILE *out)
{
    json_t *root, *cluster = read_cluster(json_line, &root), *peers = json_object_get(cluster, "peers");
    if (peers) {
        const json_t *owners = json_object_get(cluster, "owners");
        print_head(cluster, out);
        for (size_t i = 0; i < json_array_size(owners); i++)
            print_owner(json_array_get(owners, i), out);
        for (size_t i = 0; i < json_array_size(peers); i++)
            print_peer(json_array_get(peers, i), out);
        fprintf(out,
                "takeovers  %" PRIu64 "; flows adopted %" PRIu64 ", conflicts %" PRIu64 ", refused %" PRIu64
                "; the last took %.3f s\n",
                count_in(cluster, "takeovers"), count_in(cluster, "adopted"), count_in(cluster, "conflicts"),
                count_in(cluster, "refused"), number_in(cluster, "took"));
    }
    json_decref(root);
    return peers != NULL;
}

/* Seconds: a header is written twice a second, and a change within hundredths. */
#define OLD_S 5.0

static const char *trouble_of(json_t *peer)
{
    if (!yes(peer, "store_up"))
        return "a copy of another router's store does not answer";
    if (!yes(peer, "known"))
        return "another router was never seen in the copy of its store";
    return number_in(peer, "age") > OLD_S ? "another router has written nothing for more than 5 seconds"
                                          : NULL;
}

static const char *trouble_in(json_t *cluster, json_t *peers)
{
    const char *trouble = NULL;
    for (size_t i = 0; i < json_array_size(peers); i++)
        if (yes(json_array_get(peers, i), "mismatch"))
            return "another router has another configuration, secret or version";
    if (yes(cluster, "split"))
        return "two routers say that they are active";
    if (!yes(cluster, "store_up"))
        return "cluster.store does not answer";
    if (number_in(cluster, "unsent") > OLD_S)
        return "cluster.store takes no changes";
    for (size_t i = 0; !trouble && i < json_array_size(peers); i++)
        trouble = trouble_of(json_array_get(peers, i));
    return trouble;
}

const char *control_cluster_trouble(const char *json_line)
{
    json_t *root, *cluster = read_cluster(json_line, &root), *peers = json_object_get(cluster, "peers");
    const char *trouble = peers ? trouble_in(cluster, peers) : "the answer of the daemon cannot be read";
    json_decref(root);
    return trouble;
}
