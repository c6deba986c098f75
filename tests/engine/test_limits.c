#include "client.h"
#include "nat_router.h"
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
        first_packet(&r, n);
    }
    CU_ASSERT_FALSE(first_packet(&r, 4));
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_TABLE_FULL);
    for (unsigned n = 0; n < 4; n++) {
        CU_ASSERT_TRUE(first_packet(&r, n));
        CU_ASSERT_TRUE(answer(&r, n));
    }
    CU_ASSERT_EQUAL(stats(&r).counters.flows_evicted, 0);
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
    CU_ASSERT_EQUAL(stats(&r).counters.flows_evicted, 96);
    router_stop(&r);
}

/* RFC 9000 8.1: an answer proves no address. The forger sees none, the honest ones do. */
static void answers_prove_nothing(const char *server, const char *forged, const char *lan, const char *wan)
{
    struct config config = router_config(CONFIG_FIREWALL);
    char from[60];
    config.flows_max = 16;
    config.default_in = CONFIG_ACCEPT;
    struct router r = router_start(&config);
    CU_ASSERT_TRUE(out(&r, lan, wan, "x", 1) && in(&r, wan, lan, "y", 1) && out(&r, lan, wan, "z", 1));
    CU_ASSERT_TRUE(in(&r, wan, server, "x", 1) && out(&r, server, wan, "y", 1) &&
                   in(&r, wan, server, "z", 1));
    CU_ASSERT_EQUAL(stats(&r).counters.flows_returned, 2);
    for (unsigned n = 0; n < 100; n++) {
        snprintf(from, sizeof from, "%s:%u", forged, 1000 + n);
        CU_ASSERT_TRUE(in(&r, from, server, "x", 1));
        CU_ASSERT_TRUE(out(&r, server, from, "Retry", 5));
        r.now.ns += QW_NS_PER_MS;
    }
    CU_ASSERT_TRUE(in(&r, wan, lan, "still there", 11));
    CU_ASSERT_TRUE(out(&r, server, wan, "still there", 11));
    CU_ASSERT_EQUAL(stats(&r).counters.flows_created, 102);
    CU_ASSERT_EQUAL(stats(&r).counters.flows_returned, 2);
    CU_ASSERT_EQUAL(stats(&r).counters.flows_answered, 13); /* four fifths */
    router_stop(&r);
}

static void answers_prove_nothing_in_both_families(void)
{
    answers_prove_nothing("10.0.0.2:443", "203.0.113.1", LAN, WAN);
    answers_prove_nothing("[2001:db8:1::2]:443", "[2001:db8:5::1]", LAN6, WAN6);
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
    CU_ASSERT_EQUAL(stats(&r).counters.flows_attempts, 0);
    CU_ASSERT_EQUAL(stats(&r).counters.flows_expired, 50);
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

#define DNS "192.0.2.1:53"

/* RFC 4787 REQ-5 a: one question and one answer may end early, and nothing else does. */
static void a_question_ends_early(void)
{
    struct config config = router_config(CONFIG_FIREWALL);
    struct router r = router_start(&config);
    CU_ASSERT_TRUE(out(&r, LAN, DNS, "q", 1));
    CU_ASSERT_EQUAL(only_flow(&r).expires_ms, 120000);
    CU_ASSERT_TRUE(in(&r, DNS, LAN, "a", 1));
    CU_ASSERT_EQUAL(only_flow(&r).expires_ms, 10000);
    CU_ASSERT_EQUAL(stats(&r).counters.flows_answered, 1);
    r.now.ns += 9 * SECOND;
    CU_ASSERT_TRUE(in(&r, DNS, LAN, "a", 1));
    CU_ASSERT_EQUAL(only_flow(&r).expires_ms, 300000);
    CU_ASSERT_TRUE(out(&r, "10.0.0.5:5001", DNS, "q", 1));
    CU_ASSERT_TRUE(in(&r, DNS, "10.0.0.5:5001", "a", 1));
    r.now.ns += 10 * SECOND + 1;
    CU_ASSERT_FALSE(in(&r, DNS, "10.0.0.5:5001", "a", 1));
    CU_ASSERT_TRUE(in(&r, DNS, LAN, "a", 1));
    router_stop(&r);
}

static uint64_t expires_ms(struct router *r)
{
    struct engine_flow flow = only_flow(r);
    router_stop(r);
    return flow.expires_ms;
}

static void nothing_else_ends_early(void)
{
    struct router twice = router_with(""), other = router_with(""),
                  inwards = router_with("default_in = \"accept\";");
    CU_ASSERT_TRUE(out(&twice, LAN, DNS, "q", 1) && out(&twice, LAN, DNS, "q", 1) &&
                   in(&twice, DNS, LAN, "a", 1));
    CU_ASSERT_EQUAL(expires_ms(&twice), 300000);
    CU_ASSERT_TRUE(out(&other, LAN, WAN, "q", 1) && in(&other, WAN, LAN, "a", 1));
    CU_ASSERT_EQUAL(expires_ms(&other), 300000);
    CU_ASSERT_TRUE(in(&inwards, WAN, "10.0.0.5:53", "q", 1) && out(&inwards, "10.0.0.5:53", WAN, "a", 1));
    CU_ASSERT_EQUAL(expires_ms(&inwards), 300000);
}

/* One host asks from a new port each time, 150 times a second, for five minutes. */
static void a_resolver_is_not_refused(void)
{
    struct config config = nat_config(CONFIG_ADDRESS_DEPENDENT);
    config.flows_max = 8192;
    config.nat_per_host = 2048;
    struct router r = router_start(&config);
    unsigned refused = 0;
    char from[QW_ENDPOINT_TEXT_MAX], to[QW_ENDPOINT_TEXT_MAX];
    for (unsigned i = 0; i < 150 * 300; i++) {
        snprintf(from, sizeof(from), "10.0.0.5:%u", 10000 + i % 50000);
        r.now.ns += SECOND / 150;
        engine_tick(r.worker, r.now, 100);
        bool answered = out(&r, from, DNS, "q", 1) && in(&r, DNS, source(&r, to), "a", 1);
        refused += !answered;
    }
    CU_ASSERT_EQUAL(refused, 0);
    CU_ASSERT_TRUE(stats(&r).counters.mappings < 1700);
    router_stop(&r);
}

/* Who takes more than that is stopped by nat.per_host before half of the ports are gone for others. */
static void nobody_rests_all_ports(void)
{
    struct config config = nat_config(CONFIG_ADDRESS_DEPENDENT);
    config.flows_max = 65536;
    config.nat_per_host = 2048;
    struct router r = router_start(&config);
    char from[QW_ENDPOINT_TEXT_MAX], to[QW_ENDPOINT_TEXT_MAX];
    for (unsigned i = 0; i < 60000; i++) {
        snprintf(from, sizeof(from), "10.0.0.5:%u", 2000 + i);
        r.now.ns += SECOND / 1000;
        engine_tick(r.worker, r.now, 100);
        if (out(&r, from, DNS, "q", 1))
            in(&r, DNS, source(&r, to), "a", 1);
    }
    CU_ASSERT_TRUE(stats(&r).counters.nat_resting < 40000);
    CU_ASSERT_TRUE(out(&r, "10.0.0.6:5000", DNS, "q", 1));
    router_stop(&r);
}

void suite_limits(void)
{
    static const struct test TESTS[] = {
        {"T4: a full table refuses first packets, never later ones", a_full_table_refuses_first_packets_only},
        {"T4: unanswered attempts make room, least recently used first", unanswered_attempts_make_room},
        {"T4: an answer to a forged source proves nothing; who speaks after it stays",
         answers_prove_nothing_in_both_families},
        {"T3: ticks end flows in budgeted steps", ticks_give_memory_back},
        {"S2: a reload moves the timers of living flows, or changes nothing",
         reload_keeps_flows_and_moves_timers},
        {"T2: one question to port 53 and its answer end early", a_question_ends_early},
        {"T2: nothing else does", nothing_else_ends_early},
        {"N4 N10: a resolver with a new port for each question is not refused", a_resolver_is_not_refused},
        {"N4 N10: and cannot send the ports of others to rest", nobody_rests_all_ports},
    };
    TEST_SUITE("limits", TESTS);
}
