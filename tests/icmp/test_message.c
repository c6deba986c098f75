/* The bytes of the messages: header, quote, checksum. */
#include "hex.h"
#include "packets.h"
#include "sample.h"
#include "suite.h"
#include "suites.h"
#include <quicward/icmp.h>
#include <quicward/packet.h>
#include <string.h>

#define OPTIONS "94040000 01010101"
#define OPTIONS_40 OPTIONS OPTIONS OPTIONS OPTIONS OPTIONS
#define EXTENSION "00 01040000 0000"

/* What the eight bytes before the quote say but for the checksum. */
struct expected {
    const char *header; /* hex, checksum zero */
    size_t quoted;
};

static bool goes_to_sender(const struct icmp_message *m, const struct sample *s)
{
    bool v4 = m->family == QW_IPV4;
    struct qw_addr source = v4 ? qw_addr_v4(s->bytes + 12) : qw_addr_v6(s->bytes + 8);
    return m->family == s->bytes[0] >> 4 && qw_addr_equal(&m->to, &source);
}

static void check(const struct icmp_message *m, const struct sample *s, struct expected expected)
{
    uint8_t header[8];
    CU_ASSERT_EQUAL_FATAL(test_hex(expected.header, header, sizeof(header)), sizeof(header));
    CU_ASSERT(goes_to_sender(m, s));
    CU_ASSERT_EQUAL_FATAL(m->len, sizeof(header) + expected.quoted);
    CU_ASSERT_EQUAL(memcmp(m->bytes, header, 2), 0);
    CU_ASSERT_EQUAL(memcmp(m->bytes + 4, header + 4, 4), 0);
    CU_ASSERT_EQUAL(memcmp(m->bytes + 8, s->bytes, expected.quoted), 0);
    if (m->family == QW_IPV4)
        CU_ASSERT_EQUAL(sample_sum(m->bytes, m->len), 0xffff)
    else
        CU_ASSERT(m->bytes[2] == 0 && m->bytes[3] == 0);
}

static void prohibited(const struct sample *s, size_t captured, struct expected expected)
{
    struct icmp_message m;
    memset(&m, 0xa5, sizeof(m));
    CU_ASSERT_EQUAL_FATAL(icmp_prohibited(s->bytes, captured, &m), QW_OK);
    check(&m, s, expected);
}

static void host_unreachable(const struct sample *s, size_t captured, struct expected expected)
{
    struct icmp_message m;
    memset(&m, 0xa5, sizeof(m));
    CU_ASSERT_EQUAL_FATAL(icmp_host_unreachable(s->bytes, captured, &m), QW_OK);
    check(&m, s, expected);
}

static void too_big(const struct sample *s, size_t captured, uint32_t mtu, struct expected expected)
{
    struct icmp_message m;
    memset(&m, 0xa5, sizeof(m));
    CU_ASSERT_EQUAL_FATAL(icmp_too_big(s->bytes, captured, mtu, &m), QW_OK);
    check(&m, s, expected);
}

static void types_and_codes(void)
{
    struct sample v4 = sample_udp(QW_IPV4, 100), v6 = sample_udp(QW_IPV6, 100);
    prohibited(&v4, 100, (struct expected){"03 0d 0000 00000000", 100});
    prohibited(&v6, 100, (struct expected){"01 01 0000 00000000", 100});
    too_big(&v4, 100, 1400, (struct expected){"03 04 0000 00000578", 100});
    too_big(&v6, 100, 1400, (struct expected){"02 00 0000 00000578", 100});
}

/* RFC 6888 REQ-11: what the sender hears when its NAT has no mapping left for it. */
static void limits_met(void)
{
    struct sample v4 = sample_udp(QW_IPV4, 1500), v6 = sample_udp(QW_IPV6, 1500);
    host_unreachable(&v4, 1500, (struct expected){"03 01 0000 00000000", 576 - 28});
    host_unreachable(&v6, 1500, (struct expected){"01 03 0000 00000000", 1280 - 48});
    host_unreachable(&v4, 28, (struct expected){"03 01 0000 00000000", 28});
    host_unreachable(&v6, 48, (struct expected){"01 03 0000 00000000", 48});
    sample_options(&v4, OPTIONS);
    host_unreachable(&v4, 60, (struct expected){"03 01 0000 00000000", 60});
}

/* ICMPv4 has 16 bits for it, and the 16 before must be zero. */
static void mtu_field(void)
{
    struct sample v4 = sample_udp(QW_IPV4, 100), v6 = sample_udp(QW_IPV6, 100);
    too_big(&v4, 100, 1280, (struct expected){"03 04 0000 00000500", 100});
    too_big(&v4, 100, 65535, (struct expected){"03 04 0000 0000ffff", 100});
    too_big(&v4, 100, 65536, (struct expected){"03 04 0000 0000ffff", 100});
    too_big(&v4, 100, UINT32_MAX, (struct expected){"03 04 0000 0000ffff", 100});
    too_big(&v6, 100, 65536, (struct expected){"02 00 0000 00010000", 100});
    too_big(&v6, 100, UINT32_MAX, (struct expected){"02 00 0000 ffffffff", 100});
}

/* With the IP header that a raw socket adds, 20 or 40 bytes, and the eight of ICMP. */
static void quote_fits_576(void)
{
    for (size_t total = 540; total <= 560; total++) {
        struct sample s = sample_udp(QW_IPV4, total);
        struct expected e = {"03 04 0000 00000578", total < 548 ? total : 548};
        too_big(&s, total, 1400, e);
        CU_ASSERT(20 + 8 + e.quoted <= 576);
    }
    struct sample s = sample_udp(QW_IPV4, 1500);
    too_big(&s, 1500, 1400, (struct expected){"03 04 0000 00000578", 576 - 28});
    prohibited(&s, 1500, (struct expected){"03 0d 0000 00000000", 576 - 28});
}

static void quote_fits_1280(void)
{
    for (size_t total = 1225; total <= 1240; total++) {
        struct sample s = sample_udp(QW_IPV6, total);
        struct expected e = {"02 00 0000 00000578", total < 1232 ? total : 1232};
        too_big(&s, total, 1400, e);
        CU_ASSERT(40 + 8 + e.quoted <= 1280);
    }
    struct sample s = sample_udp(QW_IPV6, 1500);
    too_big(&s, 1500, 1400, (struct expected){"02 00 0000 00000578", 1280 - 48});
    prohibited(&s, 1500, (struct expected){"01 01 0000 00000000", 1280 - 48});
}

/* The length fields stay as sent: a host that counts must see that the quote was cut. */
static void quote_is_what_was_captured(void)
{
    struct sample v4 = sample_udp(QW_IPV4, 1500), v6 = sample_udp(QW_IPV6, 1500);
    for (size_t captured = 28; captured <= 128; captured++)
        too_big(&v4, captured, 1400, (struct expected){"03 04 0000 00000578", captured});
    for (size_t captured = 48; captured <= 148; captured++)
        too_big(&v6, captured, 1400, (struct expected){"02 00 0000 00000578", captured});
    prohibited(&v4, 28, (struct expected){"03 0d 0000 00000000", 28});
    prohibited(&v6, 48, (struct expected){"01 01 0000 00000000", 48});
}

static void padding_is_not_quoted(void)
{
    struct sample v4 = sample_udp(QW_IPV4, 40), v6 = sample_udp(QW_IPV6, 60);
    memset(v4.bytes + 40, 0xee, 20);
    memset(v6.bytes + 60, 0xee, 20);
    too_big(&v4, 60, 1400, (struct expected){"03 04 0000 00000578", 40});
    prohibited(&v6, 80, (struct expected){"01 01 0000 00000000", 60});
}

static void ipv4_options(void)
{
    struct sample s = sample_udp(QW_IPV4, 1400), small = sample_udp(QW_IPV4, 50);
    sample_options(&s, OPTIONS_40);
    sample_options(&small, OPTIONS);
    too_big(&s, s.len, 1400, (struct expected){"03 04 0000 00000578", 548});
    prohibited(&small, small.len, (struct expected){"03 0d 0000 00000000", 58});
}

static void ipv6_extension_headers(void)
{
    struct sample s = sample_udp(QW_IPV6, 1400), small = sample_udp(QW_IPV6, 60);
    sample_extend(&s, 60, EXTENSION);
    sample_extend(&s, 43, EXTENSION);
    sample_extend(&s, 0, EXTENSION);
    sample_extend(&small, 0, EXTENSION);
    too_big(&s, s.len, 1400, (struct expected){"02 00 0000 00000578", 1232});
    prohibited(&small, small.len, (struct expected){"01 01 0000 00000000", 68});
}

/* The quote needs nothing of the protocol, and path MTU discovery of TCP and IPsec does need the message. */
static void other_protocols(void)
{
    struct sample tcp = sample_udp(QW_IPV4, 100), esp = sample_udp(QW_IPV6, 100);
    tcp.bytes[9] = 6;
    esp.bytes[6] = 50;
    too_big(&tcp, 100, 1400, (struct expected){"03 04 0000 00000578", 100});
    too_big(&esp, 100, 1400, (struct expected){"02 00 0000 00000578", 100});
}

/* Over even and odd lengths, and bytes whose sum carries. */
static void checksums(void)
{
    struct icmp_message m;
    for (size_t len = 28; len < 600; len++) {
        struct sample s = sample_udp(QW_IPV4, 700);
        memset(s.bytes + 28, len % 3 == 0 ? 0xff : (int)(len & 0xff), 672);
        CU_ASSERT_EQUAL_FATAL(icmp_too_big(s.bytes, len, (uint32_t)len * 89, &m), QW_OK);
        CU_ASSERT_EQUAL(sample_sum(m.bytes, m.len), 0xffff);
        CU_ASSERT_EQUAL_FATAL(icmp_prohibited(s.bytes, len, &m), QW_OK);
        CU_ASSERT_EQUAL(sample_sum(m.bytes, m.len), 0xffff);
    }
}

/* Puts `m` behind the IP header that the kernel would add, and reads it as the sender of `s` does. */
static void read_back(const struct sample *s, const struct icmp_message *m, struct packet_view *view)
{
    uint8_t packet[SAMPLE_MAX];
    bool v4 = m->family == QW_IPV4;
    size_t quoted = m->len - 8u, header = v4 ? 20 : 40;
    size_t len = test_icmp_error(packet, sizeof(packet), v4 ? "203.0.113.254" : "2001:db8::fe", m->bytes[0],
                                 m->bytes[1], 1400, s->bytes, s->len, quoted);
    CU_ASSERT_EQUAL_FATAL(len, header + m->len);
    memcpy(packet + header, m->bytes, m->len);
    CU_ASSERT_EQUAL_FATAL(packet_decode(packet, len, (uint32_t)len, view), QW_OK);
}

/* RFC 9000 14.2.1: an endpoint takes a message only when the quoted addresses and ports are its own. */
static void the_sender_recognizes_it(void)
{
    static const enum qw_family FAMILIES[] = {QW_IPV4, QW_IPV6};
    for (unsigned i = 0; i < 2; i++) {
        struct sample s = sample_udp(FAMILIES[i], 1450);
        struct packet_view sent, back;
        struct icmp_message m;
        CU_ASSERT_EQUAL_FATAL(packet_decode(s.bytes, s.len, (uint32_t)s.len, &sent), QW_OK);
        CU_ASSERT_EQUAL_FATAL(icmp_too_big(s.bytes, s.len, 1400, &m), QW_OK);
        read_back(&s, &m, &back);
        CU_ASSERT(back.kind == PACKET_ICMP_ERROR && back.icmp.mtu == 1400 && back.icmp.quote.is_udp);
        CU_ASSERT_EQUAL(qw_endpoint_compare(&back.icmp.quote.tuple.src, &sent.tuple.src), 0);
        CU_ASSERT_EQUAL(qw_endpoint_compare(&back.icmp.quote.tuple.dst, &sent.tuple.dst), 0);
    }
}

static void fails(const uint8_t *packet, size_t len, enum qw_error error)
{
    struct icmp_message m, before;
    memset(&m, 0xa5, sizeof(m));
    before = m;
    CU_ASSERT_EQUAL(icmp_prohibited(packet, len, &m), error);
    CU_ASSERT_EQUAL(icmp_host_unreachable(packet, len, &m), error);
    CU_ASSERT_EQUAL(icmp_too_big(packet, len, 1400, &m), error);
    CU_ASSERT_FALSE(icmp_error_allowed(packet, len));
    CU_ASSERT_EQUAL(memcmp(&m, &before, sizeof(m)), 0);
}

static void errors(void)
{
    struct sample v4 = sample_udp(QW_IPV4, 100), v6 = sample_udp(QW_IPV6, 100);
    struct sample reply = sample_icmp(QW_IPV4, 3);
    fails(NULL, 0, QW_ERR_TRUNCATED);
    for (size_t len = 0; len < 28; len++)
        fails(v4.bytes, len, QW_ERR_TRUNCATED);
    for (size_t len = 0; len < 48; len++)
        fails(v6.bytes, len, QW_ERR_TRUNCATED);
    fails(reply.bytes, reply.len, QW_ERR_INVALID);
}

void message_suite(void)
{
    static const struct test TESTS[] = {
        {"M2, F2: types and codes (RFC 1812 5.2.7.1, 1191 4, 4443 3.1, 3.2)", types_and_codes},
        {"N10: host or address unreachable (RFC 6888 REQ-11)", limits_met},
        {"M2: the limit is the next-hop MTU, 16 or 32 bits of it", mtu_field},
        {"M2, F2: IPv4 quotes unchanged what fits 576 (RFC 1812 4.3.2.3)", quote_fits_576},
        {"M2, F2: IPv6 quotes unchanged what fits 1280 (RFC 4443 2.4 c)", quote_fits_1280},
        {"M2, F2: a quote ends where the capture does", quote_is_what_was_captured},
        {"M2, F2: link padding is not quoted", padding_is_not_quoted},
        {"M2, F2: IPv4 options are quoted (RFC 791)", ipv4_options},
        {"M2, F2: IPv6 extension headers are quoted (RFC 8200)", ipv6_extension_headers},
        {"M2: protocols other than UDP", other_protocols},
        {"M2, F2: ICMPv4 checksums (RFC 792, 1071)", checksums},
        {"M2: the sender finds its 5-tuple in the quote (RFC 9000 14.2.1)", the_sender_recognizes_it},
        {"M3: cut or refused packets give no message", errors},
    };
    TEST_SUITE("message", TESTS);
}
