/* What passes and what does not, and how long. */
#include "packets.h"
#include "router.h"
#include "suite.h"
#include <string.h>

static struct router firewall(void)
{
    struct config config = router_config(CONFIG_FIREWALL);
    return router_start(&config);
}

static void unsolicited_stays_out(void)
{
    struct router r = firewall();
    CU_ASSERT_FALSE(in(&r, WAN, LAN, "x", 1));
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_UNSOLICITED);
    CU_ASSERT_FALSE(in(&r, WAN6, LAN6, "x", 1));
    CU_ASSERT_EQUAL(stats(&r).reasons[QW_REASON_UNSOLICITED], 2);
    CU_ASSERT_EQUAL(stats(&r).counters.flows_created, 0);
    router_stop(&r);
}

static void answers_come_in(void)
{
    struct router r = firewall();
    CU_ASSERT_TRUE(out(&r, LAN, WAN, "x", 1));
    CU_ASSERT_TRUE(in(&r, WAN, LAN, "y", 1));
    CU_ASSERT_FALSE(in(&r, "192.0.2.1:444", LAN, "y", 1));
    CU_ASSERT_FALSE(in(&r, "192.0.2.2:443", LAN, "y", 1));
    CU_ASSERT_FALSE(in(&r, WAN, "10.0.0.5:5001", "y", 1));
    CU_ASSERT_EQUAL(only_flow(&r).state, FLOW_TWO_WAY);
    CU_ASSERT_TRUE(out(&r, LAN6, WAN6, "x", 1));
    CU_ASSERT_TRUE(in(&r, WAN6, LAN6, "y", 1));
    router_stop(&r);
}

static void a_short_exchange_lives_as_long(void)
{
    struct router r = firewall();
    out(&r, LAN, WAN, "x", 1);
    r.now.ns += 50 * QW_NS_PER_MS;
    in(&r, WAN, LAN, "y", 1);
    r.now.ns += 300 * SECOND - 1;
    CU_ASSERT_TRUE(in(&r, WAN, LAN, "y", 1));
    r.now.ns += 300 * SECOND;
    CU_ASSERT_FALSE(in(&r, WAN, LAN, "y", 1));
    router_stop(&r);
}

static void an_unanswered_attempt_waits_two_minutes(void)
{
    struct router r = firewall();
    out(&r, LAN, WAN, "x", 1);
    r.now.ns += 120 * SECOND - 1;
    CU_ASSERT_TRUE(in(&r, WAN, LAN, "y", 1));
    router_stop(&r);
    r = firewall();
    out(&r, LAN, WAN, "x", 1);
    r.now.ns += 120 * SECOND;
    CU_ASSERT_FALSE(in(&r, WAN, LAN, "y", 1));
    router_stop(&r);
}

static void both_sides_refresh(void)
{
    struct router r = firewall();
    out(&r, LAN, WAN, "x", 1);
    for (int i = 0; i < 20; i++) {
        r.now.ns += 250 * SECOND;
        CU_ASSERT_EQUAL(in(&r, WAN, LAN, "y", 1), false); /* unanswered: 120 s */
        out(&r, LAN, WAN, "x", 1);
    }
    in(&r, WAN, LAN, "y", 1);
    for (int i = 0; i < 20; i++) {
        r.now.ns += 250 * SECOND;
        CU_ASSERT_TRUE(in(&r, WAN, LAN, "y", 1));
    }
    router_stop(&r);
}

static void the_outside_does_not_keep_an_attempt_alive(void)
{
    struct config config = router_config(CONFIG_MONITOR);
    struct router r = router_start(&config);
    in(&r, WAN, LAN, "x", 1);
    r.now.ns += 100 * SECOND;
    in(&r, WAN, LAN, "x", 1);
    CU_ASSERT_EQUAL(only_flow(&r).idle_ms, 100000);
    router_stop(&r);
}

static void monitor_drops_nothing(void)
{
    struct config config = router_config(CONFIG_MONITOR);
    config.flows_max = 1;
    struct router r = router_start(&config);
    CU_ASSERT_TRUE(in(&r, WAN, LAN, "x", 1));
    CU_ASSERT_TRUE(out(&r, LAN, WAN, "x", 1));
    CU_ASSERT_TRUE(in(&r, WAN, LAN, "x", 1));
    CU_ASSERT_TRUE(in(&r, WAN6, LAN6, "x", 1)); /* no room: counted only */
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_TABLE_FULL);
    CU_ASSERT_TRUE(raw(&r, ENGINE_OUTSIDE, (const uint8_t *)"\x45", 1));
    CU_ASSERT_EQUAL(stats(&r).reasons[QW_REASON_MALFORMED], 1);
    CU_ASSERT_EQUAL(stats(&r).counters.dropped, 0);
    router_stop(&r);
}

static void fragments_are_not_guessed(void)
{
    struct router r = firewall();
    uint8_t packet[128];
    size_t len = test_udp(packet, sizeof packet, LAN, WAN, "payload", 7);
    CU_ASSERT_TRUE(raw(&r, ENGINE_INSIDE, packet, len));
    packet[6] = 0x20; /* more to come */
    CU_ASSERT_FALSE(raw(&r, ENGINE_INSIDE, packet, len));
    packet[6] = 0x00;
    packet[7] = 0x10; /* a later piece */
    CU_ASSERT_FALSE(raw(&r, ENGINE_INSIDE, packet, len));
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_FRAGMENT);
    packet[9] = 6; /* TCP is not ours, in pieces or whole */
    CU_ASSERT_TRUE(raw(&r, ENGINE_INSIDE, packet, len));
    router_stop(&r);
}

static void other_protocols_pass(void)
{
    struct router r = firewall();
    uint8_t packet[128];
    size_t len = test_udp(packet, sizeof packet, WAN, LAN, "payload", 7);
    packet[9] = 6; /* TCP */
    CU_ASSERT_TRUE(raw(&r, ENGINE_OUTSIDE, packet, len));
    CU_ASSERT_EQUAL(r.last.flow, 0);
    router_stop(&r);
}

static void packets_are_never_written(void)
{
    struct router r = firewall();
    uint8_t packet[256], before[256];
    for (int ecn = 0; ecn < 256; ecn++) {
        size_t len = test_udp(packet, sizeof packet, LAN, WAN, "payload", 7);
        packet[1] = (uint8_t)ecn;
        memcpy(before, packet, sizeof packet);
        raw(&r, ENGINE_INSIDE, packet, len);
        CU_ASSERT_EQUAL(memcmp(before, packet, len), 0);
    }
    CU_ASSERT_EQUAL(only_flow(&r).up.ce, 64);
    CU_ASSERT_EQUAL(only_flow(&r).up.packets, 256);
    CU_ASSERT_EQUAL(only_flow(&r).up.bytes, 256 * 35);
    router_stop(&r);
}

void suite_firewall(void)
{
    static const struct test TESTS[] = {
        {"F3: unsolicited UDP stays out and leaves nothing behind", unsolicited_stays_out},
        {"F3: answers come in, from that endpoint to that endpoint only", answers_come_in},
        {"T5 T1: an exchange of 50 ms lives 300 s", a_short_exchange_lives_as_long},
        {"T1: an unanswered attempt lives 120 s", an_unanswered_attempt_waits_two_minutes},
        {"T2: both sides refresh a two-way flow, only the inside an attempt", both_sides_refresh},
        {"T2: the outside does not refresh an attempt", the_outside_does_not_keep_an_attempt_alive},
        {"F3: monitor mode drops nothing", monitor_drops_nothing},
        {"fragments the kernel left are dropped by name", fragments_are_not_guessed},
        {"W7: what is not UDP passes", other_protocols_pass},
        {"W6 F6 O3: packets are not written; packets, bytes and CE are counted", packets_are_never_written},
    };
    TEST_SUITE("firewall", TESTS);
}
