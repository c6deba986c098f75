#include "shape.h"
#include "suite.h"
#include "suites.h"
#include <string.h>

/* Extension headers, all but their first byte. */
#define HOP_BY_HOP "00 0502000001 00"                               /* router alert, padded: 8 bytes */
#define ROUTING "02 0400 00000000 20010db8000000000000000000000099" /* 24 bytes */
#define DESTINATION "01 010c 000000000000000000000000"              /* PadN: 16 bytes */
#define AUTHENTICATION "04 0000 00000001 00000002 000102030405060708090a0b" /* 24 bytes */

static void options_are_skipped(void)
{
    struct shape s = shape_udp(QW_IPV4, 40);
    struct packet_view v;
    shape_options(&s, "94040000 01010101");
    CU_ASSERT_EQUAL(shape_decode(&s, &v), QW_OK);
    CU_ASSERT(v.kind == PACKET_UDP && v.l4_offset == 28 && v.payload.len == 40);
    CU_ASSERT(endpoint_is(&v.tuple.src, QW_IPV4, CLIENT4) && endpoint_is(&v.tuple.dst, QW_IPV4, SERVER4));
}

static void a_header_length_that_lies_is_malformed(void)
{
    for (unsigned words = 0; words < 16; words++) {
        struct shape s = shape_udp(QW_IPV4, 0);
        struct packet_view v;
        s.bytes[0] = (uint8_t)(0x40 | words);
        CU_ASSERT_EQUAL(shape_decode(&s, &v), words == 5 ? QW_OK : QW_ERR_MALFORMED);
        if (words < 5) /* no longer capture would make it right */
            CU_ASSERT_EQUAL(packet_decode(s.bytes, 24, (uint32_t)s.len, &v), QW_ERR_MALFORMED);
    }
}

static void an_ip_length_that_lies_is_malformed(void)
{
    struct shape v4 = shape_udp(QW_IPV4, 10), v6 = shape_udp(QW_IPV6, 10);
    struct packet_view v;
    shape_set16(&v4, 2, (unsigned)v4.len + 1);
    CU_ASSERT_EQUAL(shape_decode(&v4, &v), QW_ERR_MALFORMED);
    shape_set16(&v4, 2, 19);
    CU_ASSERT_EQUAL(shape_decode(&v4, &v), QW_ERR_MALFORMED);
    shape_set16(&v6, 4, (unsigned)v6.len - 40 + 1);
    CU_ASSERT_EQUAL(shape_decode(&v6, &v), QW_ERR_MALFORMED);
    shape_set16(&v6, 4, 0); /* a jumbogram's, RFC 2675 */
    CU_ASSERT_EQUAL(shape_decode(&v6, &v), QW_ERR_MALFORMED);
}

static void other_versions_are_malformed(void)
{
    for (unsigned version = 0; version < 16; version++) {
        struct shape s = shape_udp(QW_IPV4, 100);
        struct packet_view v;
        s.bytes[0] = (uint8_t)(version << 4 | 5);
        if (version != 4 && version != 6)
            CU_ASSERT_EQUAL(shape_decode(&s, &v), QW_ERR_MALFORMED);
    }
}

static void no_bytes_are_no_packet(void)
{
    struct packet_view v;
    CU_ASSERT_EQUAL(packet_decode(NULL, 0, 0, &v), QW_ERR_TRUNCATED);
    CU_ASSERT_EQUAL(v.kind, PACKET_OTHER);
}

static void marks_are_read(void)
{
    struct shape v4 = shape_udp(QW_IPV4, 1), v6 = shape_udp(QW_IPV6, 1);
    struct packet_view v;
    v4.bytes[1] = 46 << 2 | 3;
    v4.bytes[8] = 7;
    shape_fragment4(&v4, 0, false); /* no flag at all: not even DF */
    CU_ASSERT_EQUAL(shape_decode(&v4, &v), QW_OK);
    CU_ASSERT(v.dscp == 46 && v.ecn == 3 && v.ttl == 7 && !v.dont_fragment && !v.first_fragment);
    shape_set16(&v6, 0, 0x6000 | (46 << 2 | 1) << 4 | 0xf);
    v6.bytes[7] = 9;
    CU_ASSERT_EQUAL(shape_decode(&v6, &v), QW_OK);
    CU_ASSERT(v.dscp == 46 && v.ecn == 1 && v.ttl == 9 && v.dont_fragment);
}

static void each_extension_header_is_walked(void)
{
    static const struct {
        uint8_t kind;
        const char *hex;
        unsigned len;
    } HEADERS[] = {{0, HOP_BY_HOP, 8}, {43, ROUTING, 24}, {60, DESTINATION, 16}, {51, AUTHENTICATION, 24}};
    for (size_t i = 0; i < sizeof(HEADERS) / sizeof(HEADERS[0]); i++) {
        struct shape s = shape_udp(QW_IPV6, 33);
        struct packet_view v;
        shape_extend(&s, HEADERS[i].kind, HEADERS[i].hex);
        CU_ASSERT_EQUAL_FATAL(shape_decode(&s, &v), QW_OK);
        CU_ASSERT(v.kind == PACKET_UDP && v.protocol == 17 && v.l4_offset == 40 + HEADERS[i].len);
        CU_ASSERT(v.payload.len == 33 && endpoint_is(&v.tuple.dst, QW_IPV6, SERVER6));
    }
}

static void a_chain_of_them_is_walked(void)
{
    struct shape s = shape_udp(QW_IPV6, 33);
    struct packet_view v;
    shape_extend(&s, 60, DESTINATION);
    shape_extend(&s, 51, AUTHENTICATION);
    shape_extend(&s, 43, ROUTING);
    shape_extend(&s, 60, DESTINATION);
    shape_extend(&s, 0, HOP_BY_HOP);
    CU_ASSERT_EQUAL(shape_decode(&s, &v), QW_OK);
    CU_ASSERT(v.kind == PACKET_UDP && v.l4_offset == 40 + 16 + 24 + 24 + 16 + 8 && v.payload.len == 33);
}

static void eight_are_walked_nine_are_malformed(void)
{
    struct shape s = shape_udp(QW_IPV6, 5);
    struct packet_view v;
    for (int i = 0; i < 8; i++)
        shape_extend(&s, 60, DESTINATION);
    CU_ASSERT_EQUAL(shape_decode(&s, &v), QW_OK);
    CU_ASSERT(v.kind == PACKET_UDP && v.payload.len == 5);
    shape_extend(&s, 60, DESTINATION);
    CU_ASSERT_EQUAL(shape_decode(&s, &v), QW_ERR_MALFORMED);
}

static void an_extension_past_the_packet_is_malformed(void)
{
    struct shape s = shape_udp(QW_IPV6, 100);
    struct packet_view v;
    shape_extend(&s, 60, DESTINATION);
    s.bytes[41] = 255;
    CU_ASSERT_EQUAL(shape_decode(&s, &v), QW_ERR_MALFORMED);
    CU_ASSERT_EQUAL(packet_decode(s.bytes, 50, (uint32_t)s.len, &v), QW_ERR_TRUNCATED);
}

/* The header ends inside the captured bytes, but past the IP length: what follows is link padding. */
static void an_extension_into_the_padding_is_malformed(void)
{
    struct shape s = shape_udp(QW_IPV6, 100);
    struct packet_view v;
    shape_extend(&s, 60, DESTINATION);
    shape_set16(&s, 4, 8);
    CU_ASSERT_EQUAL(shape_decode(&s, &v), QW_ERR_MALFORMED);
}

static void other_protocols_are_other(void)
{
    static const uint8_t PROTOCOLS[] = {6, 50, 58, 59, 132, 135, 136, 255};
    for (size_t i = 0; i < sizeof(PROTOCOLS); i++) {
        struct shape v4 = shape_udp(QW_IPV4, 20), v6 = shape_udp(QW_IPV6, 20);
        struct packet_view v;
        v4.bytes[9] = PROTOCOLS[i];
        CU_ASSERT_EQUAL(shape_decode(&v4, &v), QW_OK);
        CU_ASSERT(v.kind == PACKET_OTHER && v.protocol == PROTOCOLS[i] && v.l4_offset == 0);
        CU_ASSERT(endpoint_is(&v.tuple.src, QW_IPV4, "192.0.2.10:0"));
        v6.bytes[6] = PROTOCOLS[i] == 58 ? 1 : PROTOCOLS[i]; /* ICMP for IPv4 is nothing in IPv6 */
        CU_ASSERT_EQUAL(shape_decode(&v6, &v), QW_OK);
        CU_ASSERT(v.kind == PACKET_OTHER && v.l4_offset == 0);
    }
}

static void authentication4(struct shape *s)
{
    uint8_t protocol = s->bytes[9];
    static const uint8_t REST[24] = {0, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2};
    memmove(s->bytes + 20 + sizeof(REST), s->bytes + 20, s->len - 20);
    memcpy(s->bytes + 20, REST, sizeof(REST));
    s->bytes[20] = protocol;
    s->bytes[9] = 51;
    s->len += sizeof(REST);
    shape_set16(s, 2, (unsigned)s->len);
}

static void authentication_hides_no_udp_in_ipv4(void)
{
    struct shape s = shape_udp(QW_IPV4, 33);
    struct packet_view v;
    CU_ASSERT(shape_decode(&s, &v) == QW_OK && !v.authenticated);
    for (unsigned i = 1; i <= 8; i++) {
        authentication4(&s);
        CU_ASSERT_EQUAL_FATAL(shape_decode(&s, &v), QW_OK);
        CU_ASSERT(v.kind == PACKET_UDP && v.authenticated && v.protocol == 17 && v.l4_offset == 20 + i * 24);
    }
    authentication4(&s);
    CU_ASSERT_EQUAL(shape_decode(&s, &v), QW_ERR_MALFORMED);
    struct shape later = shape_udp(QW_IPV4, 33);
    authentication4(&later);
    shape_fragment4(&later, 64, true);
    CU_ASSERT_EQUAL_FATAL(shape_decode(&later, &v), QW_OK);
    CU_ASSERT(v.kind == PACKET_FRAGMENT && v.hides_upper);
    struct shape plain = shape_udp(QW_IPV4, 33);
    shape_fragment4(&plain, 64, true);
    CU_ASSERT(shape_decode(&plain, &v) == QW_OK && !v.hides_upper);
}

void ip_suite(void)
{
    static const struct test TESTS[] = {
        {"IPv4 options are skipped", options_are_skipped},
        {"S7: an IPv4 header length that lies is malformed", a_header_length_that_lies_is_malformed},
        {"S7: an IP length that lies is malformed", an_ip_length_that_lies_is_malformed},
        {"other IP versions are malformed", other_versions_are_malformed},
        {"no bytes are no packet", no_bytes_are_no_packet},
        {"F6, O3, M1: DSCP, ECN, TTL and DF are read", marks_are_read},
        {"each IPv6 extension header is walked", each_extension_header_is_walked},
        {"a chain of extension headers is walked", a_chain_of_them_is_walked},
        {"S3: eight extension headers are walked, nine are malformed", eight_are_walked_nine_are_malformed},
        {"S7: an extension header past the packet is malformed", an_extension_past_the_packet_is_malformed},
        {"S7: an extension header into the padding is malformed", an_extension_into_the_padding_is_malformed},
        {"F3: UDP behind an authentication header of IPv4 is UDP", authentication_hides_no_udp_in_ipv4},
        {"other protocols are other, with their addresses", other_protocols_are_other},
    };
    TEST_SUITE("ip", TESTS);
}
