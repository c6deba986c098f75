#include "packets.h"
#include "router.h"
#include "suite.h"

enum { V4_UNREACHABLE = 3, V6_TOO_BIG = 2 };

static bool error_in(struct router *r, const char *router, uint8_t type, const char *from, const char *to)
{
    uint8_t packet[256], error[512];
    size_t len = test_udp(packet, sizeof packet, from, to, "payload", 7);
    size_t size = test_icmp_error(error, sizeof error, router, type, 0, 1280, packet, len, len);
    return raw(r, ENGINE_OUTSIDE, error, size);
}

static struct router firewall(void)
{
    struct config config = router_config(CONFIG_FIREWALL);
    return router_start(&config);
}

static void related_errors_pass(void)
{
    struct router r = firewall();
    out(&r, LAN, WAN, "x", 1);
    uint64_t id = only_flow(&r).id;
    CU_ASSERT_TRUE(error_in(&r, "198.51.100.7", V4_UNREACHABLE, LAN, WAN));
    CU_ASSERT_EQUAL(r.last.flow, id);
    out(&r, LAN6, WAN6, "x", 1);
    CU_ASSERT_TRUE(error_in(&r, "2001:db8:3::1", V6_TOO_BIG, LAN6, WAN6));
    router_stop(&r);
}

static void unrelated_errors_stay_out(void)
{
    struct router r = firewall();
    CU_ASSERT_FALSE(error_in(&r, "198.51.100.7", V4_UNREACHABLE, LAN, WAN));
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_UNSOLICITED_ICMP);
    out(&r, LAN, WAN, "x", 1);
    CU_ASSERT_FALSE(error_in(&r, "198.51.100.7", V4_UNREACHABLE, WAN, LAN)); /* not sent by the inside */
    CU_ASSERT_FALSE(error_in(&r, "198.51.100.7", V4_UNREACHABLE, "10.0.0.5:5001", WAN));
    router_stop(&r);
}

static void an_error_changes_no_flow(void)
{
    struct router r = firewall();
    out(&r, LAN, WAN, "x", 1);
    r.now.ns += 100 * SECOND;
    error_in(&r, "198.51.100.7", V4_UNREACHABLE, LAN, WAN);
    struct engine_flow flow = only_flow(&r);
    CU_ASSERT_EQUAL(flow.idle_ms, 100000);
    CU_ASSERT_EQUAL(flow.state, FLOW_ONE_WAY);
    CU_ASSERT_EQUAL(flow.down.packets, 0);
    router_stop(&r);
}

static void errors_about_other_protocols_are_not_ours(void)
{
    struct router r = firewall();
    uint8_t packet[256], error[512];
    size_t len = test_udp(packet, sizeof packet, LAN, WAN, "payload", 7);
    packet[9] = 6; /* TCP */
    size_t size = test_icmp_error(error, sizeof error, "198.51.100.7", 3, 1, 0, packet, len, len);
    CU_ASSERT_TRUE(raw(&r, ENGINE_OUTSIDE, error, size));
    router_stop(&r);
}

static size_t cut_error(uint8_t *error, size_t size, uint8_t type, const char *from, const char *to,
                        size_t quoted)
{
    uint8_t packet[256];
    size_t len = test_udp(packet, sizeof packet, from, to, "payload", 7);
    return test_icmp_error(error, size, from[0] == '[' ? "2001:db8:3::1" : "198.51.100.7", type, 0, 1280,
                           packet, len, quoted);
}

static void errors_that_show_no_ports_stay_out(void)
{
    struct router r = firewall();
    uint8_t error[512];
    out(&r, LAN, WAN, "x", 1);
    out(&r, LAN6, WAN6, "x", 1);
    for (size_t quoted = 0; quoted <= 48; quoted++) {
        size_t size = cut_error(error, sizeof error, 3, LAN, WAN, quoted <= 35 ? quoted : 35);
        CU_ASSERT_EQUAL(raw(&r, ENGINE_OUTSIDE, error, size), quoted >= 24);
        size = cut_error(error, sizeof error, 2, LAN6, WAN6, quoted);
        CU_ASSERT_EQUAL(raw(&r, ENGINE_OUTSIDE, error, size), quoted >= 44);
    }
    router_stop(&r);
}

static void unknown_errors_need_a_flow_too(void)
{
    struct router r = firewall();
    uint8_t error[512];
    out(&r, LAN6, WAN6, "x", 1);
    for (unsigned type = 0; type < 256; type++) {
        size_t size = cut_error(error, sizeof error, (uint8_t)type, LAN6, WAN6, 55);
        CU_ASSERT_TRUE(raw(&r, ENGINE_OUTSIDE, error, size));
        size = cut_error(error, sizeof error, (uint8_t)type, "[2001:db8:1::5]:5001", WAN6, 55);
        CU_ASSERT_EQUAL(raw(&r, ENGINE_OUTSIDE, error, size), type >= 128);
    }
    router_stop(&r);
}

void suite_icmp(void)
{
    static const struct test TESTS[] = {
        {"M5 F3: errors about a known flow come in", related_errors_pass},
        {"F3: errors about no flow, or the wrong direction of one, stay out", unrelated_errors_stay_out},
        {"C8: an error restarts no timer and changes no state", an_error_changes_no_flow},
        {"F3: errors that show no ports stay out", errors_that_show_no_ports_stay_out},
        {"F3: ICMPv6 errors of unknown types need a flow as well", unknown_errors_need_a_flow_too},
        {"W7: errors about other protocols pass", errors_about_other_protocols_are_not_ours},
    };
    TEST_SUITE("ICMP errors", TESTS);
}
