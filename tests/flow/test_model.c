/* The table against the simplest thing that does the same: an array of last-seen times. */
#include "flows.h"
#include "random.h"
#include "suite.h"
#include <string.h>

enum { KEYS = 500, ROUNDS = 300000 };

static uint64_t last_seen[KEYS];
static bool live[KEYS];

static bool model_live(uint32_t n, uint64_t now)
{
    return live[n] && now - last_seen[n] < 120 * SECOND;
}

static void step(struct flow_table *t, uint32_t n, uint32_t action, uint64_t now)
{
    struct flow *flow = find(t, n, now);
    CU_ASSERT_EQUAL_FATAL(flow != NULL, model_live(n, now));
    live[n] = flow != NULL;
    if (!flow)
        flow = add(t, n, now);
    else if (action % 4 != 0)
        return;
    else
        flow_refresh(t, flow, (struct qw_time){now});
    CU_ASSERT_PTR_NOT_NULL_FATAL(flow);
    live[n] = true;
    last_seen[n] = now;
}

static void behaves_as_the_model(void)
{
    struct flow_table *t = table(KEYS, NULL, NULL);
    uint64_t random = 1, now = 0;
    memset(live, 0, sizeof live);
    for (int i = 0; i < ROUNDS; i++) {
        now += test_random(&random) % (SECOND / 2);
        step(t, test_random(&random) % KEYS, test_random(&random), now);
        if (i % 7 == 0)
            flow_sweep(t, (struct qw_time){now}, test_random(&random) % 3);
    }
    flow_table_free(t);
}

void suite_model(void)
{
    static const struct test TESTS[] = {
        {"T3: 300,000 random operations agree with a plain model", behaves_as_the_model},
    };
    TEST_SUITE("flow model", TESTS);
}
