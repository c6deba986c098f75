#include "cluster.h"
#include "cluster_pairs.h"
#include "measure.h"
#include "random.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define FLOWS_MAX (1u << 19) /* shards are never filled evenly */
#define MEASURED_S 10
#define SHARE_TARGET 0.05
#define PROBES 200
#define CHURN_RATE 5000u /* new flows a second */

static struct {
    struct cluster_router router;
    struct cluster_pair pair;
    uint32_t next; /* a flow that there never was */
} g;

/* ---- changes at a pace ---- */

struct paced {
    pthread_t thread;
    atomic_bool over;
    uint64_t random, made;
};

/* As if so many flows changed, anywhere in the table. */
static void change(struct paced *paced, uint64_t count)
{
    struct engine_mirror_size size = engine_mirror_size(g.router.engine);
    for (; paced->made < count; paced->made++) {
        uint32_t shard = test_random(&paced->random) % size.shards;
        engine_mirror_again(g.router.engine, shard, test_random(&paced->random) % size.slots, 1);
    }
}

static void *change_on(void *context)
{
    struct paced *paced = context;
    uint64_t began = bench_now();
    while (!atomic_load(&paced->over)) {
        change(paced, (bench_now() - began) * CLUSTER_RATE / 1000000000u);
        cluster_sleep_ms(1);
    }
    return NULL;
}

static void changes_begin(struct paced *paced)
{
    *paced = (struct paced){.random = 1};
    bench_require(pthread_create(&paced->thread, NULL, change_on, paced) == 0, "a thread");
    cluster_sleep_ms(500);
}

static void changes_end(struct paced *paced)
{
    atomic_store(&paced->over, true);
    pthread_join(paced->thread, NULL);
}

/* ---- what they cost ---- */

struct spent {
    uint64_t clock, thread, own, copy, records;
};

static struct spent spent_now(const struct cluster_stores *stores)
{
    return (struct spent){bench_now(), cluster_thread_cpu(g.pair.thread), cluster_store_cpu(&stores->own),
                          cluster_store_cpu(&stores->copy), cluster_pair_stats(&g.pair).written};
}

static struct spent spent_for(const struct cluster_stores *stores, unsigned seconds)
{
    struct spent before = spent_now(stores);
    cluster_sleep_ms(seconds * 1000);
    struct spent now = spent_now(stores);
    return (struct spent){now.clock - before.clock, now.thread - before.thread, now.own - before.own,
                          now.copy - before.copy, now.records - before.records};
}

static double share(uint64_t part, const struct spent *spent)
{
    return (double)part / (double)spent->clock;
}

static void show_spent(const char *what, const struct spent *spent, bool is_held)
{
    char text[96], measured[160];
    double records = (double)spent->records;
    snprintf(text, sizeof text, "cluster: %s, quicward's thread", what);
    snprintf(measured, sizeof measured, "%.2f %% of a core, %.2f us a record",
             100 * share(spent->thread, spent), (double)spent->thread / records / 1e3);
    if (is_held)
        bench_ratio(text, measured, "5 % of a core", share(spent->thread, spent) / SHARE_TARGET, 1);
    else
        bench_row(text, measured);
    snprintf(text, sizeof text, "cluster: %s, the Redis written and its replica", what);
    snprintf(measured, sizeof measured, "%.2f and %.2f %% of a core, %.2f and %.2f us a record",
             100 * share(spent->own, spent), 100 * share(spent->copy, spent),
             (double)spent->own / records / 1e3, (double)spent->copy / records / 1e3);
    bench_row(text, measured);
}

static void show_cost(const struct cluster_stores *stores)
{
    struct paced paced;
    char measured[64];
    struct spent idle = spent_for(stores, MEASURED_S / 2);
    snprintf(measured, sizeof measured, "%.2f %% of a core", 100 * share(idle.thread, &idle));
    bench_row("cluster: nothing changes, quicward's thread", measured);
    changes_begin(&paced);
    struct spent spent = spent_for(stores, MEASURED_S);
    changes_end(&paced);
    bench_require(spent.records > (uint64_t)CLUSTER_RATE * MEASURED_S * 9 / 10, "27000 records a second");
    show_spent("27000 changes a second", &spent, true);
}

/* ---- how soon ---- */

static uint64_t wait_for(struct cluster_store *store, struct cluster_place place, uint64_t began)
{
    while (!cluster_store_has(store, "a", place))
        bench_require(bench_now() - began < 5000000000u, "a flow comes into the store");
    return bench_now() - began;
}

static int by_size(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static void show_lag(const char *what, double ms[static PROBES])
{
    char measured[96];
    qsort(ms, PROBES, sizeof *ms, by_size);
    snprintf(measured, sizeof measured, "p50 %.1f, p95 %.1f, longest %.1f ms", ms[PROBES / 2],
             ms[PROBES * 95 / 100], ms[PROBES - 1]);
    bench_row(what, measured);
}

/* From the answer's packet on. The replica is looked at when the store has it. */
static void lag(struct cluster_stores *stores, double own[static PROBES], double copy[static PROBES])
{
    for (unsigned i = 0; i < PROBES; i++) {
        bench_require(cluster_up(&g.router, g.next), "a new flow");
        cluster_sleep_ms(3 + i % 10);
        uint64_t began = bench_now();
        bench_require(cluster_down(&g.router, g.next), "its answer");
        struct cluster_place place = cluster_place(&g.router, g.next++);
        own[i] = (double)wait_for(&stores->own, place, began) / 1e6;
        copy[i] = (double)wait_for(&stores->copy, place, began) / 1e6;
    }
}

static void show_lags(struct cluster_stores *stores)
{
    double own[PROBES], copy[PROBES];
    struct paced paced;
    lag(stores, own, copy);
    show_lag("cluster: from two-way to the store", own);
    show_lag("cluster: from two-way to the replica", copy);
    changes_begin(&paced);
    lag(stores, own, copy);
    changes_end(&paced);
    show_lag("cluster: likewise among 27000 changes a second, the store", own);
    show_lag("cluster: likewise among 27000 changes a second, the replica", copy);
}

/* ---- a Redis that hangs ---- */

/* New flows, which displace others when the table is full. */
static void churn(unsigned seconds)
{
    uint64_t began = bench_now(), made = 0;
    while (bench_now() - began < seconds * QW_NS_PER_SECOND) {
        for (; made < (bench_now() - began) * CHURN_RATE / QW_NS_PER_SECOND; made++, g.next++)
            bench_require(cluster_up(&g.router, g.next) && cluster_down(&g.router, g.next), "a new flow");
        cluster_sleep_ms(1);
    }
}

static void show_hang(struct cluster_stores *stores)
{
    struct engine_mirror_size size = engine_mirror_size(g.router.engine);
    struct paced paced;
    char measured[96];
    cluster_store_hang(&stores->own, true);
    changes_begin(&paced);
    churn(2);
    double before = bench_rss();
    churn(MEASURED_S);
    double after = bench_rss();
    changes_end(&paced);
    snprintf(measured, sizeof measured, "%.1f, then %.1f MiB", before / 1048576, after / 1048576);
    bench_ratio("cluster: memory, Redis hangs for 10 s under churn", measured, "before", after / before,
                1.001);
    uint64_t began = bench_now();
    cluster_store_hang(&stores->own, false);
    cluster_pair_wait_level(&g.pair);
    uint64_t took = bench_now() - began;
    bench_require(cluster_store_records(&stores->own, "a", size) == cluster_flows(&g.router),
                  "the store has what the table has");
    snprintf(measured, sizeof measured, "%.2f s, the same number of flows in both", (double)took / 1e9);
    bench_ratio("cluster: Redis goes on, until the store is level", measured, "30 s", (double)took / 30e9, 1);
}

void cluster_writing(struct cluster_stores *stores)
{
    cluster_router_start(&g.router, FLOWS_MAX, 5000);
    bench_require(cluster_connect(&g.router, 0, ENDPOINTS) == ENDPOINTS, "all flows are in the table");
    g.next = ENDPOINTS;
    cluster_pair_start(&g.pair, &g.router, "a", stores->own.path, "b", "");
    cluster_pair_activate(&g.pair);
    cluster_pair_wait_level(&g.pair);
    show_cost(stores);
    show_lags(stores);
    show_hang(stores);
    cluster_pair_stop(&g.pair);
    cluster_router_stop(&g.router);
    cluster_store_lose(&stores->own);
}
