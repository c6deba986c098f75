#include "attempts.h"
#include "nat_router.h"
#include "packets.h"
#include "suite.h"
#include <string.h>

static struct config limited(enum config_mode mode, struct config_size_limit *limit)
{
    struct config config = mode == CONFIG_NAT ? nat_config(CONFIG_ADDRESS_DEPENDENT) : router_config(mode);
    config.size_limit_count = 1;
    config.size_limits = limit;
    return config;
}

/* Sends a packet of `len` bytes in all, from inside. */
static bool send_sized(struct router *r, const char *from, const char *to, size_t len, bool df)
{
    static const uint8_t payload[1500];
    uint8_t packet[1600];
    size_t headers = from[0] == '[' ? 48 : 28;
    CU_ASSERT_EQUAL(test_udp(packet, sizeof packet, from, to, payload, len - headers), len);
    if (!df)
        packet[6] = 0; /* the sum is then wrong, but it is not looked at */
    return raw(r, ENGINE_INSIDE, packet, len);
}

static uint32_t mtu(const struct icmp_message *ptb)
{
    const uint8_t *at = ptb->bytes + (ptb->family == QW_IPV4 ? 6 : 4);
    uint32_t high = ptb->family == QW_IPV4 ? 0 : (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16;
    return high | (uint32_t)at[ptb->family == QW_IPV4 ? 0 : 2] << 8 | at[ptb->family == QW_IPV4 ? 1 : 3];
}

static void too_big_is_told(void)
{
    struct config_size_limit limit = {.traffic = CONFIG_ALL_UDP, .limit = 1350};
    struct config config = limited(CONFIG_FIREWALL, &limit);
    struct router r = router_start(&config);
    CU_ASSERT_TRUE(send_sized(&r, LAN, WAN, 1350, true));
    CU_ASSERT_FALSE(send_sized(&r, LAN, WAN, 1351, true));
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_TOO_BIG);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r.last.reply);
    CU_ASSERT_EQUAL(mtu(r.last.reply), 1350);
    CU_ASSERT_FALSE(send_sized(&r, LAN6, WAN6, 1351, true));
    CU_ASSERT_PTR_NOT_NULL_FATAL(r.last.reply);
    CU_ASSERT_EQUAL(mtu(r.last.reply), 1350);
    CU_ASSERT_EQUAL(stats(&r).counters.ptbs, 2);
    router_stop(&r);
}

static void what_may_be_fragmented_passes(void)
{
    struct config_size_limit limit = {.traffic = CONFIG_ALL_UDP, .limit = 1280};
    struct config config = limited(CONFIG_FIREWALL, &limit);
    struct router r = router_start(&config);
    CU_ASSERT_TRUE(send_sized(&r, LAN, WAN, 1400, false));
    router_stop(&r);
}

/* Put together from fragments by the kernel: longer than any packet of its link. */
static void what_came_in_fragments_passes(void)
{
    struct config_size_limit limit = {.traffic = CONFIG_ALL_UDP, .limit = 1280};
    struct config config = limited(CONFIG_FIREWALL, &limit);
    struct router r = router_start(&config);
    r.link_mtu = 1399;
    CU_ASSERT_TRUE(send_sized(&r, LAN6, WAN6, 1400, true));
    r.link_mtu = 1400;
    CU_ASSERT_FALSE(send_sized(&r, LAN6, WAN6, 1400, true));
    router_stop(&r);
}

/* The kernel told how long the fragments were: these are judged, also where the whole is longer than the
 * link's MTU. */
static void fragments_are_judged_by_their_length(void)
{
    struct config_size_limit limit = {.traffic = CONFIG_ALL_UDP, .limit = 1350};
    struct config config = limited(CONFIG_FIREWALL, &limit);
    struct router r = router_start(&config);
    const char *const from[] = {LAN, LAN6}, *const to[] = {WAN, WAN6};
    for (unsigned family = 0; family < 2; family++)
        for (r.link_mtu = 1380; r.link_mtu <= 1500; r.link_mtu += 120) {
            r.fragment_len = 1350;
            CU_ASSERT_TRUE(send_sized(&r, from[family], to[family], 1400, true));
            r.fragment_len = 1351;
            CU_ASSERT_FALSE(send_sized(&r, from[family], to[family], 1400, true));
            CU_ASSERT_PTR_NOT_NULL_FATAL(r.last.reply);
            CU_ASSERT_EQUAL(mtu(r.last.reply), 1350);
            r.fragment_len = UINT32_MAX;
            CU_ASSERT_FALSE(send_sized(&r, from[family], to[family], 1400, true));
            CU_ASSERT_TRUE(send_sized(&r, from[family], to[family], 1350, true));
        }
    router_stop(&r);
}

static void a_limit_names_class_and_interface(void)
{
    struct config_size_limit limit = {.traffic = CONFIG_ONLY_QUIC, .interface = "wan0", .limit = 1300};
    struct config config = limited(CONFIG_FIREWALL, &limit);
    struct router r = router_start(&config);
    CU_ASSERT_TRUE(send_sized(&r, LAN, WAN, 1400, true)); /* no QUIC */
    const uint8_t initial[1400] = {0xc0, 0, 0, 0, 1, 8, 1, 2, 3, 4, 5, 6, 7, 8};
    CU_ASSERT_FALSE(out(&r, LAN2, WAN, initial, 1400));
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_TOO_BIG);
    CU_ASSERT_TRUE(out(&r, LAN2, WAN, initial, 1250));
    CU_ASSERT_TRUE(in(&r, WAN, LAN2, initial, 1400)); /* leaves by another interface */
    router_stop(&r);
}

static void behind_nat_the_sender_sees_its_packet(void)
{
    struct config_size_limit limit = {.traffic = CONFIG_ALL_UDP, .limit = 1350};
    struct config config = limited(CONFIG_NAT, &limit);
    struct router r = router_start(&config);
    CU_ASSERT_FALSE(send_sized(&r, LAN, WAN, 1400, true));
    CU_ASSERT_FALSE(r.last.translated);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r.last.reply);
    CU_ASSERT_EQUAL(memcmp(r.last.reply->bytes + 8, r.packet, 28), 0);
    CU_ASSERT_EQUAL(r.packet[12], 10);
    CU_ASSERT_TRUE(send_sized(&r, LAN, WAN, 1300, true));
    CU_ASSERT_TRUE(r.last.translated);
    router_stop(&r);
}

static void floods_yield_few_ptbs(void)
{
    struct config_size_limit limit = {.traffic = CONFIG_ALL_UDP, .limit = 1280};
    struct config config = limited(CONFIG_FIREWALL, &limit);
    config.ptb_rate = 7;
    config.ptb_per_host = 3;
    struct router r = router_start(&config);
    for (int i = 0; i < 1000; i++)
        CU_ASSERT_FALSE(send_sized(&r, LAN, WAN, 1400, true));
    CU_ASSERT_EQUAL(stats(&r).counters.ptbs, 3);
    CU_ASSERT_EQUAL(stats(&r).counters.ptbs_refused, 997);
    r.now.ns += SECOND;
    for (int i = 0; i < 1000; i++)
        send_sized(&r, LAN, WAN, 1400, true);
    CU_ASSERT_EQUAL(stats(&r).counters.ptbs, 6);
    router_stop(&r);
}

static void a_reload_changes_limits(void)
{
    struct config_size_limit limit = {.traffic = CONFIG_ALL_UDP, .limit = 1280};
    struct config config = limited(CONFIG_FIREWALL, &limit);
    struct router r = router_start(&config);
    CU_ASSERT_FALSE(send_sized(&r, LAN, WAN, 1400, true));
    config.size_limit_count = 0;
    CU_ASSERT_EQUAL(engine_reload(r.engine, &config, NULL), QW_OK);
    CU_ASSERT_TRUE(send_sized(&r, LAN, WAN, 1400, true));
    router_stop(&r);
}

static void a_monitor_lets_pass_and_tells(void)
{
    struct config_size_limit limit = {.traffic = CONFIG_ALL_UDP, .limit = 1280};
    struct config config = limited(CONFIG_MONITOR, &limit);
    struct router r = router_start(&config);
    CU_ASSERT_TRUE(send_sized(&r, LAN, WAN, 1400, true));
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_TOO_BIG);
    CU_ASSERT_PTR_NULL(r.last.reply);
    router_stop(&r);
}

#define QUIC_1400 "default_in = \"accept\"; size_limits = ({ class = \"quic\"; limit = 1400; });"

/* A datagram of 1,450 bytes with DF and a short header, its client's or its server's. */
static bool sends_large(struct router *r, enum engine_origin side, const char *from, const char *to)
{
    static const uint8_t payload[1422] = {0x41};
    uint8_t packet[1600];
    return raw(r, side, packet, test_udp(packet, sizeof packet, from, to, payload, sizeof payload));
}

/* RFC 9000 9: only addresses tell that it goes on. */
static void a_moved_client_stays_quic(void)
{
    struct router r = router_with(QUIC_1400);
    struct client c = client_of("www.example.org", 1, 0);
    CU_ASSERT_TRUE(sends_large(&r, ENGINE_INSIDE, "10.0.0.5:6000", WAN)); /* nothing is known yet */
    client_connects(&r, &c);
    CU_ASSERT_FALSE(sends_large(&r, ENGINE_INSIDE, LAN, WAN));
    CU_ASSERT_FALSE(sends_large(&r, ENGINE_INSIDE, "10.0.0.5:6001", WAN));
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_TOO_BIG);
    CU_ASSERT_FALSE(sends_large(&r, ENGINE_OUTSIDE, WAN, "10.0.0.5:6001"));
    CU_ASSERT_FALSE(sends_large(&r, ENGINE_INSIDE, "10.0.0.5:6001", WAN));
    CU_ASSERT_TRUE(sends_large(&r, ENGINE_INSIDE, "10.0.0.5:6002", "192.0.2.1:444"));
    CU_ASSERT_TRUE(sends_large(&r, ENGINE_INSIDE, "10.0.0.6:6000", WAN));
    router_stop(&r);
}

static void a_moved_client_outside_stays_quic(void)
{
    struct router r = router_with(QUIC_1400);
    struct client c = client_of("www.example.org", 1, 0);
    c.from = WAN;
    c.to = LAN;
    c.side = ENGINE_OUTSIDE;
    client_connects(&r, &c);
    CU_ASSERT_FALSE(sends_large(&r, ENGINE_INSIDE, LAN, WAN));
    CU_ASSERT_FALSE(sends_large(&r, ENGINE_OUTSIDE, "192.0.2.1:444", LAN));
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_TOO_BIG);
    CU_ASSERT_FALSE(sends_large(&r, ENGINE_INSIDE, LAN, "192.0.2.1:444"));
    CU_ASSERT_TRUE(sends_large(&r, ENGINE_OUTSIDE, "192.0.2.2:443", LAN));
    CU_ASSERT_TRUE(sends_large(&r, ENGINE_OUTSIDE, WAN, "10.0.0.5:5001"));
    r.now.ns += 400 * SECOND; /* all are over */
    engine_tick(r.worker, r.now, 100);
    CU_ASSERT_EQUAL(stats(&r).counters.flows_known, 0);
    CU_ASSERT_TRUE(sends_large(&r, ENGINE_OUTSIDE, "192.0.2.1:445", LAN));
    router_stop(&r);
}

/* Once the first connection is forgotten, what went on with it stands for it. */
static void goes_on_again(enum engine_origin side, const char *first, const char *server,
                          const char *const ports[3])
{
    struct router r = router_with(QUIC_1400);
    struct client c = client_of("www.example.org", 1, 0);
    c.from = first;
    c.to = server;
    c.side = side;
    client_connects(&r, &c);
    for (unsigned i = 0; i < 3; i++) {
        bool (*sends)(struct router *, const char *, const char *, const void *, size_t) =
            side == ENGINE_INSIDE ? out : in;
        bool (*answers)(struct router *, const char *, const char *, const void *, size_t) =
            side == ENGINE_INSIDE ? in : out;
        CU_ASSERT_TRUE(sends(&r, ports[i], server, "A", 1));
        for (unsigned j = 0; j < 4; j++, r.now.ns += 100 * SECOND) {
            CU_ASSERT_TRUE(answers(&r, server, ports[i], "A", 1));
            CU_ASSERT_TRUE(sends(&r, ports[i], server, "A", 1));
            engine_tick(r.worker, r.now, 100);
        }
        CU_ASSERT_FALSE(sends_large(&r, side, ports[i], server));
        CU_ASSERT_EQUAL(r.last.reason, QW_REASON_TOO_BIG);
    }
    CU_ASSERT_EQUAL(stats(&r).counters.flows_known, 0);
    router_stop(&r);
}

static void a_client_that_moves_on_stays_quic(void)
{
    static const char *const INSIDE[] = {"10.0.0.5:6000", "10.0.0.5:6001", "10.0.0.5:6002"};
    static const char *const OUTSIDE[] = {"192.0.2.1:6000", "192.0.2.1:6001", "192.0.2.1:6002"};
    goes_on_again(ENGINE_INSIDE, LAN, WAN, INSIDE);
    goes_on_again(ENGINE_OUTSIDE, WAN, LAN, OUTSIDE);
}

/* Behind NAT the host inside is known by its own address, whatever stands for it. */
static void behind_nat_a_moved_client_stays_quic(void)
{
    struct router r = nat_with("size_limits = ({ class = \"quic\"; limit = 1400; });"
                               "nat = { external = [\"198.51.100.7\"];"
                               "        forwards = ({ port = 443; to = \"10.0.0.9:8443\"; }); };");
    struct client inside = client_of("www.example.org", 1, 0), outside = client_of("www.example.org", 2, 0);
    char external[QW_ENDPOINT_TEXT_MAX];
    inside.outside = leave(&r, LAN, WAN, external);
    client_connects(&r, &inside);
    CU_ASSERT_FALSE(sends_large(&r, ENGINE_INSIDE, "10.0.0.5:6001", WAN));
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_TOO_BIG);
    outside.from = WAN_OTHER;
    outside.to = EXTERNAL ":443";
    outside.side = ENGINE_OUTSIDE;
    CU_ASSERT_EQUAL(client_sends_all(&r, &outside), ENGINE_ACCEPT);
    outside.to = "10.0.0.9:8443"; /* what its server calls itself */
    CU_ASSERT_TRUE(server_answers(&r, &outside));
    outside.to = EXTERNAL ":443";
    CU_ASSERT_TRUE(client_sends_handshake(&r, &outside));
    CU_ASSERT_TRUE(in(&r, WAN_OTHER, EXTERNAL ":443", "\x40shortshortshortshort", 21));
    CU_ASSERT_EQUAL(stats(&r).counters.flows_known, 2);
    CU_ASSERT_FALSE(sends_large(&r, ENGINE_OUTSIDE, "192.0.2.2:6001", EXTERNAL ":443"));
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_TOO_BIG);
    router_stop(&r);
}

void suite_sizes(void)
{
    static const struct test TESTS[] = {
        {"M1 M2: one byte too many is dropped, and the sender told the limit", too_big_is_told},
        {"M1: what may be fragmented passes", what_may_be_fragmented_passes},
        {"M6: what came in fragments is not judged by its sum", what_came_in_fragments_passes},
        {"M1 M6: where fragments are known their length is judged", fragments_are_judged_by_their_length},
        {"M1: a limit for QUIC, for one outgoing interface", a_limit_names_class_and_interface},
        {"M1 C9: a client whose port changed keeps the class of its connection", a_moved_client_stays_quic},
        {"M1 C9: so does one outside, of a server inside", a_moved_client_outside_stays_quic},
        {"M1 C9: again and again, when the first connection is long over", a_client_that_moves_on_stays_quic},
        {"M1 C9: and behind NAT", behind_nat_a_moved_client_stays_quic},
        {"M2: behind NAT the PTB quotes what the sender sent", behind_nat_the_sender_sees_its_packet},
        {"M3: a flood yields the configured PTBs a second", floods_yield_few_ptbs},
        {"S2: a reload changes the limits", a_reload_changes_limits},
        {"M1: a monitor only tells", a_monitor_lets_pass_and_tells},
    };
    TEST_SUITE("size limits", TESTS);
}
