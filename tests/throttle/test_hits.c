/* How many flows were hit, counted without a table. */
#include "hits.h"
#include "link.h"
#include "place.h"
#include "suite.h"
#include "suites.h"
#include <stdlib.h>

static struct qw_time at_ms(uint64_t ms)
{
    return (struct qw_time){ms * QW_NS_PER_MS};
}

/* Ticks as workers do, ten times a second. */
static void go_on(struct throttle *throttle, uint64_t from_ms, uint64_t to_ms)
{
    for (uint64_t ms = from_ms; ms < to_ms; ms += 100)
        throttle_tick(throttle, at_ms(ms));
    throttle_tick(throttle, at_ms(to_ms));
}

static uint32_t reported(struct throttle *throttle)
{
    struct throttle_view views[THROTTLE_LIMITS_MAX];
    CU_ASSERT_EQUAL_FATAL(throttle_views(throttle, views), 1);
    return views[0].flows_hit;
}

static void hit(struct throttle *throttle, uint32_t from, uint32_t to)
{
    for (uint32_t n = from; n < to; n++) {
        struct flow_key flow = link_flow(n);
        CU_ASSERT(link_blocks(throttle, 0, &flow, false));
        CU_ASSERT(link_blocks(throttle, 0, &flow, false));
    }
}

static void within_three_percent(void)
{
    static const uint32_t COUNTS[] = {0, 1, 10, 100, 1000, 3000, 10000};
    for (unsigned i = 0; i < sizeof(COUNTS) / sizeof(COUNTS[0]); i++) {
        struct throttle *throttle = link_with_share(100, false);
        hit(throttle, 0, COUNTS[i]);
        CU_ASSERT(labs((long)reported(throttle) - (long)COUNTS[i]) <= COUNTS[i] * 3 / 100);
        throttle_free(throttle);
    }
}

/* Flows that are blocked have low places: the bits must not come from there. */
static void also_at_a_small_share(void)
{
    struct throttle *throttle = link_with_share(1, false);
    unsigned count = 0;
    for (uint32_t n = 0; n < 300000; n++) {
        struct flow_key flow = link_flow(n);
        count += link_blocks(throttle, 0, &flow, false);
    }
    CU_ASSERT(labs((long)reported(throttle) - (long)count) <= count * 3 / 100);
    throttle_free(throttle);
}

/* The last full window, or the running one where that is more. */
static void windows(void)
{
    struct throttle *throttle = link_with_share(100, false);
    hit(throttle, 0, 100);
    go_on(throttle, 0, 9999);
    CU_ASSERT_EQUAL(reported(throttle), 100);
    go_on(throttle, 10000, 10200);
    CU_ASSERT_EQUAL(reported(throttle), 100);
    hit(throttle, 100, 150);
    CU_ASSERT_EQUAL(reported(throttle), 100);
    hit(throttle, 150, 300);
    CU_ASSERT(abs((int)reported(throttle) - 200) < 4);
    go_on(throttle, 10300, 20400);
    CU_ASSERT(abs((int)reported(throttle) - 200) < 4);
    go_on(throttle, 20500, 30800);
    CU_ASSERT_EQUAL(reported(throttle), 0);
    throttle_free(throttle);
}

/* Nobody looked for long: what was counted before is old. */
static void a_window_that_nobody_ended(void)
{
    struct throttle *throttle = link_with_share(100, false);
    hit(throttle, 0, 100);
    throttle_tick(throttle, at_ms(25000));
    throttle_tick(throttle, at_ms(26000));
    CU_ASSERT_EQUAL(reported(throttle), 0);
    throttle_free(throttle);
}

static void more_than_can_be_told(void)
{
    static struct hits hits;
    for (uint32_t i = 0; i < HITS_BITS; i++)
        hits_add(&hits, (uint16_t)i);
    CU_ASSERT(hits_estimate(&hits) > 10 * HITS_BITS);
    hits_clear(&hits, at_ms(0));
    CU_ASSERT_EQUAL(hits_estimate(&hits), 0);
}

void suite_hits(void)
{
    static const struct test TESTS[] = {
        {"P1: flows hit are estimated within 3 % up to 10,000", within_three_percent},
        {"P1: flows hit at a small share", also_at_a_small_share},
        {"P1: windows of ten seconds", windows},
        {"P1: a window that nobody ended in time counts for nothing", a_window_that_nobody_ended},
        {"P1: more flows than the bits can tell", more_than_can_be_told},
    };
    TEST_SUITE("hits", TESTS);
}
