/* Workers that ask, count and tick while another thread reloads and reports. For the thread sanitizer, and
 * for what must hold without it: no packet is lost from the counts. */
#include "link.h"
#include "suite.h"
#include "suites.h"
#include <pthread.h>

#define WORKERS 2
#define PACKETS 50000u

struct worker {
    pthread_t thread;
    struct throttle *throttle;
    uint32_t number;
    uint64_t dropped;
    unsigned lost; /* times that wan0 was not found */
};

static void *work(void *context)
{
    struct worker *worker = context;
    for (uint32_t n = 0; n < PACKETS; n++) {
        int interface = throttle_find(worker->throttle, "wan0");
        if (interface < 0) {
            worker->lost++;
            continue;
        }
        struct flow_key flow = link_flow(n % 1000 * WORKERS + worker->number);
        bool blocked = throttle_active(worker->throttle, interface) &&
                       link_blocks(worker->throttle, interface, &flow, n % 2);
        link_count(worker->throttle, interface, THROTTLE_OUT, 1200, !blocked);
        worker->dropped += blocked;
        throttle_tick(worker->throttle, (struct qw_time){n * (LINK_INTERVAL_NS / 100)});
    }
    return NULL;
}

/* The other interface comes and goes; wan0 stays. */
static void reload(struct throttle *throttle)
{
    static const struct throttle_limit LIMITS[][2] = {
        {{"wan0", THROTTLE_OUT, 1000000}, {"lan1", THROTTLE_IN, 1000}},
        {{"wan0", THROTTLE_OUT, 2000000}, {"lan2", THROTTLE_IN, 1000}},
    };
    struct throttle_options options = link_options();
    struct throttle_view views[THROTTLE_LIMITS_MAX];
    for (unsigned i = 0; i < 200; i++) {
        options.limits = LIMITS[i % 2];
        options.limit_count = 1 + i % 3 / 2;
        options.spare_confirmed = i % 5 == 0;
        link_change(throttle, &options);
        CU_ASSERT_EQUAL(throttle_views(throttle, views), options.limit_count);
    }
}

static void workers_and_reloads(void)
{
    struct throttle_options options = link_options();
    struct throttle *throttle = link_new(&options);
    struct worker workers[WORKERS];
    for (uint32_t i = 0; i < WORKERS; i++) {
        workers[i] = (struct worker){.throttle = throttle, .number = i};
        CU_ASSERT_EQUAL_FATAL(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    reload(throttle);
    uint64_t dropped = 0;
    for (uint32_t i = 0; i < WORKERS; i++) {
        pthread_join(workers[i].thread, NULL);
        dropped += workers[i].dropped;
        CU_ASSERT_EQUAL(workers[i].lost, 0);
    }
    struct throttle_view views[THROTTLE_LIMITS_MAX];
    throttle_views(throttle, views);
    CU_ASSERT_EQUAL(views[0].dropped, dropped);
    CU_ASSERT(dropped > 0);
    throttle_free(throttle);
}

void suite_threads(void)
{
    static const struct test TESTS[] = {
        {"P1, P2: workers, reloads and reports at once", workers_and_reloads},
    };
    TEST_SUITE("threads", TESTS);
}
