#include "cluster_waits.h"
#include "cluster_store.h"
#include "measure.h"
#include "random.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define SAMPLES 2
#define BATCH 50
#define PAUSE_NS 50000
#define PACKETS_MAX (8u << 20) /* of a sample; those that come later are left out */

struct sample {
    uint32_t *ns; /* owned */
    uint32_t count;
    uint64_t put_aside;
    uint64_t longest_aside_ns;
};

struct cluster_waits {
    struct cluster_router *router;
    uint32_t flows;
    uint64_t random;
    atomic_int judge;
    int other; /* threads */
    pthread_t thread;
    atomic_int counts_as;
    atomic_bool over;
    struct sample samples[SAMPLES];
};

static long times_put_aside(void)
{
    struct rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nivcsw;
}

static void count(struct sample *sample, uint64_t ns, bool put_aside)
{
    if (put_aside) {
        sample->put_aside++;
        if (ns > sample->longest_aside_ns)
            sample->longest_aside_ns = ns;
    } else if (sample->count < PACKETS_MAX)
        sample->ns[sample->count++] = ns < UINT32_MAX ? (uint32_t)ns : UINT32_MAX;
}

static void judge_one(struct cluster_waits *waits, bool up)
{
    uint32_t flow = test_random(&waits->random) % waits->flows;
    int counts_as = atomic_load(&waits->counts_as);
    long before = times_put_aside();
    bool passed = up ? cluster_up(waits->router, flow) : cluster_down(waits->router, flow);
    bench_require(passed, "a packet of a known flow passes");
    if (counts_as >= 0)
        count(&waits->samples[counts_as], waits->router->took_ns, times_put_aside() != before);
}

static void *judge(void *context)
{
    struct cluster_waits *waits = context;
    atomic_store(&waits->judge, gettid());
    while (!atomic_load(&waits->over)) {
        for (unsigned i = 0; i < BATCH; i++)
            judge_one(waits, i % 2 == 0);
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
    }
    return NULL;
}

struct cluster_waits *cluster_waits_begin(struct cluster_router *router, uint32_t flows, int other)
{
    struct cluster_waits *waits = calloc(1, sizeof *waits);
    bench_require(waits != NULL, "memory for the waits");
    waits->router = router;
    waits->flows = flows;
    waits->other = other;
    waits->random = 1;
    atomic_init(&waits->counts_as, -1);
    for (unsigned i = 0; i < SAMPLES; i++) {
        waits->samples[i].ns = calloc(PACKETS_MAX, sizeof *waits->samples[i].ns);
        bench_require(waits->samples[i].ns != NULL, "memory for the waits");
    }
    bench_require(pthread_create(&waits->thread, NULL, judge, waits) == 0, "a thread");
    return waits;
}

void cluster_waits_end(struct cluster_waits *waits)
{
    atomic_store(&waits->over, true);
    pthread_join(waits->thread, NULL);
    for (unsigned i = 0; i < SAMPLES; i++)
        free(waits->samples[i].ns);
    free(waits);
}

void cluster_waits_count(struct cluster_waits *waits, int sample)
{
    cluster_goes_first(atomic_load(&waits->judge), sample >= 0);
    cluster_goes_first(waits->other, sample >= 0);
    atomic_store(&waits->counts_as, sample);
    if (sample < 0) /* the one that is on its way counts still */
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
}

/* ---- what came of it ---- */

static int by_size(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

struct cluster_waited cluster_waits_of(struct cluster_waits *waits, int sample)
{
    struct sample *of = &waits->samples[sample];
    struct cluster_waited waited = {.packets = of->count,
                                    .put_aside = of->put_aside,
                                    .longest_aside_us = (double)of->longest_aside_ns / 1e3};
    bench_require(of->count > 1000, "packets were judged meanwhile");
    qsort(of->ns, of->count, sizeof *of->ns, by_size);
    waited.middle_us = of->ns[of->count / 2] / 1e3;
    waited.p999_us = of->ns[(uint64_t)of->count * 999 / 1000] / 1e3;
    waited.longest_us = of->ns[of->count - 1] / 1e3;
    return waited;
}

void cluster_waited_show(const char *what, const struct cluster_waited *waited, double target_us)
{
    char measured[160];
    snprintf(measured, sizeof measured,
             "p50 %.1f, p99.9 %.0f, longest %.0f us of %llu packets; %llu put aside (%.0f us)",
             waited->middle_us, waited->p999_us, waited->longest_us, (unsigned long long)waited->packets,
             (unsigned long long)waited->put_aside, waited->longest_aside_us);
    if (target_us > 0)
        bench_ratio(what, measured, "1 ms", waited->longest_us / target_us, 1);
    else
        bench_row(what, measured);
}
