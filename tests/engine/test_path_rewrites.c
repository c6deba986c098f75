/* What a path says of packets, against what the engine makes of the same packets, byte for byte. */
#include "packets.h"
#include "path_router.h"
#include "random.h"
#include "suite.h"
#include <stdio.h>
#include <string.h>

enum { FLOWS = 300, PACKETS = 20, PACKET_MAX = 1500 };

struct sent {
    uint8_t bytes[PACKET_MAX];
    size_t len;
};

/* Any payload but a long header; one in four without a checksum. */
static struct sent random_packet(uint64_t *random, const struct qw_tuple *tuple)
{
    char from[QW_ENDPOINT_TEXT_MAX], to[QW_ENDPOINT_TEXT_MAX];
    struct sent sent;
    uint8_t payload[1200];
    size_t len = 1 + test_random(random) % sizeof payload;
    for (size_t i = 0; i < len; i++)
        payload[i] = (uint8_t)test_random(random);
    payload[0] &= 0x7f;
    qw_endpoint_text(&tuple->src, tuple->family, from);
    qw_endpoint_text(&tuple->dst, tuple->family, to);
    sent.len = test_udp(sent.bytes, sizeof sent.bytes, from, to, payload, len);
    if (tuple->family == QW_IPV4 && test_random(random) % 4 == 0)
        sent.bytes[26] = sent.bytes[27] = 0;
    return sent;
}

/* As a fast path would: the flow is found by the match, the bytes are changed by the rewrite. */
static void apply(const struct flow_path_way *way, struct sent *sent)
{
    struct packet_view view;
    CU_ASSERT_EQUAL_FATAL(packet_decode(sent->bytes, sent->len, (uint32_t)sent->len, &view), QW_OK);
    CU_ASSERT_EQUAL(memcmp(&view.tuple.src.addr, &way->match.src.addr, sizeof view.tuple.src.addr), 0);
    CU_ASSERT_EQUAL(memcmp(&view.tuple.dst.addr, &way->match.dst.addr, sizeof view.tuple.dst.addr), 0);
    CU_ASSERT_EQUAL(view.tuple.src.port, way->match.src.port);
    CU_ASSERT_EQUAL(view.tuple.dst.port, way->match.dst.port);
    if (way->rewrite.source || way->rewrite.destination)
        nat_rewrite_udp(sent->bytes, &view, &way->rewrite);
}

static void compare(struct router *r, const struct flow_path *path, uint64_t *random)
{
    for (unsigned i = 0; i < PACKETS; i++) {
        enum flow_path_direction direction = test_random(random) % 2 ? FLOW_PATH_UP : FLOW_PATH_DOWN;
        const struct flow_path_way *way = &path->ways[direction];
        struct sent sent = random_packet(random, &way->match);
        bool summed = sent.bytes[26] || sent.bytes[27];
        CU_ASSERT_TRUE(
            raw(r, direction == FLOW_PATH_UP ? ENGINE_INSIDE : ENGINE_OUTSIDE, sent.bytes, sent.len));
        apply(way, &sent);
        CU_ASSERT_EQUAL(r->packet_len, sent.len);
        CU_ASSERT_EQUAL(memcmp(r->packet, sent.bytes, sent.len), 0);
        if (summed && path->family == QW_IPV4)
            as_left(r); /* and its checksums are right */
        expect_no_path(r);
    }
}

static void as_the_engine_does(enum config_mode mode, bool ipv6)
{
    struct config config = mode == CONFIG_NAT ? nat_config(CONFIG_ADDRESS_DEPENDENT) : router_config(mode);
    config.flows_max = 2 * FLOWS;
    config.nat_per_host = FLOWS;
    struct router r = path_router(&config);
    uint64_t random = 7;
    char lan[64], wan[64];
    for (unsigned i = 0; i < FLOWS; i++) {
        struct qw_endpoint far = endpoint(ipv6 ? WAN6 : WAN);
        snprintf(lan, sizeof lan, ipv6 ? "[2001:db8:1::%x]:%u" : "10.0.%u.5:%u", test_random(&random) % 256,
                 1024 + test_random(&random) % 64512);
        far.port = (uint16_t)(1024 + i);
        far.addr.bytes[15] = (uint8_t)test_random(&random);
        qw_endpoint_text(&far, ipv6 ? QW_IPV6 : QW_IPV4, wan);
        out(&r, lan, wan, "x", 1);
        struct packet_view view;
        packet_decode(r.packet, r.packet_len, (uint32_t)r.packet_len, &view);
        qw_endpoint_text(&view.tuple.src, view.family, lan);
        in(&r, wan, lan, "x", 1);
        struct flow_path path = expect_path(&r, FLOW_PATH_ADD);
        CU_ASSERT_EQUAL(path.ways[FLOW_PATH_UP].rewrite.source, mode == CONFIG_NAT && !ipv6);
        compare(&r, &path, &random);
    }
    router_stop(&r);
}

static void ipv4_in_mode_nat(void)
{
    as_the_engine_does(CONFIG_NAT, false);
}

static void ipv6(void)
{
    as_the_engine_does(CONFIG_NAT, true);
    as_the_engine_does(CONFIG_FIREWALL, true);
}

static void firewall(void)
{
    as_the_engine_does(CONFIG_FIREWALL, false);
}

void suite_path_rewrites(void)
{
    static const struct test TESTS[] = {
        {"N12 W6: a path's rewrite makes of packets what the engine makes of them", ipv4_in_mode_nat},
        {"N1 W6: IPv6 stays as it is, in the engine and by its path", ipv6},
        {"W6: mode firewall changes nothing, in the engine and by the path", firewall},
    };
    TEST_SUITE("paths: rewrites", TESTS);
}
