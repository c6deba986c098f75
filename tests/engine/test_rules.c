/* Rules in the walk; what they match is tests/policy's business. */
#include "client.h"
#include "suite.h"
#include <string.h>

static void the_first_packet_decides_for_good(void)
{
    struct router r = router_with("");
    CU_ASSERT_TRUE(out(&r, LAN, WAN, "x", 1));
    CU_ASSERT_EQUAL(reload_with(&r, "default_out = \"drop\";"), QW_OK);
    CU_ASSERT_TRUE(out(&r, LAN, WAN, "x", 1));
    CU_ASSERT_TRUE(in(&r, WAN, LAN, "x", 1));
    CU_ASSERT_FALSE(out(&r, "10.0.0.5:5001", WAN, "x", 1));
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_DEFAULT);
    CU_ASSERT_EQUAL(stats(&r).counters.flows_created, 1);
    router_stop(&r);
}

static void rules_let_the_outside_in(void)
{
    struct router r =
        router_with("rules = ({ name = \"server\"; direction = \"in\"; to = \"10.0.0.5\"; to_port = 5000; "
                    "action = \"accept\"; });");
    CU_ASSERT_TRUE(in(&r, WAN, LAN, "x", 1));
    CU_ASSERT_TRUE(out(&r, LAN, WAN, "x", 1));
    CU_ASSERT_STRING_EQUAL(only_flow(&r).rule, "server");
    CU_ASSERT_FALSE(in(&r, WAN, "10.0.0.6:5000", "x", 1));
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_UNSOLICITED);
    router_stop(&r);
}

static void names_guard_a_server_inside(void)
{
    struct router r = router_with(
        "rules = ({ name = \"www\"; direction = \"in\"; sni = \"www.test\"; action = \"accept\"; });");
    struct client c = client_of("www.test", 1, 2400), other = client_of("other.test", 2, 0);
    c.from = other.from = WAN;
    c.to = other.to = LAN;
    c.side = other.side = ENGINE_OUTSIDE;
    CU_ASSERT_EQUAL(client_sends_all(&r, &other), ENGINE_DROP);
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_UNSOLICITED);
    CU_ASSERT_EQUAL(client_sends(&r, &c, 1200, 2400), ENGINE_HOLD);
    CU_ASSERT_TRUE(out(&r, LAN, WAN, "x", 1)); /* the inside is not bound by what the outside began */
    CU_ASSERT_STRING_EQUAL(released(&r), "");  /* nor does it decide that */
    CU_ASSERT_EQUAL(only_flow(&r).up.packets,
                    1); /* and the handshake still tells that the client is outside */
    CU_ASSERT_EQUAL(client_sends_all(&r, &other), ENGINE_DROP);
    CU_ASSERT_EQUAL(client_sends(&r, &c, 0, 1200), ENGINE_ACCEPT);
    CU_ASSERT_STRING_EQUAL(released(&r), "a2");
    router_stop(&r);
}

static void quic_can_be_blocked_whole(void)
{
    struct router r = router_with("quic = \"block\";");
    struct client c = client_of("www.example.org", 1, 0);
    CU_ASSERT_EQUAL(client_sends_all(&r, &c), ENGINE_DROP);
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_QUIC_BLOCKED);
    CU_ASSERT_PTR_NOT_NULL(r.last.reply);
    CU_ASSERT_EQUAL(client_sends_zero_rtt(&r, &c), ENGINE_DROP);
    CU_ASSERT_TRUE(out(&r, LAN, WAN, "no quic", 7));
    router_stop(&r);
}

/* A DNS query's ID, flags and counts: half of them have the form bit and what could be a version. */
static void dns_is_not_blocked_with_quic(void)
{
    struct router r = router_with("quic = \"block\";");
    uint8_t query[45] = {0, 0,   0x01, 0x20, 0,   1,   0,   0,   0, 0,   0,   1,
                         7, 'e', 'x',  'a',  'm', 'p', 'l', 'e', 3, 'o', 'r', 'g'};
    for (unsigned id = 0; id < 65536; id += 37) {
        query[0] = (uint8_t)(id >> 8);
        query[1] = (uint8_t)id;
        CU_ASSERT_TRUE_FATAL(out(&r, LAN, "192.0.2.1:53", query, sizeof query));
    }
    router_stop(&r);
}

static void quic_of_other_versions_is_blocked_too(void)
{
    struct router r = router_with("quic = \"block\";");
    uint8_t first[1200] = {0xc0, 0x1a, 0x2a, 0x3a, 0x4a, 8};
    CU_ASSERT_FALSE(out(&r, LAN, WAN, first, sizeof first));
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_QUIC_BLOCKED);
    CU_ASSERT_TRUE(out(&r, "10.0.0.5:5001", WAN, first, sizeof first - 1));
    memcpy(first + 1, "Q046", 4);
    CU_ASSERT_TRUE(out(&r, "10.0.0.5:5002", WAN, first, sizeof first));
    router_stop(&r);
}

static void quic_can_be_left_unread(void)
{
    struct router r =
        router_with("quic = \"bypass\";"
                    "rules = ({ name = \"ads\"; sni = \"blocked.test\"; action = \"drop\"; });");
    struct client c = client_of("blocked.test", 1, 0);
    CU_ASSERT_EQUAL(client_sends_all(&r, &c), ENGINE_ACCEPT);
    struct engine_flow flow = only_flow(&r);
    CU_ASSERT_EQUAL(flow.state, FLOW_ONE_WAY);
    CU_ASSERT_FALSE(flow.hello.known);
    CU_ASSERT_EQUAL(stats(&r).counters.hellos, 0);
    router_stop(&r);
}

static void misshapen_initials_can_be_kept_from_servers(void)
{
    struct router r = router_with(
        "default_in = \"accept\"; rules = ({ name = \"shape\"; direction = \"in\"; to = \"10.0.0.5\";"
        "misshapen = true; action = \"drop\"; });");
    struct client c = client_of("www.test", 1, 0);
    c.from = WAN;
    c.to = LAN;
    c.side = ENGINE_OUTSIDE;
    uint8_t small[1200] = {0xc0, 0, 0, 0, 1, 8};
    CU_ASSERT_FALSE(in(&r, WAN, LAN, small, 1199));
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_RULE);
    CU_ASSERT_FALSE(in(&r, WAN, LAN, small, 1200)); /* a Length of 0 */
    small[0] = 0x80;                                /* whatever the fixed bit */
    CU_ASSERT_FALSE(in(&r, WAN, LAN, small, 1200));
    CU_ASSERT_TRUE(in(&r, WAN, "10.0.0.6:443", small, 1199));
    small[4] = 3; /* another version has its own sizes */
    CU_ASSERT_TRUE(in(&r, WAN, "10.0.0.5:443", small, 1199));
    CU_ASSERT_EQUAL(client_sends_all(&r, &c), ENGINE_ACCEPT);
    router_stop(&r);
}

static void monitor_mode_says_what_would_be(void)
{
    struct router r = router_with("");
    router_stop(&r);
    struct config config = router_config(CONFIG_MONITOR);
    config.default_out = CONFIG_DROP;
    r = router_start(&config);
    CU_ASSERT_TRUE(out(&r, LAN, WAN, "x", 1));
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_DEFAULT);
    CU_ASSERT_TRUE(out(&r, LAN, WAN, "x", 1));
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_NONE);
    CU_ASSERT_TRUE(in(&r, WAN6, LAN6, "x", 1));
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_UNSOLICITED);
    CU_ASSERT_EQUAL(stats(&r).counters.dropped, 0);
    router_stop(&r);
}

static void rules_are_counted_and_named(void)
{
    static const char RULES[] = "rules = ({ name = \"dns\"; to_port = 53; action = \"drop\"; },"
                                "{ name = \"web\"; to_port = 443; action = \"accept\"; });";
    struct router r = router_with(RULES);
    struct engine_rule rule;
    out(&r, LAN, WAN, "x", 1);
    out(&r, LAN, WAN, "x", 1);
    out(&r, LAN, "192.0.2.1:53", "x", 1);
    CU_ASSERT_TRUE(engine_rule(r.engine, 0, &rule));
    CU_ASSERT_STRING_EQUAL(rule.name, "dns");
    CU_ASSERT_EQUAL(rule.hits, 1);
    CU_ASSERT_TRUE(engine_rule(r.engine, 1, &rule));
    CU_ASSERT_EQUAL(rule.hits, 1);
    CU_ASSERT_TRUE(engine_rule(r.engine, 2, &rule));
    CU_ASSERT_STRING_EQUAL(rule.name, "default");
    CU_ASSERT_FALSE(engine_rule(r.engine, 3, &rule));
    CU_ASSERT_EQUAL(reload_with(&r, "rules = ({ name = \"other\"; to_port = 1; action = \"drop\"; },"
                                    "{ name = \"dns\"; to_port = 53; action = \"drop\"; });"),
                    QW_OK);
    CU_ASSERT_TRUE(engine_rule(r.engine, 1, &rule));
    CU_ASSERT_EQUAL(rule.hits, 1);                     /* by name */
    CU_ASSERT_STRING_EQUAL(only_flow(&r).rule, "web"); /* though it is gone */
    router_stop(&r);
}

void suite_rules(void)
{
    static const struct test TESTS[] = {
        {"F1 S2: the first packet decides for good, also across a reload", the_first_packet_decides_for_good},
        {"F2 F3: a rule lets the outside in", rules_let_the_outside_in},
        {"F2 F5: a server inside guarded by name; the inside stays free", names_guard_a_server_inside},
        {"F2: quic = block refuses QUIC only", quic_can_be_blocked_whole},
        {"W7 F2: DNS is not blocked with QUIC, whatever its ID", dns_is_not_blocked_with_quic},
        {"F2 W1: the first datagrams of other versions are QUIC", quic_of_other_versions_is_blocked_too},
        {"F2: quic = bypass reads nothing", quic_can_be_left_unread},
        {"F4: misshapen Initials can be kept from named servers, and are not by default",
         misshapen_initials_can_be_kept_from_servers},
        {"F3: monitor mode says what firewall mode would have dropped", monitor_mode_says_what_would_be},
        {"F2: rules are counted, and keep counts and names across a reload", rules_are_counted_and_named},
    };
    TEST_SUITE("rules", TESTS);
}
