/* Handshakes through the whole walk. */
#include "router.h"
#include "seal.h"
#include "suite.h"
#include <quicward/quic.h>
#include <string.h>

static struct test_cid cid(uint8_t len, uint8_t fill)
{
    struct test_cid c = {.len = len};
    memset(c.bytes, fill, len);
    return c;
}

static size_t initial(uint8_t *out_, size_t size, bool from_server, uint8_t fill)
{
    static const uint8_t PING[] = {1};
    struct test_initial what = {.version = QUIC_VERSION_1, .from_server = from_server};
    what.key_dcid = cid(8, fill);
    what.dcid = from_server ? cid(4, fill) : cid(8, fill);
    what.scid = from_server ? cid(6, (uint8_t)~fill) : cid(4, fill);
    what.pn_len = 1;
    what.frames = PING;
    what.frames_len = 1;
    what.pad_to = 1200;
    return test_seal_initial(&what, out_, size);
}

/* Sends the pieces of a handshake whose names derive from `fill`; from the inside when `client_inside`. */
static void handshake(struct router *r, uint8_t fill, bool client_inside, const char *lan, const char *wan)
{
    uint8_t b[1500];
    struct test_cid client = cid(4, fill), server = cid(6, (uint8_t)~fill);
    bool (*client_sends)(struct router *, const char *, const char *, const void *, size_t) =
        client_inside ? out : in;
    bool (*server_sends)(struct router *, const char *, const char *, const void *, size_t) =
        client_inside ? in : out;
    const char *c = client_inside ? lan : wan, *s = client_inside ? wan : lan;
    client_sends(r, c, s, b, initial(b, sizeof b, false, fill));
    server_sends(r, s, c, b, initial(b, sizeof b, true, fill));
    client_sends(r, c, s, b, test_long_header(b, sizeof b, QUIC_VERSION_1, 2, &server, &client, 50));
    client_sends(r, c, s, "\x40shortshortshortshort", 21);
}

static void a_handshake_confirms(void)
{
    struct config config = router_config(CONFIG_FIREWALL);
    struct router r = router_start(&config);
    handshake(&r, 0x11, true, LAN, WAN);
    struct engine_flow flow = only_flow(&r);
    CU_ASSERT_EQUAL(flow.state, FLOW_CONFIRMED);
    CU_ASSERT_TRUE(flow.client_known);
    CU_ASSERT_EQUAL(flow.client.port, 5000);
    CU_ASSERT_EQUAL(flow.version, QUIC_VERSION_1);
    CU_ASSERT_EQUAL(flow.up.packets, 3);
    CU_ASSERT_EQUAL(flow.down.packets, 1);
    CU_ASSERT_EQUAL(stats(&r).counters.flows_confirmed, 1);
    struct engine_event event;
    uint64_t after = 0;
    CU_ASSERT_EQUAL_FATAL(engine_events(r.engine, &after, &event, 1), 1);
    CU_ASSERT_EQUAL(event.kind, ENGINE_EVENT_FLOW_CONFIRMED);
    CU_ASSERT_EQUAL(event.client.port, 5000);
    CU_ASSERT_EQUAL(event.server.port, 443);
    CU_ASSERT_EQUAL(event.flow, flow.id);
    CU_ASSERT_EQUAL(stats(&r).counters.flows_known, 1);
    router_stop(&r);
}

static void the_client_may_be_outside(void)
{
    struct config config = router_config(CONFIG_MONITOR);
    struct router r = router_start(&config);
    out(&r, LAN6, WAN6, "a hole punched first", 20);
    handshake(&r, 0x22, false, LAN6, WAN6);
    struct engine_flow flow = only_flow(&r);
    CU_ASSERT_EQUAL(flow.state, FLOW_CONFIRMED);
    CU_ASSERT_EQUAL(flow.client.port, 443);
    CU_ASSERT_EQUAL(flow.up.packets, 3);
    router_stop(&r);
}

static void idle_110_seconds(void)
{
    struct config config = router_config(CONFIG_FIREWALL);
    struct router r = router_start(&config);
    handshake(&r, 0x33, true, LAN, WAN);
    r.now.ns += 110 * SECOND;
    CU_ASSERT_TRUE(in(&r, WAN, LAN, "\x40later", 6));
    r.now.ns += 300 * SECOND - 1;
    CU_ASSERT_TRUE(in(&r, WAN, LAN, "\x40later", 6));
    router_stop(&r);
}

static void a_cid_changes_nothing(void)
{
    struct config config = router_config(CONFIG_FIREWALL);
    struct router r = router_start(&config);
    handshake(&r, 0x44, true, LAN, WAN);
    uint64_t id = only_flow(&r).id;
    for (unsigned i = 0; i < 256; i++) {
        uint8_t b[30];
        memset(b, (int)i, sizeof b);
        b[0] = 0x40;
        CU_ASSERT_TRUE(in(&r, WAN, LAN, b, sizeof b));
        CU_ASSERT_EQUAL(r.last.flow, id);
        CU_ASSERT_FALSE(in(&r, WAN, "10.0.0.5:5001", b, sizeof b)); /* the same CID elsewhere opens nothing */
    }
    router_stop(&r);
}

static void scratch_is_bounded(void)
{
    struct config config = router_config(CONFIG_FIREWALL);
    config.handshakes_max = 2;
    struct router r = router_start(&config);
    uint8_t b[1500];
    char from[40];
    for (unsigned i = 0; i < 10; i++) {
        snprintf(from, sizeof from, "10.0.0.6:%u", 1000 + i);
        CU_ASSERT_TRUE(out(&r, from, WAN, b, initial(b, sizeof b, false, (uint8_t)i)));
    }
    CU_ASSERT_EQUAL(stats(&r).counters.handshakes_displaced, 8);
    handshake(&r, 0x55, true, LAN, WAN);
    CU_ASSERT_EQUAL(stats(&r).counters.flows_confirmed, 1);
    router_stop(&r);
}

/* With room for two, a third handshake takes the scratch of the one that has been open longest. */
static void the_longest_open_handshake_is_displaced(void)
{
    struct config config = router_config(CONFIG_FIREWALL);
    config.handshakes_max = 2;
    struct router r = router_start(&config);
    uint8_t b[1500];
    struct test_cid client = cid(4, 0x72), server = cid(6, (uint8_t)~0x72);
    out(&r, "10.0.0.6:1", WAN, b, initial(b, sizeof b, false, 0x71));
    out(&r, "10.0.0.6:2", WAN, b, initial(b, sizeof b, false, 0x72));
    out(&r, "10.0.0.6:3", WAN, b, initial(b, sizeof b, false, 0x73));
    in(&r, WAN, "10.0.0.6:2", b, initial(b, sizeof b, true, 0x72));
    out(&r, "10.0.0.6:2", WAN, b, test_long_header(b, sizeof b, QUIC_VERSION_1, 2, &server, &client, 50));
    out(&r, "10.0.0.6:2", WAN, "\x40shortshortshortshort", 21);
    CU_ASSERT_EQUAL(stats(&r).counters.flows_confirmed, 1);
    router_stop(&r);
}

static void a_displaced_handshake_is_not_demoted(void)
{
    struct config config = router_config(CONFIG_FIREWALL);
    config.handshakes_max = 1;
    struct router r = router_start(&config);
    uint8_t b[1500];
    out(&r, LAN, WAN, b, initial(b, sizeof b, false, 0x71));
    in(&r, WAN, LAN, b, initial(b, sizeof b, true, 0x71));
    out(&r, "10.0.0.6:1", WAN, b, initial(b, sizeof b, false, 0x72));
    out(&r, LAN, WAN, b, initial(b, sizeof b, false, 0x73));
    struct engine_flow flows[4];
    uint64_t cursor = 0;
    CU_ASSERT_EQUAL(engine_flows(r.engine, &cursor, r.now, flows, 4), 2);
    CU_ASSERT_EQUAL(flows[0].state, FLOW_REPLIED);
    router_stop(&r);
}

static void rtp_is_left_alone(void)
{
    struct config config = router_config(CONFIG_FIREWALL);
    struct router r = router_start(&config);
    uint8_t rtp[172] = {0x80, 0x60};
    for (unsigned i = 0; i < 100; i++) {
        rtp[3] = (uint8_t)i;
        CU_ASSERT_TRUE(i % 2 ? in(&r, WAN, LAN, rtp, sizeof rtp) : out(&r, LAN, WAN, rtp, sizeof rtp));
    }
    CU_ASSERT_EQUAL(only_flow(&r).state, FLOW_TWO_WAY);
    handshake(&r, 0x66, true, LAN, WAN); /* and QUIC on the same ports is still seen (RFC 9443) */
    CU_ASSERT_EQUAL(only_flow(&r).state, FLOW_CONFIRMED);
    router_stop(&r);
}

static void a_flow_seen_from_its_middle(void)
{
    struct config config = router_config(CONFIG_FIREWALL);
    struct router r = router_start(&config);
    CU_ASSERT_TRUE(out(&r, LAN, WAN, "\x40mid", 4));
    CU_ASSERT_EQUAL(only_flow(&r).state, FLOW_ONE_WAY);
    CU_ASSERT_TRUE(in(&r, WAN, LAN, "\x40mid", 4));
    struct engine_flow flow = only_flow(&r);
    CU_ASSERT_EQUAL(flow.state, FLOW_TWO_WAY);
    CU_ASSERT_FALSE(flow.client_known);
    CU_ASSERT_EQUAL(flow.expires_ms, 300000);
    router_stop(&r);
}

void suite_handshake(void)
{
    static const struct test TESTS[] = {
        {"C1 C2 O3: a handshake confirms its flow", a_handshake_confirms},
        {"C2: the client may be outside", the_client_may_be_outside},
        {"T1 T5: a confirmed flow idle for 110 s and 300 s", idle_110_seconds},
        {"C9 C8: no connection ID opens or closes anything", a_cid_changes_nothing},
        {"S3: handshake scratch is bounded, and a newer handshake gets it", scratch_is_bounded},
        {"S3: the handshake that has been open longest is displaced",
         the_longest_open_handshake_is_displaced},
        {"C8: a displaced handshake demotes nothing", a_displaced_handshake_is_not_demoted},
        {"W7: RTP is left alone, QUIC beside it is not", rtp_is_left_alone},
        {"C7: a flow seen from its middle is two-way UDP with the same timer", a_flow_seen_from_its_middle},
    };
    TEST_SUITE("handshake", TESTS);
}
