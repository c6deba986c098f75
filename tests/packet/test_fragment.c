#include "shape.h"
#include "suite.h"
#include "suites.h"

#define DESTINATION "00 01040000 0000" /* PadN: 8 bytes */

static void a_first_ipv4_fragment_has_ports(void)
{
    struct shape s = shape_udp(QW_IPV4, 80);
    struct packet_view v;
    shape_fragment4(&s, 0, true);
    shape_set16(&s, 24, 2000); /* the UDP length counts the fragments to come */
    CU_ASSERT_EQUAL(shape_decode(&s, &v), QW_OK);
    CU_ASSERT(v.kind == PACKET_UDP && v.first_fragment && !v.dont_fragment);
    CU_ASSERT(endpoint_is(&v.tuple.src, QW_IPV4, CLIENT4) && endpoint_is(&v.tuple.dst, QW_IPV4, SERVER4));
    CU_ASSERT(v.payload.len == 80 && v.payload_len == 80);
}

static void later_ipv4_fragments_have_none(void)
{
    for (int more = 0; more < 2; more++) {
        struct shape s = shape_udp(QW_IPV4, 80);
        struct packet_view v;
        shape_fragment4(&s, 1480, more);
        CU_ASSERT_EQUAL(shape_decode(&s, &v), QW_OK);
        CU_ASSERT(v.kind == PACKET_FRAGMENT && !v.first_fragment && v.protocol == 17 && v.l4_offset == 0);
        CU_ASSERT(endpoint_is(&v.tuple.src, QW_IPV4, "192.0.2.10:0"));
        CU_ASSERT(endpoint_is(&v.tuple.dst, QW_IPV4, "198.51.100.1:0"));
        CU_ASSERT(v.payload.len == 0 && v.payload_len == 0);
    }
}

static void a_first_ipv6_fragment_has_ports(void)
{
    struct shape s = shape_udp(QW_IPV6, 80);
    struct packet_view v;
    shape_set16(&s, 44, 2000);
    shape_extend(&s, 60, DESTINATION);
    shape_extend(&s, 44, "00 0001 12345678");
    CU_ASSERT_EQUAL(shape_decode(&s, &v), QW_OK);
    CU_ASSERT(v.kind == PACKET_UDP && v.first_fragment && v.l4_offset == 56 && v.payload.len == 80);
    CU_ASSERT(endpoint_is(&v.tuple.dst, QW_IPV6, SERVER6));
}

/* What stands behind the fragment header is the middle of the packet, even when its next header says
 * otherwise. */
static void later_ipv6_fragments_have_none(void)
{
    static const char *const HEADERS[] = {"00 05a8 12345678", "00 05a9 12345678", "00 0008 12345678"};
    for (size_t i = 0; i < sizeof(HEADERS) / sizeof(HEADERS[0]); i++) {
        struct shape s = shape_udp(QW_IPV6, 80);
        struct packet_view v;
        shape_extend(&s, 60, "ff 01040000 0000");
        shape_extend(&s, 44, HEADERS[i]);
        CU_ASSERT_EQUAL(shape_decode(&s, &v), QW_OK);
        CU_ASSERT(v.kind == PACKET_FRAGMENT && !v.first_fragment && v.l4_offset == 0);
        CU_ASSERT(endpoint_is(&v.tuple.src, QW_IPV6, "[2001:db8::10]:0"));
    }
}

static void an_atomic_fragment_is_a_whole_packet(void)
{
    struct shape s = shape_udp(QW_IPV6, 80);
    struct packet_view v;
    shape_extend(&s, 44, "00 0006 12345678"); /* the two reserved bits are set, and ignored */
    CU_ASSERT_EQUAL(shape_decode(&s, &v), QW_OK);
    CU_ASSERT(v.kind == PACKET_UDP && !v.first_fragment && v.payload.len == 80 && v.l4_offset == 48);
    shape_set16(&s, 52, 2000);
    CU_ASSERT_EQUAL(shape_decode(&s, &v), QW_ERR_MALFORMED);
}

static void fragments_past_the_largest_packet_are_malformed(void)
{
    struct shape s = shape_udp(QW_IPV4, 80), whole = shape_udp(QW_IPV4, 0);
    struct packet_view v;
    shape_fragment4(&s, 65528, false);
    CU_ASSERT_EQUAL(shape_decode(&s, &v), QW_ERR_MALFORMED);
    shape_fragment4(&s, 65440, false);
    CU_ASSERT_EQUAL(shape_decode(&s, &v), QW_OK);
    shape_fragment4(&whole, 65528, true);
    CU_ASSERT_EQUAL(shape_decode(&whole, &v), QW_ERR_MALFORMED);
}

static void a_fragment_shorter_than_its_header_is_malformed(void)
{
    struct shape s = shape_udp(QW_IPV4, 80);
    struct packet_view v;
    shape_fragment4(&s, 1480, false);
    shape_set16(&s, 2, 19);
    CU_ASSERT_EQUAL(shape_decode(&s, &v), QW_ERR_MALFORMED);
}

static void a_first_fragment_without_its_udp_header_is_malformed(void)
{
    struct shape s = shape_udp(QW_IPV4, 80);
    struct packet_view v;
    shape_fragment4(&s, 0, true);
    shape_set16(&s, 2, 24);
    CU_ASSERT_EQUAL(shape_decode(&s, &v), QW_ERR_MALFORMED);
}

static void fragments_of_other_protocols_are_fragments(void)
{
    struct shape s = shape_udp(QW_IPV4, 80);
    struct packet_view v;
    s.bytes[9] = 6;
    shape_fragment4(&s, 8, false);
    CU_ASSERT_EQUAL(shape_decode(&s, &v), QW_OK);
    CU_ASSERT(v.kind == PACKET_FRAGMENT && v.protocol == 6);
    shape_fragment4(&s, 0, true);
    CU_ASSERT_EQUAL(shape_decode(&s, &v), QW_OK);
    CU_ASSERT(v.kind == PACKET_OTHER && v.first_fragment);
}

void fragment_suite(void)
{
    static const struct test TESTS[] = {
        {"N8: a first IPv4 fragment has ports and part of the payload", a_first_ipv4_fragment_has_ports},
        {"N8: later IPv4 fragments have addresses only", later_ipv4_fragments_have_none},
        {"N8: a first IPv6 fragment has ports and part of the payload", a_first_ipv6_fragment_has_ports},
        {"N8: later IPv6 fragments have addresses only", later_ipv6_fragments_have_none},
        {"RFC 6946: an atomic fragment is a whole packet", an_atomic_fragment_is_a_whole_packet},
        {"S7: a fragment past the largest packet is malformed",
         fragments_past_the_largest_packet_are_malformed},
        {"S7: a fragment shorter than its IP header is malformed",
         a_fragment_shorter_than_its_header_is_malformed},
        {"S7: a first fragment without its UDP header is malformed",
         a_first_fragment_without_its_udp_header_is_malformed},
        {"fragments of other protocols are fragments", fragments_of_other_protocols_are_fragments},
    };
    TEST_SUITE("fragment", TESTS);
}
