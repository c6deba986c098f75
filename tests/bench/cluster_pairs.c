#include "cluster_pairs.h"
#include "measure.h"
#include <stdio.h>
#include <time.h>

#define PATIENCE_NS (60 * QW_NS_PER_SECOND)

void cluster_sleep_ms(unsigned ms)
{
    nanosleep(&(struct timespec){ms / 1000, (long)(ms % 1000) * 1000000}, NULL);
}

void cluster_pair_start(struct cluster_pair *pair, struct cluster_router *router, const char *name,
                        const char *own, const char *other, const char *copy)
{
    struct peer_options options = {.engine = router->engine,
                                   .now = cluster_now,
                                   .site = "bench",
                                   .key = {5, 6},
                                   .nat = true,
                                   .external_count = EXTERNALS,
                                   .flush_ms = CLUSTER_FLUSH_MS,
                                   .refresh_s = CLUSTER_REFRESH_S,
                                   .fd = -1};
    snprintf(options.router, sizeof options.router, "%s", name);
    snprintf(options.store, sizeof options.store, "%s", own);
    snprintf(options.others[0].router, sizeof options.others[0].router, "%s", other);
    snprintf(options.others[0].store, sizeof options.others[0].store, "%s", copy[0] ? copy : "/nowhere");
    options.other_count = options.owned_count = 1;
    options.owned[0] = (struct peer_owned){.routers = {0, 1}, .router_count = 2};
    for (unsigned i = 0; i < EXTERNALS; i++)
        options.external[i] = cluster_external(i);
    pair->router = router;
    const struct cluster_threads before = cluster_threads();
    bench_require(peer_start(&options, &pair->peer) == QW_OK, "peer_start");
    pair->thread = cluster_new_thread(&before);
}

void cluster_pair_stop(struct cluster_pair *pair)
{
    peer_stop(pair->peer);
}

struct peer_stats cluster_pair_stats(const struct cluster_pair *pair)
{
    struct peer_stats stats;
    peer_stats(pair->peer, &stats);
    return stats;
}

void cluster_pair_wait(const struct cluster_pair *pair, bool (*is_so)(const struct peer_stats *stats),
                       const char *what)
{
    uint64_t began = bench_now();
    for (;;) {
        struct peer_stats stats = cluster_pair_stats(pair);
        if (is_so(&stats))
            return;
        bench_require(bench_now() - began < PATIENCE_NS, what);
        cluster_sleep_ms(1);
    }
}

static bool is_active(const struct peer_stats *stats)
{
    return stats->role == PEER_ACTIVE;
}

void cluster_pair_activate(const struct cluster_pair *pair)
{
    bench_require(peer_set(pair->peer, NULL, true), "a role by command");
    cluster_pair_wait(pair, is_active, "a router becomes active");
}

static bool is_level(const struct peer_stats *stats)
{
    return stats->level && stats->store_up;
}

void cluster_pair_wait_level(const struct cluster_pair *pair)
{
    cluster_pair_wait(pair, is_level, "the store has all of the table");
}
