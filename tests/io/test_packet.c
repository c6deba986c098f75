#include "queue_packet.h"
#include "suite.h"
#include "suites.h"
#include <linux/netfilter.h>
#include <net/if.h>
#include <string.h>

static _Alignas(uint32_t) uint8_t buffer[VERDICT_HEAD + 64];
static struct queue_worker worker;
static struct config config;
static const atomic_uint news;

/* The loopback interface, which every namespace has, is inside, or else outside. */
static void start(enum config_mode mode, bool inside)
{
    memset(&worker, 0, sizeof(worker));
    memset(&config, 0, sizeof(config));
    config.mode = mode;
    config.inside = (struct config_interfaces){1, {"lan0"}};
    if (inside)
        config.inside = (struct config_interfaces){1, {"lo"}};
    worker.config = &config;
    interfaces_start(&worker.incoming, &config.inside, &news);
    interfaces_start(&worker.outgoing, &config.inside, &news);
    verdicts_start(&worker.verdicts, 7401);
}

static struct packet_message forwarded(void)
{
    return (struct packet_message){.kind = PACKET_MESSAGE_PACKET,
                                   .id = 9,
                                   .hook = NF_INET_FORWARD,
                                   .indev = if_nametoindex("lo"),
                                   .outdev = if_nametoindex("lo"),
                                   .data = buffer + VERDICT_HEAD,
                                   .before = VERDICT_HEAD,
                                   .captured = 60,
                                   .wire_len = 60};
}

static struct engine_packet told(const struct packet_message *message)
{
    struct engine_packet packet;
    queue_packet(&worker, message, &packet);
    return packet;
}

static void all_that_is_known(void)
{
    struct packet_message message = forwarded();
    message.wire_len = 1500;
    start(CONFIG_FIREWALL, true);
    struct engine_packet packet = told(&message);
    CU_ASSERT_PTR_EQUAL(packet.data, buffer + VERDICT_HEAD);
    CU_ASSERT_EQUAL(packet.captured, 60);
    CU_ASSERT_EQUAL(packet.wire_len, 1500);
    CU_ASSERT_EQUAL(packet.from, ENGINE_INSIDE);
    CU_ASSERT_STRING_EQUAL(packet.from_interface, "lo");
    CU_ASSERT_STRING_EQUAL(packet.to_interface, "lo");
    CU_ASSERT_FALSE(packet.unrouted);
    CU_ASSERT_EQUAL(packet.link_mtu, interfaces_find(&worker.incoming, message.indev)->mtu);
    CU_ASSERT_EQUAL(packet.token, verdicts_token(&worker.verdicts, 9));
}

/* 1300 and 1480 of two limits each; the rules write which of them a fragment fits. */
static void marked_fragments(void)
{
    static struct config_size_limit limits[] = {{.limit = 1480}, {.limit = 1300}, {.limit = 1480}};
    struct packet_message message = forwarded();
    start(CONFIG_FIREWALL, true);
    config.size_limit_count = 3;
    config.size_limits = limits;
    config.rules_fragments = false;
    message.mark = 0x04000000; /* somebody else's */
    CU_ASSERT_EQUAL(told(&message).fragment_len, 0);
    config.rules_fragments = true;
    static const struct {
        uint32_t mark, len;
    } CASES[] = {{0, 0},
                 {0x03ffffff, 0},
                 {0x40000000, 0},
                 {0xe0000000, 0},
                 {0x04000000, 1300},
                 {0xe5ffffff, 1300},
                 {0x08000000, 1480},
                 {0x0c000000, UINT32_MAX},
                 {0x1c000000, UINT32_MAX}};
    for (unsigned i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        message.mark = CASES[i].mark;
        CU_ASSERT_EQUAL(told(&message).fragment_len, CASES[i].len);
    }
}

static void writable_in_nat_only(void)
{
    struct packet_message message = forwarded();
    start(CONFIG_NAT, true);
    CU_ASSERT_PTR_EQUAL(told(&message).writable, buffer + VERDICT_HEAD);
    start(CONFIG_FIREWALL, true);
    CU_ASSERT_PTR_NULL(told(&message).writable);
    start(CONFIG_MONITOR, true);
    CU_ASSERT_PTR_NULL(told(&message).writable);
}

static void writable_if_whole(void)
{
    struct packet_message cut = forwarded(), empty = forwarded(), cramped = forwarded();
    start(CONFIG_NAT, true);
    cut.wire_len = 61;
    CU_ASSERT_PTR_NULL(told(&cut).writable);
    empty.data = NULL;
    empty.captured = empty.wire_len = 0;
    CU_ASSERT_PTR_NULL(told(&empty).writable);
    cramped.before = VERDICT_HEAD - 1;
    CU_ASSERT_PTR_NULL(told(&cramped).writable);
}

static void router_is_inside(void)
{
    struct packet_message message = forwarded();
    start(CONFIG_NAT, false);
    CU_ASSERT_EQUAL(told(&message).from, ENGINE_OUTSIDE);
    message.hook = NF_INET_LOCAL_OUT;
    message.indev = 0;
    CU_ASSERT_EQUAL(told(&message).from, ENGINE_INSIDE);
    CU_ASSERT_PTR_NULL(told(&message).from_interface);
    CU_ASSERT_EQUAL(told(&message).link_mtu, 0);
    CU_ASSERT_FALSE(told(&message).unrouted);
}

static void where_it_will_go(void)
{
    struct packet_message message = forwarded();
    message.hook = NF_INET_PRE_ROUTING;
    message.outdev = 0;
    start(CONFIG_NAT, false);
    CU_ASSERT_TRUE(told(&message).unrouted);
    CU_ASSERT_STRING_EQUAL(told(&message).to_interface, "lan0");
    config.inside = (struct config_interfaces){2, {"lan0", "lan1"}};
    CU_ASSERT_PTR_NULL(told(&message).to_interface);
    start(CONFIG_NAT, true); /* a hairpin: it comes from inside */
    CU_ASSERT_TRUE(told(&message).unrouted);
    CU_ASSERT_PTR_NULL(told(&message).to_interface);
}

void packet_suite(void)
{
    static const struct test TESTS[] = {
        {"M6: marks tell how long fragments were", marked_fragments},
        {"F2: the engine is told what is known of a packet", all_that_is_known},
        {"only mode nat changes packets", writable_in_nat_only},
        {"what cannot go back is not changed", writable_if_whole},
        {"N7: what the router sends comes from inside", router_is_inside},
        {"F2: before routing, the only interface inside is where it goes", where_it_will_go},
    };
    TEST_SUITE("packet", TESTS);
}
