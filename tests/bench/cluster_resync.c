#include "cluster.h"
#include "cluster_pairs.h"
#include "cluster_waits.h"
#include "measure.h"
#include <stdio.h>

#define FLOWS 1000000u
#define FLOWS_MAX (1u << 21) /* in a table that is nearly full a host may be refused */
#define READ_S 15            /* three passes of a router that stands by */
#define WAIT_TARGET_US 1000

static uint64_t wanted;

static bool is_written(const struct peer_stats *stats)
{
    return stats->level && stats->written >= wanted;
}

/* As after a Redis was started anew. */
static void show_resync(struct cluster_stores *stores, struct cluster_router *router,
                        struct cluster_pair *pair)
{
    char measured[160];
    struct cluster_waits *waits = cluster_waits_begin(router, FLOWS / 4, pair->thread);
    wanted = cluster_pair_stats(pair).written + cluster_flows(router);
    uint64_t began = bench_now(), thread = cluster_thread_cpu(pair->thread),
             own = cluster_store_cpu(&stores->own);
    cluster_waits_count(waits, 0);
    cluster_store_lose(&stores->own);
    cluster_pair_wait(pair, is_written, "all is written anew");
    double took = (double)(bench_now() - began) / 1e9;
    cluster_waits_count(waits, -1);
    struct cluster_waited waited = cluster_waits_of(waits, 0);
    cluster_waits_end(waits);
    bench_require(cluster_store_records(&stores->own, "a", engine_mirror_size(router->engine)) ==
                      cluster_flows(router),
                  "the store has what the table has");
    snprintf(measured, sizeof measured, "%.2f s; quicward's thread %.2f s, Redis %.2f s of a core", took,
             (double)(cluster_thread_cpu(pair->thread) - thread) / 1e9,
             (double)(cluster_store_cpu(&stores->own) - own) / 1e9);
    bench_ratio("cluster: 1000000 flows written anew", measured, "30 s", took / 30, 1);
    cluster_waited_show("cluster: packets meanwhile", &waited, WAIT_TARGET_US);
    snprintf(measured, sizeof measured, "%.1f MiB of %.1f MiB of records",
             cluster_store_memory(&stores->own) / 1048576, (double)FLOWS_MAX * 64 / 1048576);
    bench_row("cluster: memory of the Redis then", measured);
}

/* By a router that stands by, which reads it every five seconds. */
static void show_reading(struct cluster_stores *stores)
{
    struct cluster_router router;
    struct cluster_pair pair;
    char measured[160];
    cluster_router_start(&router, 1 << 12, 5001);
    cluster_pair_start(&pair, &router, "b", stores->other.path, "a", stores->copy.path);
    cluster_sleep_ms(2000);
    uint64_t thread = cluster_thread_cpu(pair.thread), copy = cluster_store_cpu(&stores->copy),
             began = bench_now();
    cluster_sleep_ms(READ_S * 1000);
    double took = (double)(bench_now() - began);
    thread = cluster_thread_cpu(pair.thread) - thread;
    copy = cluster_store_cpu(&stores->copy) - copy;
    double records = FLOWS_MAX * took / 5e9;
    snprintf(measured, sizeof measured, "%.2f and %.2f %% of a core, %.0f and %.0f ns a slot",
             100 * (double)thread / took, 100 * (double)copy / took, (double)thread / records,
             (double)copy / records);
    bench_row("cluster: standing by beside 1000000 flows, thread and replica", measured);
    cluster_pair_stop(&pair);
    cluster_router_stop(&router);
    cluster_store_lose(&stores->other);
}

void cluster_resync(struct cluster_stores *stores)
{
    struct cluster_router router;
    struct cluster_pair pair;
    cluster_router_start(&router, FLOWS_MAX, 5000);
    bench_require(cluster_connect(&router, 0, FLOWS) == FLOWS, "a million flows");
    cluster_pair_start(&pair, &router, "a", stores->own.path, "b", "");
    cluster_pair_activate(&pair);
    cluster_pair_wait_level(&pair);
    show_resync(stores, &router, &pair);
    show_reading(stores);
    cluster_pair_stop(&pair);
    cluster_router_stop(&router);
    cluster_store_lose(&stores->own);
}
