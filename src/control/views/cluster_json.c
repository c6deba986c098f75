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

static json_t *other_of(const struct peer_stats *stats)
{
    json_t *age = stats->other_known ? json_real(seconds(stats->other_age_ns)) : json_null();
    return json_pack("{s:b, s:b, s:b, s:I, s:o, s:I, s:b}", "store_up", stats->other_up, "known",
                     stats->other_known, "active", stats->other_active, "epoch",
                     control_count(stats->other_epoch), "age", age, "flows", control_count(stats->foreign),
                     "mismatch", stats->mismatch);
}

bool control_cluster_json(const struct peer_stats *stats, FILE *out)
{
    json_t *line = json_pack(
        "{s:{s:s, s:I, s:b, s:b, s:b, s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:o}}", "cluster", "role",
        peer_role_word(stats->role), "epoch", control_count(stats->epoch), "split", stats->split, "store_up",
        stats->store_up, "level", stats->level, "unsent", seconds(stats->unsent_ns), "written",
        control_count(stats->written), "write_errors", control_count(stats->write_errors), "bad",
        control_count(stats->bad), "takeovers", control_count(stats->takeovers), "adopted",
        control_count(stats->adopted), "conflicts", control_count(stats->conflicts), "refused",
        control_count(stats->refused), "took", seconds(stats->last_ns), "peer", other_of(stats));
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

bool control_cluster_text(const char *json_line, FILE *out)
{
    char role[16];
    json_t *root, *cluster = read_cluster(json_line, &root), *peer = json_object_get(cluster, "peer");
    if (peer) {
        fprintf(out, "role       %s, epoch %" PRIu64 "%s\n",
                control_printable(cluster, "role", role, sizeof role), count_in(cluster, "epoch"),
                yes(cluster, "split") ? ", AND THE OTHER SAYS SO TOO" : "");
        fprintf(out, "store      %s, %" PRIu64 " records written, ", yes(cluster, "store_up") ? "up" : "DOWN",
                count_in(cluster, "written"));
        if (yes(cluster, "level"))
            fputs("level\n", out);
        else
            fprintf(out, "changes wait for %.1f s\n", number_in(cluster, "unsent"));
        fprintf(out, "peer       %s, %s, epoch %" PRIu64 ", header %.1f s old, %" PRIu64 " flows%s\n",
                yes(peer, "store_up") ? "copy up" : "copy DOWN",
                !yes(peer, "known")   ? "never seen"
                : yes(peer, "active") ? "active"
                                      : "standby",
                count_in(peer, "epoch"), number_in(peer, "age"), count_in(peer, "flows"),
                yes(peer, "mismatch") ? ", ANOTHER CONFIGURATION" : "");
        fprintf(out,
                "takeovers  %" PRIu64 "; flows adopted %" PRIu64 ", conflicts %" PRIu64 ", refused %" PRIu64
                "; the last took %.3f s\n",
                count_in(cluster, "takeovers"), count_in(cluster, "adopted"), count_in(cluster, "conflicts"),
                count_in(cluster, "refused"), number_in(cluster, "took"));
    }
    json_decref(root);
    return peer != NULL;
}

/* Seconds: a header is written twice a second, and a change within hundredths. */
#define OLD_S 5.0

const char *control_cluster_trouble(const char *json_line)
{
    json_t *root, *cluster = read_cluster(json_line, &root), *peer = json_object_get(cluster, "peer");
    const char *trouble = NULL;
    if (!peer)
        trouble = "the answer of the daemon cannot be read";
    else if (yes(peer, "mismatch"))
        trouble = "the other router has another configuration, secret or version";
    else if (yes(cluster, "split"))
        trouble = "both routers say that they are active";
    else if (!yes(cluster, "store_up"))
        trouble = "cluster.store does not answer";
    else if (number_in(cluster, "unsent") > OLD_S)
        trouble = "cluster.store takes no changes";
    else if (!yes(peer, "store_up"))
        trouble = "cluster.peer_store does not answer";
    else if (!yes(peer, "known"))
        trouble = "the other router was never seen in cluster.peer_store";
    else if (number_in(peer, "age") > OLD_S)
        trouble = "the other router has written nothing for more than 5 seconds";
    json_decref(root);
    return trouble;
}
