#include "shape.h"
#include "suite.h"
#include "suites.h"

#define DESTINATION "00 01040000 0000" /* PadN: 8 bytes */

static struct packet_view decoded(const struct shape *s)
{
    struct packet_view v;
    CU_ASSERT_EQUAL_FATAL(shape_decode(s, &v), QW_OK);
    return v;
}

static void an_ipv4_error_names_the_packet_it_is_about(void)
{
    struct shape udp = shape_udp(QW_IPV4, 1200), s = shape_icmp(3, 3, 0, &udp, 28);
    struct packet_view v = decoded(&s);
    const struct packet_quote *quote = &v.icmp.quote;
    CU_ASSERT(v.kind == PACKET_ICMP_ERROR && v.protocol == 1 && v.l4_offset == 20);
    CU_ASSERT(endpoint_is(&v.tuple.src, QW_IPV4, "203.0.113.254:0"));
    CU_ASSERT(endpoint_is(&v.tuple.dst, QW_IPV4, "192.0.2.10:0"));
    CU_ASSERT(v.icmp.type == 3 && v.icmp.code == 3 && v.icmp.mtu == 0);
    CU_ASSERT(quote->is_udp && quote->offset == 28 && quote->l4_offset == 48);
    CU_ASSERT(quote->tuple.family == QW_IPV4 && endpoint_is(&quote->tuple.src, QW_IPV4, CLIENT4));
    CU_ASSERT(endpoint_is(&quote->tuple.dst, QW_IPV4, SERVER4));
}

static void an_ipv6_error_names_the_packet_it_is_about(void)
{
    struct shape udp = shape_udp(QW_IPV6, 1200), s = shape_icmp(1, 4, 0, &udp, 1232);
    struct packet_view v = decoded(&s);
    const struct packet_quote *quote = &v.icmp.quote;
    CU_ASSERT(v.kind == PACKET_ICMP_ERROR && v.protocol == 58 && v.l4_offset == 40);
    CU_ASSERT(v.icmp.type == 1 && v.icmp.code == 4 && v.icmp.mtu == 0);
    CU_ASSERT(quote->is_udp && quote->offset == 48 && quote->l4_offset == 88);
    CU_ASSERT(quote->tuple.family == QW_IPV6 && endpoint_is(&quote->tuple.src, QW_IPV6, CLIENT6));
    CU_ASSERT(endpoint_is(&quote->tuple.dst, QW_IPV6, SERVER6));
}

static void the_mtu_is_read_where_there_is_one(void)
{
    struct shape udp4 = shape_udp(QW_IPV4, 100), udp6 = shape_udp(QW_IPV6, 100);
    struct shape needed = shape_icmp(3, 4, 0xabcd0000u | 1400, &udp4, 28);
    struct shape unreachable = shape_icmp(3, 1, 1400, &udp4, 28),
                 exceeded = shape_icmp(11, 4, 1400, &udp4, 28);
    struct shape too_big = shape_icmp(2, 0, 0x10000 + 1280, &udp6, 48),
                 unreachable6 = shape_icmp(1, 4, 1280, &udp6, 48);
    CU_ASSERT_EQUAL(decoded(&needed).icmp.mtu, 1400);
    CU_ASSERT_EQUAL(decoded(&unreachable).icmp.mtu, 0);
    CU_ASSERT_EQUAL(decoded(&exceeded).icmp.mtu, 0);
    CU_ASSERT_EQUAL(decoded(&too_big).icmp.mtu, 0x10000 + 1280);
    CU_ASSERT_EQUAL(decoded(&unreachable6).icmp.mtu, 0);
}

static bool is_error_type(enum qw_family family, uint8_t type)
{
    struct shape udp = shape_udp(family, 100), s = shape_icmp(type, 0, 0, &udp, 60);
    struct packet_view v = decoded(&s);
    CU_ASSERT(v.kind == PACKET_ICMP_ERROR ? v.icmp.quote.is_udp : v.kind == PACKET_OTHER);
    CU_ASSERT_EQUAL(v.l4_offset, family == QW_IPV4 ? 20 : 40);
    return v.kind == PACKET_ICMP_ERROR;
}

static void errors_and_no_others_are_errors(void)
{
    for (unsigned type = 0; type < 256; type++) {
        bool error4 = type == 3 || type == 4 || type == 11 || type == 12;
        CU_ASSERT_EQUAL(is_error_type(QW_IPV4, (uint8_t)type), error4);
        CU_ASSERT_EQUAL(is_error_type(QW_IPV6, (uint8_t)type), type <= 127);
    }
}

static void a_quote_may_be_cut_after_the_ports(void)
{
    struct shape udp4 = shape_udp(QW_IPV4, 100), udp6 = shape_udp(QW_IPV6, 100);
    for (size_t quoted = 0; quoted <= 48; quoted++) {
        struct shape s4 = shape_icmp(3, 3, 0, &udp4, quoted), s6 = shape_icmp(1, 4, 0, &udp6, quoted);
        struct packet_view v4 = decoded(&s4), v6 = decoded(&s6);
        CU_ASSERT(v4.kind == PACKET_ICMP_ERROR && v4.icmp.quote.is_udp == (quoted >= 24));
        CU_ASSERT(v6.kind == PACKET_ICMP_ERROR && v6.icmp.quote.is_udp == (quoted >= 44));
        CU_ASSERT(v4.icmp.quote.offset == 28 && v6.icmp.quote.offset == 48);
        CU_ASSERT_EQUAL(v4.icmp.quote.l4_offset, quoted >= 24 ? 48 : 0);
    }
}

static void a_quote_ends_with_the_ip_length(void)
{
    struct shape udp = shape_udp(QW_IPV4, 100), s = shape_icmp(3, 3, 0, &udp, 60);
    shape_set16(&s, 2, 28 + 22); /* the quoted ports are now link padding */
    CU_ASSERT_FALSE(decoded(&s).icmp.quote.is_udp);
}

static void a_quote_may_be_cut_by_the_capture(void)
{
    struct shape udp = shape_udp(QW_IPV4, 100), s = shape_icmp(3, 3, 0, &udp, 60);
    struct packet_view v;
    CU_ASSERT_EQUAL(packet_decode(s.bytes, 28 + 24, (uint32_t)s.len, &v), QW_OK);
    CU_ASSERT(v.kind == PACKET_ICMP_ERROR && v.icmp.quote.is_udp);
    CU_ASSERT_EQUAL(packet_decode(s.bytes, 28 + 23, (uint32_t)s.len, &v), QW_OK);
    CU_ASSERT(v.kind == PACKET_ICMP_ERROR && !v.icmp.quote.is_udp);
    CU_ASSERT_EQUAL(packet_decode(s.bytes, 27, (uint32_t)s.len, &v), QW_ERR_TRUNCATED);
}

static void an_error_without_its_header_is_malformed(void)
{
    struct shape udp = shape_udp(QW_IPV4, 100), s = shape_icmp(3, 3, 0, &udp, 60);
    struct packet_view v;
    shape_set16(&s, 2, 27);
    CU_ASSERT_EQUAL(shape_decode(&s, &v), QW_ERR_MALFORMED);
    CU_ASSERT_EQUAL(v.kind, PACKET_OTHER);
}

static void quoted_options_and_extensions_are_walked(void)
{
    struct shape udp4 = shape_udp(QW_IPV4, 100), udp6 = shape_udp(QW_IPV6, 100);
    shape_options(&udp4, "94040000 01010101");
    shape_extend(&udp6, 60, DESTINATION);
    shape_extend(&udp6, 0, DESTINATION);
    struct shape s4 = shape_icmp(12, 0, 0, &udp4, 36), s6 = shape_icmp(4, 0, 0, &udp6, 64);
    shape_extend(&s6, 60, DESTINATION);
    struct packet_view v4 = decoded(&s4), v6 = decoded(&s6);
    CU_ASSERT(v4.icmp.quote.is_udp && v4.icmp.quote.l4_offset == 28 + 28);
    CU_ASSERT(endpoint_is(&v4.icmp.quote.tuple.dst, QW_IPV4, SERVER4));
    CU_ASSERT(v6.icmp.quote.is_udp && v6.icmp.quote.offset == 56 && v6.icmp.quote.l4_offset == 56 + 56);
    CU_ASSERT(endpoint_is(&v6.icmp.quote.tuple.src, QW_IPV6, CLIENT6));
}

static void a_quoted_fragment_has_ports_only_if_first(void)
{
    struct shape first = shape_udp(QW_IPV4, 100), later = first;
    struct shape first6 = shape_udp(QW_IPV6, 100), later6 = first6;
    shape_fragment4(&first, 0, true);
    shape_fragment4(&later, 1480, false);
    shape_extend(&first6, 44, "00 0001 00000001");
    shape_extend(&later6, 44, "00 05a8 00000001");
    struct shape s = shape_icmp(11, 1, 0, &first, 28);
    CU_ASSERT(decoded(&s).icmp.quote.is_udp);
    s = shape_icmp(11, 1, 0, &later, 28);
    CU_ASSERT(decoded(&s).kind == PACKET_ICMP_ERROR && !decoded(&s).icmp.quote.is_udp);
    s = shape_icmp(3, 1, 0, &first6, 56);
    CU_ASSERT(decoded(&s).icmp.quote.is_udp);
    s = shape_icmp(3, 1, 0, &later6, 56);
    CU_ASSERT(decoded(&s).kind == PACKET_ICMP_ERROR && !decoded(&s).icmp.quote.is_udp);
}

static void quotes_of_anything_else_are_no_udp(void)
{
    struct shape tcp = shape_udp(QW_IPV4, 100), udp6 = shape_udp(QW_IPV6, 100), s;
    tcp.bytes[9] = 6;
    s = shape_icmp(3, 3, 0, &tcp, 60);
    CU_ASSERT(decoded(&s).kind == PACKET_ICMP_ERROR && !decoded(&s).icmp.quote.is_udp);
    tcp.bytes[9] = 17;
    s = shape_icmp(3, 3, 0, &tcp, 100);
    for (size_t i = 0; i < 100; i++) /* an IPv6 packet in an IPv4 error */
        s.bytes[28 + i] = udp6.bytes[i];
    CU_ASSERT(decoded(&s).kind == PACKET_ICMP_ERROR && !decoded(&s).icmp.quote.is_udp);
    s.bytes[28] = 0x44; /* a header shorter than the shortest */
    CU_ASSERT_FALSE(decoded(&s).icmp.quote.is_udp);
}

/* UDP whose ports are cut off is not other; nor is what nobody can tell. */
static void other_protocols_are_told_from_what_is_cut(void)
{
    struct shape udp4 = shape_udp(QW_IPV4, 100), udp6 = shape_udp(QW_IPV6, 100), tcp4 = udp4, tcp6 = udp6;
    tcp4.bytes[9] = 6;
    tcp6.bytes[6] = 6;
    for (size_t quoted = 0; quoted <= 60; quoted++) {
        struct shape u4 = shape_icmp(3, 3, 0, &udp4, quoted), t4 = shape_icmp(3, 3, 0, &tcp4, quoted);
        struct shape u6 = shape_icmp(127, 0, 0, &udp6, quoted), t6 = shape_icmp(2, 0, 0, &tcp6, quoted);
        CU_ASSERT(!decoded(&u4).icmp.quote.is_other && !decoded(&u6).icmp.quote.is_other);
        CU_ASSERT_EQUAL(decoded(&t4).icmp.quote.is_other, quoted >= 20);
        CU_ASSERT_EQUAL(decoded(&t6).icmp.quote.is_other, quoted >= 40);
    }
    struct shape hidden = udp6;
    shape_extend(&hidden, 44, "00 0100 00000001");
    hidden.bytes[40] = 60; /* the first fragment has destination options */
    struct shape error = shape_icmp(1, 0, 0, &hidden, 60);
    CU_ASSERT(!decoded(&error).icmp.quote.is_udp && !decoded(&error).icmp.quote.is_other);
}

static void a_quoted_length_is_not_judged(void)
{
    struct shape udp = shape_udp(QW_IPV4, 100), s = shape_icmp(3, 3, 0, &udp, 28);
    shape_set16(&s, 28 + 2, 0);
    CU_ASSERT(decoded(&s).icmp.quote.is_udp);
}

void icmp_suite(void)
{
    static const struct test TESTS[] = {
        {"N7: an ICMP error names the packet it is about", an_ipv4_error_names_the_packet_it_is_about},
        {"N7: an ICMPv6 error names the packet it is about", an_ipv6_error_names_the_packet_it_is_about},
        {"M5: the MTU is read where there is one", the_mtu_is_read_where_there_is_one},
        {"N7: errors and no other types are errors", errors_and_no_others_are_errors},
        {"N7: a quote may be cut after the ports", a_quote_may_be_cut_after_the_ports},
        {"S7: a quote ends with the IP length", a_quote_ends_with_the_ip_length},
        {"a quote may be cut by the capture", a_quote_may_be_cut_by_the_capture},
        {"S7: an error without its own header is malformed", an_error_without_its_header_is_malformed},
        {"N7: quoted options and extension headers are walked", quoted_options_and_extensions_are_walked},
        {"N7: a quoted fragment has ports only if it is the first",
         a_quoted_fragment_has_ports_only_if_first},
        {"N7: quotes of anything else are no UDP", quotes_of_anything_else_are_no_udp},
        {"F3: a quote of another protocol is told from one that is cut",
         other_protocols_are_told_from_what_is_cut},
        {"N7: the quoted length is not judged", a_quoted_length_is_not_judged},
    };
    TEST_SUITE("icmp", TESTS);
}
