/* From counted packets to shares. */
#include "link.h"
#include "suite.h"
#include "suites.h"

static struct throttle_view view(struct throttle *throttle, unsigned index)
{
    struct throttle_view views[THROTTLE_LIMITS_MAX];
    CU_ASSERT_FATAL(throttle_views(throttle, views) > index);
    return views[index];
}

static void idle_until_an_overload(void)
{
    struct throttle_options options = link_options();
    struct throttle *throttle = link_new(&options);
    struct qw_time now = {0};
    for (unsigned i = 0; i < 50; i++) {
        link_load(throttle, 0, THROTTLE_OUT, 1, &now);
        CU_ASSERT_FALSE(throttle_active(throttle, 0));
    }
    link_load(throttle, 0, THROTTLE_OUT, 2, &now);
    CU_ASSERT_TRUE(throttle_active(throttle, 0));
    for (unsigned i = 0; i < 300; i++)
        link_load(throttle, 0, THROTTLE_OUT, 0, &now);
    CU_ASSERT_FALSE(throttle_active(throttle, 0));
    throttle_free(throttle);
}

/* 1,000 equal flows at twice the capacity, each packet asked for and counted. */
static void a_closed_loop(void)
{
    struct throttle_options options = link_options();
    struct throttle *throttle = link_new(&options);
    struct qw_time now = {0};
    uint32_t bytes = LINK_CAPACITY / 8 / 5 * 2 / 1000;
    unsigned passed = 0;
    for (unsigned look = 0; look < 50; look++) {
        passed = 0;
        for (uint32_t n = 0; n < 1000; n++) {
            struct flow_key flow = link_flow(n);
            bool pass = !link_blocks(throttle, 0, &flow, false);
            link_count(throttle, 0, THROTTLE_OUT, bytes, pass);
            passed += pass;
        }
        now = qw_time_add(now, LINK_INTERVAL_NS);
        throttle_tick(throttle, now);
    }
    CU_ASSERT(passed > 450 && passed < 550);
    struct throttle_view v = view(throttle, 0);
    CU_ASSERT_DOUBLE_EQUAL((double)v.offered, 2.0 * LINK_CAPACITY, LINK_CAPACITY / 1000.0);
    CU_ASSERT_DOUBLE_EQUAL((double)v.passed, passed * 2.0 / 1000 * LINK_CAPACITY, LINK_CAPACITY / 1000.0);
    CU_ASSERT_DOUBLE_EQUAL(v.share, 0.5, 0.05);
    CU_ASSERT_EQUAL(v.share, v.share_confirmed);
    CU_ASSERT(v.dropped > 45 * 400 && v.dropped < 50 * 550);
    throttle_free(throttle);
}

static void once_an_interval(void)
{
    struct throttle_options options = link_options();
    options.now = (struct qw_time){1000};
    struct throttle *throttle = link_new(&options);
    link_count(throttle, 0, THROTTLE_OUT, LINK_CAPACITY, true);
    throttle_tick(throttle, (struct qw_time){1000 + LINK_INTERVAL_NS - 1});
    CU_ASSERT_EQUAL(view(throttle, 0).offered, 0);
    throttle_tick(throttle, (struct qw_time){1000 + LINK_INTERVAL_NS});
    CU_ASSERT_EQUAL(view(throttle, 0).offered, 40ull * LINK_CAPACITY);
    link_count(throttle, 0, THROTTLE_OUT, LINK_CAPACITY, true);
    throttle_tick(throttle, (struct qw_time){1000 + 2 * LINK_INTERVAL_NS - 1});
    CU_ASSERT_EQUAL(view(throttle, 0).offered, 40ull * LINK_CAPACITY);
    throttle_tick(throttle, (struct qw_time){1000 + 3 * LINK_INTERVAL_NS});
    CU_ASSERT_EQUAL(view(throttle, 0).offered, 20ull * LINK_CAPACITY); /* over two intervals */
    throttle_free(throttle);
}

static void a_clock_set_back(void)
{
    struct throttle_options options = link_options();
    options.now = (struct qw_time){100 * QW_NS_PER_SECOND};
    struct throttle *throttle = link_new(&options);
    link_count(throttle, 0, THROTTLE_OUT, LINK_CAPACITY, true);
    throttle_tick(throttle, (struct qw_time){99 * QW_NS_PER_SECOND + 1}); /* late, no more */
    CU_ASSERT_EQUAL(view(throttle, 0).offered, 0);
    throttle_tick(throttle, (struct qw_time){0});
    CU_ASSERT_EQUAL(view(throttle, 0).offered, 40ull * LINK_CAPACITY);
    throttle_tick(throttle, (struct qw_time){LINK_INTERVAL_NS});
    CU_ASSERT_EQUAL(view(throttle, 0).offered, 0);
    throttle_free(throttle);
}

/* A flow blocked one way is blocked both ways; each direction's load decides for itself. */
static void the_larger_direction(void)
{
    const struct throttle_limit both[] = {{"wan0", THROTTLE_IN, LINK_CAPACITY},
                                          {"wan0", THROTTLE_OUT, LINK_CAPACITY}};
    struct throttle_options options = link_options();
    options.limits = both;
    options.limit_count = 2;
    for (unsigned busy = 0; busy < 2; busy++) {
        struct throttle *throttle = link_new(&options);
        struct qw_time now = {0};
        link_count(throttle, 0, both[!busy].direction, LINK_CAPACITY / 8 / 5 / 2, true);
        link_load(throttle, 0, both[busy].direction, 4, &now);
        struct throttle_view loaded = view(throttle, busy), other = view(throttle, !busy);
        CU_ASSERT_DOUBLE_EQUAL(loaded.share, 0.375, 1e-6);
        CU_ASSERT_EQUAL(other.share, loaded.share);
        CU_ASSERT(loaded.limit.direction == both[busy].direction && loaded.offered == 4 * LINK_CAPACITY);
        CU_ASSERT(other.limit.direction != loaded.limit.direction && other.offered == LINK_CAPACITY / 2);
        throttle_free(throttle);
    }
}

static void unlimited_ways_change_nothing(void)
{
    struct throttle_options options = link_options();
    struct throttle *throttle = link_new(&options);
    struct qw_time now = {0};
    link_load(throttle, 0, THROTTLE_IN, 100, &now);
    CU_ASSERT_FALSE(throttle_active(throttle, 0));
    throttle_free(throttle);
}

static unsigned blocked(struct throttle *throttle, bool confirmed)
{
    unsigned count = 0;
    for (uint32_t n = 0; n < 5000; n++) {
        struct flow_key flow = link_flow(n);
        count += link_blocks(throttle, 0, &flow, confirmed);
    }
    return count;
}

/* Overload until nearly all is blocked, then none: at every look the confirmed ones come last and leave
 * first. */
static void confirmed_flows_come_last(void)
{
    struct throttle_options options = link_options();
    options.spare_confirmed = true;
    struct throttle *throttle = link_new(&options);
    struct qw_time now = {0};
    bool some = false;
    for (unsigned i = 0; i < 900; i++) {
        link_load(throttle, 0, THROTTLE_OUT, i < 30 ? 50 : 0, &now);
        struct throttle_view v = view(throttle, 0);
        CU_ASSERT(v.share_confirmed == 0 || v.share == 1);
        if (i % 10)
            continue;
        unsigned others = blocked(throttle, false), confirmed = blocked(throttle, true);
        CU_ASSERT(confirmed == 0 || others == 5000);
        some = some || confirmed > 4000;
    }
    CU_ASSERT(some && !throttle_active(throttle, 0));
    throttle_free(throttle);
}

static void without_sparing_only_the_hash_decides(void)
{
    struct throttle *throttle = link_with_share(40, false);
    CU_ASSERT_EQUAL(blocked(throttle, true), blocked(throttle, false));
    CU_ASSERT_EQUAL(view(throttle, 0).share, view(throttle, 0).share_confirmed);
    link_set_share(throttle, 40, true);
    CU_ASSERT(blocked(throttle, true) == 0 && blocked(throttle, false) > 1800);
    CU_ASSERT_EQUAL(view(throttle, 0).share_confirmed, 0);
    throttle_free(throttle);
}

void suite_shares(void)
{
    static const struct test TESTS[] = {
        {"P2: idle until the first overload, and again after it", idle_until_an_overload},
        {"P1, P2: what is asked and counted settles at the capacity", a_closed_loop},
        {"P2: one look an interval, over the time that passed", once_an_interval},
        {"P2: a clock set back stops nothing", a_clock_set_back},
        {"P2: an interface blocks by the larger of its directions", the_larger_direction},
        {"P2: a direction without limit blocks nothing", unlimited_ways_change_nothing},
        {"P3: confirmed flows are blocked last and freed first", confirmed_flows_come_last},
        {"P3: without sparing only the hash decides", without_sparing_only_the_hash_decides},
    };
    TEST_SUITE("shares", TESTS);
}
