#include "suite.h"
#include "suites.h"
#include <quicward/base/addr.h>
#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* What is read, and how it is written again. */
struct written {
    const char *read, *written;
};

static void addresses_are_written_canonically(void)
{
    static const struct written CASES[] = {
        {"192.0.2.1", "192.0.2.1"},
        {"0.0.0.0", "0.0.0.0"},
        {"255.255.255.255", "255.255.255.255"},
        {"::", "::"},
        {"::1", "::1"},
        {"2001:0db8::0001", "2001:db8::1"},               /* 4.1 leading zeros */
        {"2001:db8:0:0:0:0:2:1", "2001:db8::2:1"},        /* 4.2.1 as short as possible */
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"}, /* 4.2.2 not for one field */
        {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},          /* 4.2.3 the longest run */
        {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},    /* 4.2.3 the first of equals */
        {"2001:DB8::ABCD", "2001:db8::abcd"},             /* 4.3 lower case */
        {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},         /* 5 mapped, and still IPv6 */
        {"2001:db8:aaaa:bbbb:cccc:dddd:eeee:1", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:1"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct qw_addr addr;
        enum qw_family family;
        char text[QW_ADDR_TEXT_MAX];
        CU_ASSERT_FATAL(qw_addr_parse(CASES[i].read, &addr, &family));
        CU_ASSERT_EQUAL(family, strchr(CASES[i].read, ':') ? QW_IPV6 : QW_IPV4);
        CU_ASSERT_STRING_EQUAL(qw_addr_text(&addr, family, text), CASES[i].written);
    }
}

static void ipv4_stands_in_the_last_bytes(void)
{
    static const uint8_t EXPECTED[16] = {[12] = 192, 0, 2, 1};
    static const uint8_t MAPPED[16] = {[10] = 0xff, 0xff, 192, 0, 2, 1};
    struct qw_addr v4 = qw_addr_v4(EXPECTED + 12), mapped = qw_addr_v6(MAPPED), parsed;
    enum qw_family family;
    CU_ASSERT(memcmp(v4.bytes, EXPECTED, 16) == 0);
    CU_ASSERT(qw_addr_parse("192.0.2.1", &parsed, &family) && qw_addr_equal(&parsed, &v4));
    CU_ASSERT(qw_addr_parse("::ffff:192.0.2.1", &parsed, &family) && qw_addr_equal(&parsed, &mapped));
    CU_ASSERT_FALSE(qw_addr_equal(&v4, &mapped));
}

static void wrong_addresses_are_refused(void)
{
    static const char *const WRONG[] = {
        "",
        " ",
        "192.0.2",
        "192.0.2.256",
        "192.0.2.01",
        "192.0.2.1 ",
        "0x7f.0.0.1",
        "192.0.2.1.",
        "1",
        "localhost",
        "2001:db8:::1",
        "::1::",
        "12345::",
        "fe80::1%eth0",
        "[::1]",
        "1:2:3:4:5:6:7:8:9",
        "192.0.2.1/24",
    };
    for (size_t i = 0; i < COUNT(WRONG); i++) {
        struct qw_addr addr = {{0xaa}}, before = addr;
        enum qw_family family = QW_IPV4;
        CU_ASSERT_FALSE(qw_addr_parse(WRONG[i], &addr, &family));
        CU_ASSERT(qw_addr_equal(&addr, &before) && family == QW_IPV4);
    }
}

static void endpoints_round_trip(void)
{
    static const char *const CASES[] = {"192.0.2.1:443", "[2001:db8::1]:443", "0.0.0.0:0", "[::]:65535"};
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct qw_endpoint ep;
        enum qw_family family;
        char text[QW_ENDPOINT_TEXT_MAX];
        CU_ASSERT_FATAL(qw_endpoint_parse(CASES[i], &ep, &family));
        CU_ASSERT_STRING_EQUAL(qw_endpoint_text(&ep, family, text), CASES[i]);
    }
}

static void the_longest_endpoint_fits(void)
{
    static const char LONGEST[] = "[2001:db08:1111:2222:3333:4444:5555:6666]:65535";
    struct qw_endpoint ep;
    enum qw_family family;
    char text[QW_ENDPOINT_TEXT_MAX];
    CU_ASSERT_FATAL(qw_endpoint_parse(LONGEST, &ep, &family));
    CU_ASSERT_STRING_EQUAL(qw_endpoint_text(&ep, family, text), LONGEST);
    CU_ASSERT_EQUAL(ep.port, 65535);
}

static void wrong_endpoints_are_refused(void)
{
    static const char *const WRONG[] = {
        "",
        "192.0.2.1",
        "192.0.2.1:",
        "192.0.2.1:65536",
        "192.0.2.1:4294967739", /* 443 modulo 2^32 */
        "192.0.2.1:+1",
        "192.0.2.1: 1",
        "192.0.2.1:01",
        "192.0.2.1:1x",
        ":443",
        "[192.0.2.1]:443",
        "2001:db8::1:443",
        "[2001:db8::1]",
        "[2001:db8::1]443",
        "[2001:db8::1:443",
        "[]:443",
        "[2001:db8:0000:0000:0000:0000:0000:0000:0000:0000:0000:0001]:443",
    };
    for (size_t i = 0; i < COUNT(WRONG); i++) {
        struct qw_endpoint ep = {.port = 7};
        enum qw_family family = QW_IPV6;
        CU_ASSERT_FALSE(qw_endpoint_parse(WRONG[i], &ep, &family));
        CU_ASSERT(ep.port == 7 && family == QW_IPV6);
    }
}

static void endpoints_have_an_order(void)
{
    struct qw_endpoint a = {.addr = {{1}}, .port = 9}, b = {.addr = {{2}}, .port = 1},
                       c = {.addr = {{2}}, .port = 2};
    CU_ASSERT(qw_endpoint_compare(&a, &b) < 0 && qw_endpoint_compare(&b, &a) > 0);
    CU_ASSERT(qw_endpoint_compare(&b, &c) < 0 && qw_endpoint_compare(&c, &b) > 0);
    CU_ASSERT_EQUAL(qw_endpoint_compare(&c, &c), 0);
}

static void prefixes_are_read_and_written(void)
{
    static const struct written CASES[] = {
        {"192.0.2.0/24", "192.0.2.0/24"},
        {"192.0.2.1", "192.0.2.1/32"},
        {"0.0.0.0/0", "0.0.0.0/0"},
        {"10.128.0.0/9", "10.128.0.0/9"},
        {"2001:db8::/32", "2001:db8::/32"},
        {"2001:db8::1", "2001:db8::1/128"},
        {"2001:db8:8000::/33", "2001:db8:8000::/33"},
        {"::/0", "::/0"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct qw_prefix prefix;
        char text[QW_PREFIX_TEXT_MAX];
        CU_ASSERT_FATAL(qw_prefix_parse(CASES[i].read, &prefix));
        CU_ASSERT_STRING_EQUAL(qw_prefix_text(&prefix, text), CASES[i].written);
    }
}

static void wrong_prefixes_are_refused(void)
{
    static const char *const WRONG[] = {
        "",
        "/24",
        "192.0.2.0/",
        "192.0.2.0/33",
        "192.0.2.0/024",
        "192.0.2.0/-1",
        "192.0.2.0/24/24",
        "192.0.2.1/24",
        "192.0.2.128/24",
        "0.0.0.1/0",
        "2001:db8::/129",
        "2001:db8::1/127",
        "2001:db8::/28",
    };
    for (size_t i = 0; i < COUNT(WRONG); i++) {
        struct qw_prefix prefix = {.bits = 77};
        CU_ASSERT_FALSE(qw_prefix_parse(WRONG[i], &prefix));
        CU_ASSERT_EQUAL(prefix.bits, 77);
    }
}

static bool contains(const char *prefix_text, const char *addr_text)
{
    struct qw_prefix prefix;
    struct qw_addr addr;
    enum qw_family family = QW_IPV4;
    CU_ASSERT_FATAL(qw_prefix_parse(prefix_text, &prefix) && qw_addr_parse(addr_text, &addr, &family));
    return qw_prefix_contains(&prefix, &addr, family);
}

static void prefixes_contain_what_they_should(void)
{
    CU_ASSERT(contains("192.0.2.0/24", "192.0.2.255"));
    CU_ASSERT_FALSE(contains("192.0.2.0/24", "192.0.3.0"));
    CU_ASSERT(contains("10.128.0.0/9", "10.255.0.1"));
    CU_ASSERT_FALSE(contains("10.128.0.0/9", "10.127.255.255"));
    CU_ASSERT(contains("192.0.2.1", "192.0.2.1"));
    CU_ASSERT_FALSE(contains("192.0.2.1", "192.0.2.0"));
    CU_ASSERT(contains("2001:db8::/33", "2001:db8:7fff::1"));
    CU_ASSERT_FALSE(contains("2001:db8::/33", "2001:db8:8000::1"));
    CU_ASSERT(contains("0.0.0.0/0", "203.0.113.9"));
}

static void a_prefix_keeps_to_its_family(void)
{
    CU_ASSERT_FALSE(contains("::/0", "192.0.2.1"));
    CU_ASSERT_FALSE(contains("0.0.0.0/0", "::1"));
    CU_ASSERT_FALSE(contains("0.0.0.0/0", "::ffff:192.0.2.1"));
}

void addr_suite(void)
{
    static const struct test TESTS[] = {
        {"RFC 5952: addresses are written in the canonical form", addresses_are_written_canonically},
        {"a mapped IPv6 address is not the IPv4 address", ipv4_stands_in_the_last_bytes},
        {"wrong addresses are refused and change nothing", wrong_addresses_are_refused},
        {"endpoints round trip", endpoints_round_trip},
        {"the longest endpoint fits its buffer", the_longest_endpoint_fits},
        {"wrong endpoints are refused and change nothing", wrong_endpoints_are_refused},
        {"endpoints are ordered by address, then port", endpoints_have_an_order},
        {"prefixes are read and written", prefixes_are_read_and_written},
        {"wrong prefixes are refused and change nothing", wrong_prefixes_are_refused},
        {"F2: a prefix contains its addresses and no others", prefixes_contain_what_they_should},
        {"F2: a prefix never matches the other family", a_prefix_keeps_to_its_family},
    };
    TEST_SUITE("addr", TESTS);
}
