#include "shape.h"
#include "suite.h"
#include "suites.h"

#define UDP4 20 /* offset of the UDP header behind a plain IPv4 header */

static void check_plain(enum qw_family family, unsigned l4_offset, const char *client, const char *server)
{
    struct shape s = shape_udp(family, 1200);
    struct packet_view v;
    CU_ASSERT_EQUAL_FATAL(shape_decode(&s, &v), QW_OK);
    CU_ASSERT(v.kind == PACKET_UDP && v.family == family && v.tuple.family == family);
    CU_ASSERT(endpoint_is(&v.tuple.src, family, client) && endpoint_is(&v.tuple.dst, family, server));
    CU_ASSERT(v.protocol == 17 && v.ttl == 64 && v.dont_fragment && !v.first_fragment);
    CU_ASSERT(v.l4_offset == l4_offset && v.ip_len == s.len);
    CU_ASSERT(v.payload.data == s.bytes + l4_offset + 8 && v.payload.len == 1200 && v.payload_len == 1200);
}

static void plain_ipv4(void)
{
    check_plain(QW_IPV4, 20, CLIENT4, SERVER4);
}

static void plain_ipv6(void)
{
    check_plain(QW_IPV6, 40, CLIENT6, SERVER6);
}

static void an_empty_datagram_is_a_datagram(void)
{
    struct shape s = shape_udp(QW_IPV4, 0);
    struct packet_view v;
    CU_ASSERT_EQUAL(shape_decode(&s, &v), QW_OK);
    CU_ASSERT(v.kind == PACKET_UDP && v.payload.len == 0 && v.payload_len == 0);
}

static void udp_lengths_that_lie_are_malformed(void)
{
    static const unsigned WRONG[] = {0, 1, 7, 109, 0xffff};
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
        struct shape s = shape_udp(QW_IPV4, 100);
        struct packet_view v;
        shape_set16(&s, UDP4 + 4, WRONG[i]);
        CU_ASSERT_EQUAL(shape_decode(&s, &v), QW_ERR_MALFORMED);
        CU_ASSERT_EQUAL(v.kind, PACKET_OTHER);
    }
}

static void surplus_behind_udp_is_no_payload(void)
{
    struct shape s = shape_udp(QW_IPV4, 100);
    struct packet_view v;
    shape_set16(&s, UDP4 + 4, 8 + 60);
    CU_ASSERT_EQUAL(shape_decode(&s, &v), QW_OK);
    CU_ASSERT(v.payload.len == 60 && v.payload_len == 60 && v.ip_len == 128);
}

static void link_padding_is_ignored(void)
{
    struct shape s = shape_udp(QW_IPV4, 3);
    struct packet_view v;
    size_t ip_len = s.len;
    s.len = 60;
    CU_ASSERT_EQUAL(shape_decode(&s, &v), QW_OK);
    CU_ASSERT(v.payload.len == 3 && v.payload_len == 3 && v.ip_len == ip_len);
}

static void a_udp_header_past_the_ip_length_is_malformed(void)
{
    for (unsigned room = 0; room < 8; room++) {
        struct shape s = shape_udp(QW_IPV4, 100);
        struct packet_view v;
        shape_set16(&s, 2, 20 + room);
        CU_ASSERT_EQUAL(shape_decode(&s, &v), QW_ERR_MALFORMED);
    }
}

static void a_cut_capture_keeps_the_length_on_the_wire(void)
{
    struct shape s = shape_udp(QW_IPV4, 1200);
    struct packet_view v;
    CU_ASSERT_EQUAL(packet_decode(s.bytes, 96, (uint32_t)s.len, &v), QW_OK);
    CU_ASSERT(v.kind == PACKET_UDP && v.payload.len == 96 - 28 && v.payload_len == 1200 && v.ip_len == 1228);
    CU_ASSERT_EQUAL(packet_decode(s.bytes, 28, (uint32_t)s.len, &v), QW_OK);
    CU_ASSERT(v.kind == PACKET_UDP && v.payload.len == 0 && v.payload_len == 1200);
    CU_ASSERT_EQUAL(packet_decode(s.bytes, 27, (uint32_t)s.len, &v), QW_ERR_TRUNCATED);
}

static void the_largest_datagram_is_whole(void)
{
    static uint8_t packet[65535];
    static const uint8_t PAYLOAD[65507];
    struct packet_view v;
    size_t len = test_udp(packet, sizeof(packet), CLIENT4, SERVER4, PAYLOAD, sizeof(PAYLOAD));
    CU_ASSERT_EQUAL(packet_decode(packet, len, (uint32_t)len, &v), QW_OK);
    CU_ASSERT(v.payload.len == sizeof(PAYLOAD) && v.ip_len == 65535);
}

void udp_suite(void)
{
    static const struct test TESTS[] = {
        {"UDP in IPv4", plain_ipv4},
        {"UDP in IPv6", plain_ipv6},
        {"an empty datagram is a datagram", an_empty_datagram_is_a_datagram},
        {"S7: UDP lengths that lie are malformed", udp_lengths_that_lie_are_malformed},
        {"bytes between UDP and IP length are no payload", surplus_behind_udp_is_no_payload},
        {"bytes after the IP length are ignored", link_padding_is_ignored},
        {"a UDP header past the IP length is malformed", a_udp_header_past_the_ip_length_is_malformed},
        {"M6: a cut capture keeps the lengths of the wire", a_cut_capture_keeps_the_length_on_the_wire},
        {"the largest datagram is whole", the_largest_datagram_is_whole},
    };
    TEST_SUITE("udp", TESTS);
}
