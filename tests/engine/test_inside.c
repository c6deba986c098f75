#include "client.h"
#include "nat_router.h"
#include "suite.h"

static void tell_of(struct router *r, const char *const *texts, size_t count)
{
    struct qw_prefix prefixes[8];
    for (size_t i = 0; i < count; i++)
        CU_ASSERT_TRUE_FATAL(qw_prefix_parse(texts[i], &prefixes[i]));
    CU_ASSERT_EQUAL(engine_set_inside(r->engine, prefixes, count), QW_OK);
}

/* Nothing is made for a spoofed packet: no flow, no mapping, no count of its source. */
static void spoofed_in(const struct config *config)
{
    static const char *const NETWORKS[] = {"10.0.0.0/16", "2001:db8:1::/48"};
    struct router r = router_start(config);
    CU_ASSERT_TRUE(out(&r, "45.0.0.1:5000", WAN, "x", 1)); /* nobody told yet */
    tell_of(&r, NETWORKS, 2);
    CU_ASSERT_TRUE(out(&r, LAN, WAN, "x", 1) && out(&r, LAN6, WAN6, "x", 1));
    CU_ASSERT_FALSE(out(&r, "45.0.0.1:5001", WAN, "x", 1));
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_SPOOFED);
    CU_ASSERT_PTR_NULL(r.last.reply); /* it would go to who is named */
    CU_ASSERT_FALSE(out(&r, "10.1.0.0:5001", WAN, "x", 1));
    CU_ASSERT_FALSE(out(&r, "[2001:db8:2::5]:5001", WAN6, "x", 1));
    CU_ASSERT_TRUE(out(&r, "10.0.255.255:5001", WAN, "x", 1));
    CU_ASSERT_EQUAL(stats(&r).reasons[QW_REASON_SPOOFED], 3);
    CU_ASSERT_EQUAL(stats(&r).counters.flows_created, 4);
    CU_ASSERT_EQUAL(stats(&r).counters.mappings_created, config->mode == CONFIG_NAT ? 3 : 0);
    r.own = true; /* what the router sends comes by no interface */
    CU_ASSERT_TRUE(out(&r, "198.51.100.9:5001", WAN, "x", 1));
    router_stop(&r);
}

static void spoofed_sources_are_dropped(void)
{
    struct config config = router_config(CONFIG_FIREWALL);
    spoofed_in(&config);
    config = nat_config(CONFIG_ADDRESS_DEPENDENT);
    spoofed_in(&config);
}

static void routes_that_change_are_followed(void)
{
    static const char *const BEFORE[] = {"10.0.0.0/16"}, *const AFTER[] = {"10.0.0.0/24", "45.0.0.0/8"};
    struct config config = router_config(CONFIG_FIREWALL);
    struct router r = router_start(&config);
    tell_of(&r, BEFORE, 1);
    CU_ASSERT_TRUE(out(&r, "10.0.1.5:5000", WAN, "x", 1));
    tell_of(&r, AFTER, 2);
    CU_ASSERT_TRUE(out(&r, "10.0.1.5:5000", WAN, "x", 1)); /* a flow that exists goes on */
    CU_ASSERT_FALSE(out(&r, "10.0.1.5:5001", WAN, "x", 1));
    CU_ASSERT_TRUE(out(&r, "45.0.0.1:5000", WAN, "x", 1));
    tell_of(&r, NULL, 0);
    CU_ASSERT_FALSE(out(&r, LAN, WAN, "x", 1));
    router_stop(&r);
}

static void a_list_is_what_it_says(void)
{
    static const char *const NETWORKS[] = {"45.0.0.0/8"};
    struct config *config = config_with(
        "firewall",
        "inside_prefixes = [\"@lan\", \"2001:db8:1::/48\"]; groups = { lan = \"10.0.0.0/24\"; };");
    struct config *any = config_with("firewall", "inside_prefixes = \"any\";");
    struct router r = router_start(config);
    tell_of(&r, NETWORKS, 1);
    CU_ASSERT_TRUE(out(&r, LAN, WAN, "x", 1) && out(&r, LAN6, WAN6, "x", 1));
    CU_ASSERT_FALSE(out(&r, "45.0.0.1:5001", WAN, "x", 1));
    CU_ASSERT_EQUAL(engine_reload(r.engine, any, NULL), QW_OK);
    CU_ASSERT_TRUE(out(&r, "45.0.0.1:5001", WAN, "x", 1));
    router_stop(&r);
    config_free(config);
    config_free(any);
}

static void a_monitor_counts_them(void)
{
    static const char *const NETWORKS[] = {"10.0.0.0/16"};
    struct config config = router_config(CONFIG_MONITOR);
    struct engine_event event;
    uint64_t after = 0;
    struct router r = router_start(&config);
    tell_of(&r, NETWORKS, 1);
    CU_ASSERT_TRUE(out(&r, "45.0.0.1:5001", WAN, "x", 1));
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_SPOOFED);
    CU_ASSERT_EQUAL(stats(&r).counters.flows_created, 1);
    CU_ASSERT_EQUAL_FATAL(engine_events(r.engine, &after, &event, 1), 1);
    CU_ASSERT_EQUAL(event.kind, ENGINE_EVENT_SPOOFED);
    CU_ASSERT_EQUAL(event.client.port, 5001);
    router_stop(&r);
}

void suite_inside(void)
{
    static const struct test TESTS[] = {
        {"F7: spoofed sources are dropped before anything is made for them", spoofed_sources_are_dropped},
        {"F7: networks that come and go are followed; flows go on", routes_that_change_are_followed},
        {"F7: a list, groups in it, and any", a_list_is_what_it_says},
        {"F7: a monitor counts spoofed sources and drops none", a_monitor_counts_them},
    };
    TEST_SUITE("who is inside", TESTS);
}
