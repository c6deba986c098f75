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
    CU_ASSERT_EQUAL(stats(&r).ptbs, 2);
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
    CU_ASSERT_EQUAL(stats(&r).ptbs, 3);
    CU_ASSERT_EQUAL(stats(&r).ptbs_refused, 997);
    r.now.ns += SECOND;
    for (int i = 0; i < 1000; i++)
        send_sized(&r, LAN, WAN, 1400, true);
    CU_ASSERT_EQUAL(stats(&r).ptbs, 6);
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

void suite_sizes(void)
{
    static const struct test TESTS[] = {
        {"M1 M2: one byte too many is dropped, and the sender told the limit", too_big_is_told},
        {"M1: what may be fragmented passes", what_may_be_fragmented_passes},
        {"M6: what came in fragments is not judged by its sum", what_came_in_fragments_passes},
        {"M1: a limit for QUIC, for one outgoing interface", a_limit_names_class_and_interface},
        {"M2: behind NAT the PTB quotes what the sender sent", behind_nat_the_sender_sees_its_packet},
        {"M3: a flood yields the configured PTBs a second", floods_yield_few_ptbs},
        {"S2: a reload changes the limits", a_reload_changes_limits},
        {"M1: a monitor only tells", a_monitor_lets_pass_and_tells},
    };
    TEST_SUITE("size limits", TESTS);
}
