#include "router.h"
#include "suite.h"
#include <stdio.h>

static bool first_packet(struct router *r, unsigned n)
{
    char from[40];
    snprintf(from, sizeof from, "10.0.0.9:%u", 1000 + n);
    return out(r, from, WAN, "x", 1);
}

static bool answer(struct router *r, unsigned n)
{
    char to[40];
    snprintf(to, sizeof to, "10.0.0.9:%u", 1000 + n);
    return in(r, WAN, to, "y", 1);
}

static void a_full_table_refuses_first_packets_only(void)
{
    struct config config = router_config(CONFIG_FIREWALL);
    config.flows_max = 4;
    struct router r = router_start(&config);
    for (unsigned n = 0; n < 4; n++) {
        first_packet(&r, n);
        answer(&r, n);
    }
    CU_ASSERT_FALSE(first_packet(&r, 4));
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_TABLE_FULL);
    for (unsigned n = 0; n < 4; n++) {
        CU_ASSERT_TRUE(first_packet(&r, n));
        CU_ASSERT_TRUE(answer(&r, n));
    }
    CU_ASSERT_EQUAL(stats(&r).flows_evicted, 0);
    router_stop(&r);
}

static void unanswered_attempts_make_room(void)
{
    struct config config = router_config(CONFIG_FIREWALL);
    config.flows_max = 4;
    struct router r = router_start(&config);
    for (unsigned n = 0; n < 100; n++)
        CU_ASSERT_TRUE(first_packet(&r, n));
    CU_ASSERT_FALSE(answer(&r, 95));
    CU_ASSERT_TRUE(answer(&r, 96));
    CU_ASSERT_EQUAL(stats(&r).flows_evicted, 96);
    router_stop(&r);
}

static void ticks_give_memory_back(void)
{
    struct config config = router_config(CONFIG_FIREWALL);
    struct router r = router_start(&config);
    for (unsigned n = 0; n < 50; n++)
        first_packet(&r, n);
    r.now.ns += 120 * SECOND;
    CU_ASSERT_EQUAL(engine_tick(r.worker, r.now, 20), 20);
    CU_ASSERT_EQUAL(engine_tick(r.worker, r.now, 20), 20);
    CU_ASSERT_EQUAL(engine_tick(r.worker, r.now, 20), 10);
    CU_ASSERT_EQUAL(engine_tick(r.worker, r.now, 20), 0);
    CU_ASSERT_EQUAL(stats(&r).flows[FLOW_ATTEMPT], 0);
    CU_ASSERT_EQUAL(stats(&r).flows_expired, 50);
    router_stop(&r);
}

static void reload_keeps_flows_and_moves_timers(void)
{
    struct config config = router_config(CONFIG_FIREWALL), other = config;
    struct router r = router_start(&config);
    first_packet(&r, 0);
    answer(&r, 0);
    other.timer_two_way_s = 600;
    CU_ASSERT_EQUAL(engine_reload(r.engine, &other, NULL), QW_OK);
    r.now.ns += 599 * SECOND;
    CU_ASSERT_TRUE(answer(&r, 0));
    other.flows_max++;
    other.timer_two_way_s = 120;
    CU_ASSERT_EQUAL(engine_reload(r.engine, &other, NULL), QW_ERR_INVALID);
    r.now.ns += 599 * SECOND;
    CU_ASSERT_TRUE(answer(&r, 0));
    router_stop(&r);
}

void suite_limits(void)
{
    static const struct test TESTS[] = {
        {"T4: a full table refuses first packets, never later ones", a_full_table_refuses_first_packets_only},
        {"T4: unanswered attempts make room, least recently used first", unanswered_attempts_make_room},
        {"T3: ticks end flows in budgeted steps", ticks_give_memory_back},
        {"S2: a reload moves the timers of living flows, or changes nothing",
         reload_keeps_flows_and_moves_timers},
    };
    TEST_SUITE("limits", TESTS);
}
