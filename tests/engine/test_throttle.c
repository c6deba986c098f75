/* Throttling in the walk. What blocks whom, and how much, is the room throttle's and tested there. */
#include "packets.h"
#include "router.h"
#include "suite.h"
#include <stdio.h>
#include <string.h>

#define FLOWS 200
#define PAYLOAD 1000

static struct config throttled(enum config_mode mode)
{
    static struct config_throttle out = {
        .interface = "wan0", .direction = CONFIG_OUT, .capacity = 8 * FLOWS * PAYLOAD};
    struct config config = router_config(mode);
    config.flows_max = 2 * FLOWS;
    config.throttle_count = 1;
    config.throttles = &out;
    return config;
}

static char *inside(unsigned flow, char out[static 32])
{
    snprintf(out, 32, "10.0.0.5:%u", 1000 + flow);
    return out;
}

/* A second in which every flow sends `packets`; the first ones of each are told in `passed`. */
static unsigned second(struct router *r, unsigned packets, bool passed[static FLOWS])
{
    static const uint8_t payload[PAYLOAD];
    unsigned whole = 0, through[FLOWS] = {0};
    char from[32];
    for (unsigned i = 0; i < packets; i++)
        for (unsigned flow = 0; flow < FLOWS; flow++)
            through[flow] += out(r, inside(flow, from), WAN, payload, PAYLOAD);
    r->now.ns += SECOND;
    engine_tick(r->worker, r->now, 0);
    for (unsigned flow = 0; flow < FLOWS; flow++) {
        CU_ASSERT_TRUE(through[flow] == 0 || through[flow] == packets);
        passed[flow] = through[flow] > 0;
        whole += passed[flow];
    }
    return whole;
}

static void overload_blocks_whole_flows(void)
{
    struct config config = throttled(CONFIG_FIREWALL);
    struct router r = router_start(&config);
    bool passed[FLOWS];
    unsigned whole = second(&r, 10, passed);
    CU_ASSERT_EQUAL(whole, FLOWS);
    for (int i = 0; i < 20; i++)
        whole = second(&r, 10, passed);
    CU_ASSERT_TRUE(whole > FLOWS / 20 && whole < FLOWS / 5);
    struct engine_stats s = stats(&r);
    CU_ASSERT_EQUAL(s.throttle_count, 1);
    CU_ASSERT_TRUE(s.throttles[0].share > 0.8);
    CU_ASSERT_TRUE(s.throttles[0].offered > 9 * config.throttles[0].capacity);
    CU_ASSERT_EQUAL(s.throttles[0].dropped, s.reasons[QW_REASON_THROTTLED]);
    router_stop(&r);
}

/* The run of integration/cases/50-throttle.sh on a clock that no busy machine holds up: each flow a packet
 * every 20 ms, ten times the capacity, sixteen seconds. */
enum { STEP_MS = 20, STEPS_A_SECOND = 1000 / STEP_MS, LENGTH = PAYLOAD + 28 };

/* A second of it: what passed, in capacities; flows that lost some of their packets, not all, are added up.
 */
static double paced_second(struct router *r, double capacity, unsigned *torn)
{
    static const uint8_t payload[PAYLOAD];
    unsigned through[FLOWS] = {0}, all = 0;
    char from[32];
    for (unsigned step = 0; step < STEPS_A_SECOND; step++) {
        for (unsigned flow = 0; flow < FLOWS; flow++)
            through[flow] += out(r, inside(flow, from), WAN, payload, PAYLOAD);
        r->now.ns += STEP_MS * QW_NS_PER_MS;
        engine_tick(r->worker, r->now, 0);
    }
    for (unsigned flow = 0; flow < FLOWS; flow++) {
        *torn += through[flow] > 0 && through[flow] < STEPS_A_SECOND;
        all += through[flow];
    }
    return all * LENGTH * 8 / capacity;
}

static void ten_times_the_capacity(void)
{
    struct config config = throttled(CONFIG_FIREWALL);
    struct config_throttle limit = config.throttles[0];
    limit.capacity = (uint64_t)FLOWS * STEPS_A_SECOND * LENGTH * 8 / 10;
    config.throttles = &limit;
    double capacity = (double)limit.capacity;
    struct router r = router_start(&config);
    unsigned torn = 0;
    for (unsigned s = 0; s < 5; s++)
        paced_second(&r, capacity, &torn);
    for (unsigned s = 5; s < 13; s++)
        CU_ASSERT_DOUBLE_EQUAL(paced_second(&r, capacity, &torn), 1, 0.1);
    torn = 0;
    for (unsigned s = 13; s < 16; s++)
        CU_ASSERT_DOUBLE_EQUAL(paced_second(&r, capacity, &torn), 1, 0.1);
    CU_ASSERT_EQUAL(torn, 0);
    struct throttle_view v = stats(&r).throttles[0];
    CU_ASSERT(v.share > 0.85 && v.share < 0.95 && v.share_confirmed == 0);
    CU_ASSERT(v.offered > 9 * limit.capacity && v.offered < 11 * limit.capacity);
    CU_ASSERT(v.flows_hit > 160 && v.flows_hit < 200);
    router_stop(&r);
}

static void both_directions_agree(void)
{
    struct config config = throttled(CONFIG_FIREWALL);
    struct router r = router_start(&config);
    bool passed[FLOWS];
    char from[32];
    second(&r, 1, passed);
    for (unsigned flow = 0; flow < FLOWS; flow++)
        CU_ASSERT_TRUE(in(&r, WAN, inside(flow, from), "x", 1));
    for (int i = 0; i < 20; i++)
        second(&r, 10, passed);
    unsigned both = 0;
    for (unsigned flow = 0; flow < FLOWS; flow++) {
        bool leaves = out(&r, inside(flow, from), WAN, "x", 1);
        CU_ASSERT_EQUAL(in(&r, WAN, inside(flow, from), "x", 1), leaves);
        both += leaves;
    }
    CU_ASSERT_TRUE(both > 0 && both < FLOWS);
    router_stop(&r);
}

static void blocked_flows_cost_no_memory(void)
{
    struct config config = throttled(CONFIG_FIREWALL);
    config.throttle_spare_small = false; /* as a small flow every newcomer would pass */
    struct router r = router_start(&config);
    bool passed[FLOWS];
    for (int i = 0; i < 20; i++)
        second(&r, 10, passed);
    uint64_t created = stats(&r).counters.flows_created;
    r.now.ns += 119 * SECOND; /* the share hardly falls in one look */
    char from[32];
    unsigned new = 0;
    for (unsigned flow = FLOWS; flow < 2 * FLOWS; flow++)
        new += out(&r, inside(flow, from), WAN, "x", 1);
    CU_ASSERT_TRUE(new < FLOWS / 2);
    CU_ASSERT_EQUAL(stats(&r).counters.flows_created - created, new);
    router_stop(&r);
}

static void flows_show_their_place(void)
{
    struct config config = throttled(CONFIG_FIREWALL);
    struct router r = router_start(&config);
    CU_ASSERT_TRUE(out(&r, LAN, WAN, "x", 1));
    struct engine_flow flow = only_flow(&r);
    CU_ASSERT_TRUE(flow.placed);
    config.throttle_count = 0;
    CU_ASSERT_EQUAL(engine_reload(r.engine, &config, NULL), QW_OK);
    CU_ASSERT_FALSE(only_flow(&r).placed);
    CU_ASSERT_EQUAL(stats(&r).throttle_count, 0);
    router_stop(&r);
}

/* Two routers of one site agree by their key. */
static void a_configured_key_places(void)
{
    struct config config = throttled(CONFIG_FIREWALL);
    uint32_t places[2];
    config.throttle_key_set = true;
    memset(config.throttle_key, 7, sizeof config.throttle_key);
    for (uint64_t secret = 0; secret < 2; secret++) {
        struct router r = {.now = {SECOND}};
        struct engine_options options = {.config = &config, .shards = 1, .secret = {secret, 4}};
        CU_ASSERT_EQUAL_FATAL(engine_new(&options, &r.engine), QW_OK);
        r.worker = engine_worker_new(r.engine);
        out(&r, LAN, WAN, "x", 1);
        places[secret] = only_flow(&r).place;
        router_stop(&r);
    }
    CU_ASSERT_EQUAL(places[0], places[1]);
}

static void a_monitor_only_tells(void)
{
    struct config config = throttled(CONFIG_MONITOR);
    struct router r = router_start(&config);
    bool passed[FLOWS];
    for (int i = 0; i < 20; i++)
        CU_ASSERT_EQUAL(second(&r, 10, passed), FLOWS);
    struct engine_stats s = stats(&r);
    CU_ASSERT_TRUE(s.reasons[QW_REASON_THROTTLED] > 0);
    CU_ASSERT_EQUAL(s.counters.dropped, 0);
    CU_ASSERT_TRUE(s.throttles[0].share > 0.8 && s.throttles[0].share < 0.95);
    CU_ASSERT_TRUE(s.throttles[0].passed < 2 * config.throttles[0].capacity);
    router_stop(&r);
}

void suite_throttle(void)
{
    static const struct test TESTS[] = {
        {"P1 P2: overload blocks whole flows, down to the capacity", overload_blocks_whole_flows},
        {"P1 P2: 200 flows at ten times the capacity settle in 5 s, and none is torn",
         ten_times_the_capacity},
        {"P1: a flow blocked one way is blocked both ways", both_directions_agree},
        {"P1 S3: a blocked flow fails with its first packet and is not remembered",
         blocked_flows_cost_no_memory},
        {"P1 S2: reports tell the place, and a reload ends throttling", flows_show_their_place},
        {"P4: routers with one key place flows alike", a_configured_key_places},
        {"P1: a monitor only tells, and tells what would be", a_monitor_only_tells},
    };
    TEST_SUITE("throttling", TESTS);
}
