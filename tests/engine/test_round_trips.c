/* The engine measures what passes it: the record of a flow begins, counts and ends with it. */
#include "attempts.h"
#include "packets.h"
#include "router.h"
#include "suite.h"
#include <string.h>

static void expect_none(struct router *r)
{
    struct engine_flow flow = only_flow(r);
    CU_ASSERT_EQUAL(flow.rtt.client_us, 0);
    CU_ASSERT_EQUAL(flow.rtt.server_us, 0);
    CU_ASSERT_EQUAL(flow.rtt.spin.confidence, MEASURE_NONE);
}

static void both_ways(void)
{
    struct config config = router_config(CONFIG_FIREWALL);
    struct router r = router_start(&config);
    shake_hands(&r, LAN);
    both_spin(&r, LAN, 8);
    struct engine_flow flow = only_flow(&r);
    CU_ASSERT_EQUAL(flow.rtt.client_us, 20000);
    CU_ASSERT_EQUAL(flow.rtt.server_us, 80000);
    CU_ASSERT_EQUAL(flow.rtt.handshake_us, 100000);
    CU_ASSERT_EQUAL(flow.rtt.spin.confidence, MEASURE_HIGH);
    CU_ASSERT(flow.rtt.spin.rtt_us > 95000 && flow.rtt.spin.rtt_us < 105000);
    router_stop(&r);
}

static void next_flow(void)
{
    struct config config = router_config(CONFIG_FIREWALL);
    config.flows_max = 1;
    struct router r = router_start(&config);
    shake_hands(&r, LAN);
    both_spin(&r, LAN, 8);
    r.now.ns += 3600 * SECOND;
    out(&r, "10.0.0.6:5000", WAN, "\x40 no QUIC", 9);
    expect_none(&r);
    CU_ASSERT_EQUAL(only_flow(&r).up.ect1, 0);
    router_stop(&r);
}

static uint64_t values(const struct engine_histogram *histogram)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i <= ENGINE_RTT_BOUNDS; i++)
        sum += histogram->counts[i];
    return sum;
}

static void sums(void)
{
    struct config config = router_config(CONFIG_FIREWALL);
    struct router r = router_start(&config);
    struct engine_measured measured;
    shake_hands(&r, LAN);
    engine_measured(r.engine, &measured);
    CU_ASSERT_EQUAL(values(&measured.handshake_rtt), 1);
    CU_ASSERT_EQUAL(measured.handshake_rtt.sum_us, 100000);
    CU_ASSERT_EQUAL(measured.handshake_rtt.counts[7], 1); /* above 80 ms, up to 160 */
    CU_ASSERT_EQUAL(values(&measured.spin_rtt), 0);
    both_spin(&r, LAN, 50); /* 10 seconds: the first figures are not believed yet */
    engine_measured(r.engine, &measured);
    CU_ASSERT(values(&measured.spin_rtt) >= 7 && values(&measured.spin_rtt) <= 10);
    CU_ASSERT_EQUAL(measured.spin_rtt.counts[7], values(&measured.spin_rtt));
    CU_ASSERT_EQUAL(values(&measured.handshake_rtt), 1);
    router_stop(&r);
}

static void unconfirmed(void)
{
    struct router r = router_with("rules = ( { name = \"no\"; to_port = 444; action = \"drop\"; } );");
    struct client client = client_of("www.example.org", 1, 600),
                  refused = client_of("www.example.org", 2, 600);
    struct engine_measured measured;
    refused.to = "192.0.2.1:444";
    client_sends_all(&r, &client);
    client_sends_all(&r, &refused);
    r.now.ns += 3600 * SECOND;
    engine_tick(r.worker, r.now, 100);
    engine_measured(r.engine, &measured);
    CU_ASSERT_EQUAL(measured.handshakes[ENGINE_VERSION_V1][ENGINE_OUTCOME_UNCONFIRMED], 1);
    CU_ASSERT_EQUAL(measured.handshakes[ENGINE_VERSION_V1][ENGINE_OUTCOME_REFUSED], 1);
    CU_ASSERT_EQUAL(measured.handshakes[ENGINE_VERSION_V1][ENGINE_OUTCOME_CONFIRMED], 0);
    CU_ASSERT_EQUAL(measured.handshakes[ENGINE_VERSION_OTHER][ENGINE_OUTCOME_UNCONFIRMED], 0);
    router_stop(&r);
}

static void without_handshake(void)
{
    struct config config = router_config(CONFIG_FIREWALL);
    struct router r = router_start(&config);
    both_spin(&r, LAN, 8);
    expect_none(&r);
    router_stop(&r);
}

static void not_read(void)
{
    struct config config = router_config(CONFIG_FIREWALL);
    config.quic = CONFIG_QUIC_BYPASS;
    struct router r = router_start(&config);
    shake_hands(&r, LAN);
    both_spin(&r, LAN, 8);
    expect_none(&r);
    router_stop(&r);
}

/* The low bits of the traffic class (RFC 3168 5). */
static void send_marked(struct router *r, bool up, uint8_t ecn)
{
    uint8_t packet[128];
    size_t len = test_udp(packet, sizeof packet, up ? LAN : WAN, up ? WAN : LAN, "x", 1);
    packet[1] = ecn;
    CU_ASSERT_TRUE(raw(r, up ? ENGINE_INSIDE : ENGINE_OUTSIDE, packet, len));
}

static void marks(void)
{
    struct config config = router_config(CONFIG_FIREWALL);
    struct router r = router_start(&config);
    for (uint8_t ecn = 0; ecn < 4; ecn++)
        for (unsigned i = 0; i <= ecn; i++) {
            send_marked(&r, true, ecn);
            if (i % 2 == 0)
                send_marked(&r, false, ecn);
        }
    struct engine_flow flow = only_flow(&r);
    CU_ASSERT(flow.up.ect1 == 2 && flow.up.ce == 4);
    CU_ASSERT(flow.down.ect1 == 1 && flow.down.ce == 2);
    router_stop(&r);
}

void suite_round_trips(void)
{
    static const struct test TESTS[] = {
        {"O1 O2: handshake and spin bit of a flow that passes", both_ways},
        {"O1 O2: the next flow in the record's place begins anew", next_flow},
        {"O2: short headers without a handshake are not measured", without_handshake},
        {"O1 O2: nothing is measured where QUIC is not read", not_read},
        {"O1 O2 O5: sums of handshakes and of the spin bit, once a second", sums},
        {"O5: a handshake that was not confirmed counts when its flow ends", unconfirmed},
        {"O3: ECT(1) and CE are counted apart, by direction", marks},
    };
    TEST_SUITE("engine: round trips", TESTS);
}
