#include "nat_router.h"
#include "suite.h"
#include <stdio.h>

/* A flow of three packets, so that it returned. False when the first one is refused. */
static bool whole_flow(struct router *r, enum engine_origin begun, const char *from, const char *to)
{
    bool inside = begun == ENGINE_INSIDE;
    return (inside ? out : in)(r, from, to, "x", 1) && (inside ? in : out)(r, to, from, "y", 1) &&
           (inside ? out : in)(r, from, to, "z", 1);
}

static char *at(const char *host, unsigned port)
{
    static char text[80];
    snprintf(text, sizeof text, "%s:%u", host, port);
    return text;
}

static unsigned flows_from(struct router *r, enum engine_origin begun, const char *host, const char *to,
                           unsigned count)
{
    unsigned begun_count = 0;
    for (unsigned n = 0; n < count; n++)
        begun_count += whole_flow(r, begun, at(host, 10000 + n), to);
    return begun_count;
}

static void per_host(const char *host, const char *neighbour, const char *other, const char *to)
{
    struct config config = router_config(CONFIG_FIREWALL);
    config.flows_max = 64;
    config.flows_per_host = 8;
    struct router r = router_start(&config);
    CU_ASSERT_EQUAL(flows_from(&r, ENGINE_INSIDE, host, to, 20), 8);
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_FLOW_LIMIT);
    CU_ASSERT_EQUAL(stats(&r).reasons[QW_REASON_FLOW_LIMIT], 12);
    if (neighbour) /* the same /64 */
        CU_ASSERT_EQUAL(flows_from(&r, ENGINE_INSIDE, neighbour, to, 1), 0);
    CU_ASSERT_EQUAL(flows_from(&r, ENGINE_INSIDE, other, to, 20), 8);
    CU_ASSERT_EQUAL(flows_from(&r, ENGINE_INSIDE, host, to, 8), 8); /* those that exist go on */
    r.now.ns += 301 * SECOND;
    engine_tick(r.worker, r.now, 100);
    CU_ASSERT_EQUAL(flows_from(&r, ENGINE_INSIDE, host, to, 20), 8);
    config.flows_per_host = 10;
    CU_ASSERT_EQUAL(engine_reload(r.engine, &config, NULL), QW_OK);
    CU_ASSERT_EQUAL(flows_from(&r, ENGINE_INSIDE, host, to, 20), 10);
    router_stop(&r);
}

static void a_host_has_so_many_flows(void)
{
    per_host("10.0.0.5", NULL, "10.0.0.6", WAN);
    per_host("[2001:db8:1:2::5]", "[2001:db8:1:2:ffff::9]", "[2001:db8:1:3::5]", WAN6);
}

static void the_default_is_an_eighth(void)
{
    struct config config = router_config(CONFIG_FIREWALL);
    config.flows_max = 4096;
    config.flows_per_host = 0;
    CU_ASSERT_EQUAL(config_flows_per_host(&config), 512);
    config.flows_per_host = 9;
    CU_ASSERT_EQUAL(config_flows_per_host(&config), 9);
}

/* The greedy one takes what it can get; then many others come, each of which wants little. */
static void greedy_and_others(const char *greedy, const char *const others[2], const char *to)
{
    struct config config = router_config(CONFIG_FIREWALL);
    config.flows_max = 200;
    config.flows_per_host = 1000;
    struct router r = router_start(&config);
    char host[60];
    CU_ASSERT_EQUAL(flows_from(&r, ENGINE_INSIDE, greedy, to, 150), 150);
    for (unsigned n = 1; n <= 16; n++) {
        snprintf(host, sizeof host, "%s%u%s", others[0], n, others[1]);
        CU_ASSERT_EQUAL(flows_from(&r, ENGINE_INSIDE, host, to, 3), 3);
    }
    CU_ASSERT_FALSE(whole_flow(&r, ENGINE_INSIDE, at(greedy, 9), to));
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_FLOW_SHARE);
    CU_ASSERT_TRUE(whole_flow(&r, ENGINE_INSIDE, at(greedy, 10000), to)); /* one that it has */
    CU_ASSERT_EQUAL(stats(&r).reasons[QW_REASON_FLOW_SHARE], 1);
    CU_ASSERT_EQUAL(stats(&r).reasons[QW_REASON_TABLE_FULL], 0);
    router_stop(&r);
}

static void those_below_their_share_get_more(void)
{
    greedy_and_others("10.0.0.5", (const char *const[2]){"10.0.1.", ""}, WAN);
    greedy_and_others("[2001:db8:1:2::5]", (const char *const[2]){"[2001:db8:1:", "00::5]"}, WAN6);
}

/* One network outside fills what it can with flows that returned. A stranger, and the inside, still get in.
 */
static void outside(const char *greedy, const char *stranger, const char *server, const char *inside,
                    const char *to)
{
    struct config config = router_config(CONFIG_FIREWALL);
    config.flows_max = 200;
    config.default_in = CONFIG_ACCEPT;
    struct router r = router_start(&config);
    CU_ASSERT_TRUE(whole_flow(&r, ENGINE_INSIDE, at(inside, 5000), to));
    unsigned got = flows_from(&r, ENGINE_OUTSIDE, greedy, server, 250);
    CU_ASSERT_TRUE(got >= 150 && got <= 160);
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_FLOW_SHARE);
    CU_ASSERT_EQUAL(flows_from(&r, ENGINE_OUTSIDE, stranger, server, 10), 10);
    CU_ASSERT_EQUAL(flows_from(&r, ENGINE_INSIDE, inside, to, 10), 10);
    router_stop(&r);
}

static void outside_networks_share(void)
{
    outside("192.0.2.8", "203.0.113.8", "10.0.0.2:443", "10.0.0.5", WAN);
    outside("[2001:db8:2:3::8]", "[2001:db8:4:3::8]", "[2001:db8:1::2]:443", "[2001:db8:1::5]", WAN6);
}

/* Sources of the stranger's own network are forged: it gets in all the same, and the inside too. */
static void flood(enum config_mode mode, const char *forged, const char *stranger, const char *server)
{
    struct config config = router_config(mode);
    struct engine_event event;
    uint64_t after = 0;
    config.flows_max = 256;
    config.default_in = CONFIG_ACCEPT;
    struct router r = router_start(&config);
    for (unsigned n = 0; n < 5 * 256; n++) {
        CU_ASSERT_TRUE(in(&r, at(forged, 1000 + n), server, "x", 1));
        if (n % 2)
            CU_ASSERT_TRUE(out(&r, server, at(forged, 1000 + n), "y", 1));
        r.now.ns += QW_NS_PER_MS / 10;
        if (n % 25 == 0)
            CU_ASSERT_TRUE(whole_flow(&r, ENGINE_OUTSIDE, at(stranger, 1000 + n), server));
    }
    CU_ASSERT_EQUAL(stats(&r).reasons[QW_REASON_FLOW_SHARE], 0);
    CU_ASSERT_EQUAL(stats(&r).reasons[QW_REASON_TABLE_FULL], 0);
    CU_ASSERT_EQUAL(stats(&r).counters.flows_returned, 52);
    CU_ASSERT_TRUE(stats(&r).counters.flows_attempts + stats(&r).counters.flows_answered <= 206);
    CU_ASSERT_EQUAL(engine_events(r.engine, &after, &event, 1), 0);
    router_stop(&r);
}

static void a_flood_stays_in_its_part(void)
{
    flood(CONFIG_FIREWALL, "203.0.113.7", "203.0.113.8", "10.0.0.2:443");
    flood(CONFIG_FIREWALL, "[2001:db8:4:3::7]", "[2001:db8:4:4::8]", "[2001:db8:1::2]:443");
}

static void refusals_are_events(void)
{
    struct config config = router_config(CONFIG_FIREWALL);
    struct engine_event event;
    uint64_t after = 0;
    config.flows_per_host = 1;
    struct router r = router_start(&config);
    flows_from(&r, ENGINE_INSIDE, "10.0.0.5", WAN, 3);
    r.now.ns += 2 * SECOND;
    engine_tick(r.worker, r.now, 1);
    CU_ASSERT_EQUAL_FATAL(engine_events(r.engine, &after, &event, 1), 1);
    CU_ASSERT_EQUAL(event.kind, ENGINE_EVENT_FLOW_LIMIT);
    CU_ASSERT_EQUAL(event.count, 1);
    CU_ASSERT_EQUAL(event.client.port, 10001);
    CU_ASSERT_EQUAL_FATAL(engine_events(r.engine, &after, &event, 1), 1);
    CU_ASSERT_EQUAL(event.count, 1);
    router_stop(&r);
}

/* RFC 6888 REQ-4: 200 ports, half of them even. */
static void ports_are_shared(void)
{
    static struct qw_port_range ports = {2000, 2199};
    struct config config = nat_config(CONFIG_ADDRESS_DEPENDENT);
    unsigned got = 0;
    config.flows_max = 4096;
    config.nat_per_host = 1000;
    config.nat_ports = (struct config_ports){1, &ports};
    struct router r = router_start(&config);
    for (unsigned n = 0; n < 90; n++)
        got += out(&r, at("10.0.0.5", 20000 + 2 * n), WAN, "x", 1);
    CU_ASSERT_EQUAL(got, 90);
    CU_ASSERT_TRUE(out(&r, "10.0.0.6:20000", WAN, "x", 1));
    CU_ASSERT_TRUE(out(&r, "10.0.0.7:20000", WAN, "x", 1));
    CU_ASSERT_FALSE(out(&r, "10.0.0.5:30000", WAN, "x", 1));
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_PORT_SHARE);
    CU_ASSERT_PTR_NOT_NULL(r.last.reply);
    CU_ASSERT_TRUE(out(&r, "10.0.0.5:20000", WAN_OTHER, "x", 1)); /* no new mapping */
    CU_ASSERT_TRUE(out(&r, "10.0.0.6:20002", WAN, "x", 1));
    CU_ASSERT_TRUE(out(&r, "10.0.0.5:30001", WAN, "x", 1)); /* odd ports are not scarce */
    CU_ASSERT_EQUAL(stats(&r).counters.refused_share, 1);
    router_stop(&r);
}

void suite_shares(void)
{
    static const struct test TESTS[] = {
        {"F7: an inside host begins as many flows as it may, one of IPv6 is a /64", a_host_has_so_many_flows},
        {"F7: by default an eighth of the table", the_default_is_an_eighth},
        {"F7 T4: while flows are scarce, who has its fair share gets no more, and all others do",
         those_below_their_share_get_more},
        {"F7 T4: likewise networks outside, by what they proved", outside_networks_share},
        {"F7 T4: a forged flood refuses nobody, whosever network it names", a_flood_stays_in_its_part},
        {"F7: refusals are counted and told", refusals_are_events},
        {"F7 N10: while ports are scarce, a host that has its fair share gets no more", ports_are_shared},
    };
    TEST_SUITE("shares", TESTS);
}
