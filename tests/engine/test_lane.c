/* Which packets get a turn first while more come than can be judged. */
#include "nat_router.h"
#include "packets.h"
#include "suite.h"
#include <string.h>

/* The lane that a packet would have; it does not come. */
static enum engine_lane lane(struct router *r, enum engine_origin from, const char *src, const char *dst,
                             uint64_t *number)
{
    uint8_t bytes[256];
    size_t len = test_udp(bytes, sizeof bytes, src, dst, "payload", 7);
    struct engine_packet packet = {.data = bytes, .captured = len, .wire_len = (uint32_t)len, .from = from};
    engine_expect(r->worker, &packet, 1);
    return engine_lane_of(r->worker, 0, from == ENGINE_INSIDE, r->now, number);
}

static enum engine_lane from_inside(struct router *r, const char *src, const char *dst)
{
    uint64_t number;
    return lane(r, ENGINE_INSIDE, src, dst, &number);
}

static enum engine_lane from_outside(struct router *r, const char *src, const char *dst)
{
    uint64_t number;
    return lane(r, ENGINE_OUTSIDE, src, dst, &number);
}

static void begun_inside(const char *client, const char *server)
{
    struct config config = router_config(CONFIG_FIREWALL);
    struct router r = router_start(&config);
    CU_ASSERT_EQUAL(from_inside(&r, client, server), ENGINE_LANE_INSIDE);
    CU_ASSERT_EQUAL(from_outside(&r, server, client), ENGINE_LANE_OUTSIDE);
    CU_ASSERT_TRUE(out(&r, client, server, "x", 1));
    CU_ASSERT_EQUAL(from_inside(&r, client, server), ENGINE_LANE_INSIDE); /* nobody answered yet */
    CU_ASSERT_EQUAL(from_outside(&r, server, client), ENGINE_LANE_KNOWN); /* the answer */
    CU_ASSERT_TRUE(in(&r, server, client, "x", 1));
    CU_ASSERT_EQUAL(from_inside(&r, client, server), ENGINE_LANE_KNOWN);
    CU_ASSERT_EQUAL(stats(&r).counters.packets, 2); /* who is only asked for is not counted */
    r.now.ns += 1000 * SECOND;
    CU_ASSERT_EQUAL(from_outside(&r, server, client), ENGINE_LANE_OUTSIDE);
    CU_ASSERT_EQUAL(from_inside(&r, client, server), ENGINE_LANE_INSIDE);
    router_stop(&r);
}

static void begun_outside(const char *client, const char *server)
{
    struct config config = router_config(CONFIG_FIREWALL);
    config.default_in = CONFIG_ACCEPT;
    struct router r = router_start(&config);
    CU_ASSERT_EQUAL(from_outside(&r, client, server), ENGINE_LANE_OUTSIDE);
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_TRUE(in(&r, client, server, "x", 1));
        CU_ASSERT_EQUAL(from_outside(&r, client, server), ENGINE_LANE_OUTSIDE);
    }
    CU_ASSERT_EQUAL(from_inside(&r, server, client), ENGINE_LANE_KNOWN);
    CU_ASSERT_TRUE(out(&r, server, client, "x", 1));
    CU_ASSERT_EQUAL(from_outside(&r, client, server), ENGINE_LANE_KNOWN);
    router_stop(&r);
}

static void answered_flows_are_known(void)
{
    begun_inside(LAN, WAN);
    begun_inside(LAN6, WAN6);
    begun_outside(WAN, LAN);
    begun_outside(WAN6, LAN6);
}

/* By the flow that the external endpoint stands for; a port that nobody has is nobody's. */
static void with_translation(void)
{
    struct config config = nat_config(CONFIG_ENDPOINT_INDEPENDENT);
    struct router r = router_start(&config);
    char external[QW_ENDPOINT_TEXT_MAX];
    leave(&r, LAN, WAN, external);
    CU_ASSERT_EQUAL(from_outside(&r, WAN, external), ENGINE_LANE_KNOWN);
    CU_ASSERT_EQUAL(from_outside(&r, WAN_OTHER, external), ENGINE_LANE_OUTSIDE);
    CU_ASSERT_EQUAL(from_outside(&r, WAN, EXTERNAL ":9"), ENGINE_LANE_OUTSIDE);
    CU_ASSERT_EQUAL(from_inside(&r, LAN2, WAN), ENGINE_LANE_INSIDE);
    router_stop(&r);
}

/* An address or a /64 inside, a /24 or a /48 outside. */
static void sources(void)
{
    static const struct {
        enum engine_origin from;
        const char *one, *other;
        bool same;
    } PAIRS[] = {
        {ENGINE_INSIDE, "10.0.0.5:1", "10.0.0.5:2", true},
        {ENGINE_INSIDE, "10.0.0.5:1", "10.0.0.6:1", false},
        {ENGINE_INSIDE, "[2001:db8::1]:1", "[2001:db8::2]:2", true},
        {ENGINE_INSIDE, "[2001:db8::1]:1", "[2001:db8:0:1::1]:1", false},
        {ENGINE_OUTSIDE, "192.0.2.1:1", "192.0.2.9:2", true},
        {ENGINE_OUTSIDE, "192.0.2.1:1", "192.0.3.1:1", false},
        {ENGINE_OUTSIDE, "[2001:db8::1]:1", "[2001:db8:0:1::1]:1", true},
        {ENGINE_OUTSIDE, "[2001:db8::1]:1", "[2001:db8:1::1]:1", false},
    };
    struct config config = router_config(CONFIG_FIREWALL);
    struct router r = router_start(&config);
    for (size_t i = 0; i < sizeof PAIRS / sizeof PAIRS[0]; i++) {
        const char *to = PAIRS[i].one[0] == '[' ? WAN6 : WAN;
        uint64_t one, other;
        lane(&r, PAIRS[i].from, PAIRS[i].one, to, &one);
        lane(&r, PAIRS[i].from, PAIRS[i].other, to, &other);
        CU_ASSERT_EQUAL(one == other, PAIRS[i].same);
    }
    router_stop(&r);
}

/* An ICMP error may quote anything; what cannot be read, and what nobody told of, is of no flow. */
static void other_packets(void)
{
    struct config config = router_config(CONFIG_FIREWALL);
    struct router r = router_start(&config);
    uint8_t packet[256], error[256];
    uint64_t number;
    size_t len = test_udp(packet, sizeof packet, LAN, WAN, "payload", 7);
    size_t error_len = test_icmp_error(error, sizeof error, "192.0.2.1", 3, 3, 0, packet, len, len);
    struct engine_packet told[] = {
        {.data = error, .captured = error_len, .wire_len = (uint32_t)error_len},
        {.data = packet, .captured = 9, .wire_len = 9},
    };
    engine_expect(r.worker, told, 2);
    CU_ASSERT_EQUAL(engine_lane_of(r.worker, 0, true, r.now, &number), ENGINE_LANE_KNOWN);
    CU_ASSERT_EQUAL(engine_lane_of(r.worker, 0, false, r.now, &number), ENGINE_LANE_OUTSIDE);
    CU_ASSERT_EQUAL(engine_lane_of(r.worker, 1, true, r.now, &number), ENGINE_LANE_INSIDE);
    CU_ASSERT_EQUAL(engine_lane_of(r.worker, 1, false, r.now, &number), ENGINE_LANE_OUTSIDE);
    CU_ASSERT_EQUAL(engine_lane_of(r.worker, 2, false, r.now, &number), ENGINE_LANE_OUTSIDE);
    CU_ASSERT_EQUAL(engine_lane_of(r.worker, UINT32_MAX, true, r.now, &number), ENGINE_LANE_INSIDE);
    router_stop(&r);
}

/* What was told of the others still holds. */
static void one_is_passed_over(void)
{
    struct config config = router_config(CONFIG_FIREWALL);
    struct router r = router_start(&config);
    uint8_t bytes[3][128];
    struct engine_packet packets[3];
    struct engine_verdict verdict;
    for (unsigned i = 0; i < 3; i++) {
        size_t len = test_udp(bytes[i], sizeof bytes[i], LAN, WAN, "payload", 7);
        packets[i] = (struct engine_packet){.data = bytes[i],
                                            .captured = len,
                                            .wire_len = (uint32_t)len,
                                            .from = ENGINE_INSIDE,
                                            .from_interface = "lan0",
                                            .to_interface = "wan0"};
    }
    engine_expect(r.worker, packets, 3);
    engine_handle(r.worker, &packets[0], r.now, &verdict);
    engine_pass_over(r.worker);
    engine_handle(r.worker, &packets[2], r.now, &verdict);
    CU_ASSERT_EQUAL(verdict.action, ENGINE_ACCEPT);
    CU_ASSERT_EQUAL(only_flow(&r).up.packets, 2);
    router_stop(&r);
}

void suite_lane(void)
{
    static const struct test TESTS[] = {
        {"S3: a flow that was answered is known, in both families and directions", answered_flows_are_known},
        {"S3 N1: likewise behind a translation", with_translation},
        {"S3: a source is an address or a /64 inside, a /24 or a /48 outside", sources},
        {"S3: errors, damaged packets and those that nobody told of", other_packets},
        {"S3: a packet that does not come", one_is_passed_over},
    };
    TEST_SUITE("lane", TESTS);
}
