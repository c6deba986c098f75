/* Every class of packet about which no error may be sent, and its neighbours about which one may. */
#include "sample.h"
#include "suite.h"
#include "suites.h"
#include <quicward/icmp.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define EXTENSION "00 01040000 0000"

struct pair {
    const char *from, *to;
    bool allowed;
};

static bool allowed(const struct sample *s)
{
    return icmp_error_allowed(s->bytes, s->len);
}

static void check_pairs(const struct pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct sample s = sample_between(pairs[i].from, pairs[i].to);
        if (allowed(&s) != pairs[i].allowed)
            CU_FAIL_FATAL(pairs[i].from);
    }
}

static void ipv4_destinations(void)
{
    static const struct pair PAIRS[] = {
        {CLIENT4, "223.255.255.255", true},
        {CLIENT4, "224.0.0.0", false},
        {CLIENT4, "224.0.0.251", false},
        {CLIENT4, "239.255.255.255", false},
        {CLIENT4, "240.0.0.0", true},
        {CLIENT4, "255.255.255.254", true},
        {CLIENT4, "255.255.255.255", false},
        {CLIENT4, "0.0.0.0", false},
        {CLIENT4, SERVER4, true},
    };
    check_pairs(PAIRS, COUNT(PAIRS));
}

static void ipv4_sources(void)
{
    static const struct pair PAIRS[] = {
        {"0.0.0.0", SERVER4, false},    {"0.255.255.255", SERVER4, false},
        {"1.0.0.0", SERVER4, true},     {"126.255.255.255", SERVER4, true},
        {"127.0.0.1", SERVER4, false},  {"127.255.255.255", SERVER4, false},
        {"128.0.0.0", SERVER4, true},   {"223.255.255.255", SERVER4, true},
        {"224.0.0.1", SERVER4, false},  {"239.255.255.255", SERVER4, false},
        {"240.0.0.1", SERVER4, false},  {"255.255.255.255", SERVER4, false},
        {"10.0.0.1", SERVER4, true},    {"100.64.0.1", SERVER4, true},
        {"192.168.1.2", SERVER4, true},
    };
    check_pairs(PAIRS, COUNT(PAIRS));
}

static void ipv6_destinations(void)
{
    static const struct pair PAIRS[] = {
        {CLIENT6, "ff00::", false}, {CLIENT6, "ff02::1", false}, {CLIENT6, "ff0e::1:2", false},
        {CLIENT6, "feff::1", true}, {CLIENT6, "fd00::1", true},  {CLIENT6, SERVER6, true},
    };
    check_pairs(PAIRS, COUNT(PAIRS));
}

static void ipv6_sources(void)
{
    static const struct pair PAIRS[] = {
        {"::", SERVER6, false},      {"::1", SERVER6, false},    {"::2", SERVER6, true},
        {"ff02::1", SERVER6, false}, {"feff::1", SERVER6, true}, {"fe80::1", SERVER6, true},
        {"fd00::1", SERVER6, true},
    };
    check_pairs(PAIRS, COUNT(PAIRS));
}

/* Echo, router discovery, timestamp, information, mask, extended echo; all else is an error or not known. */
static bool v4_query(unsigned type)
{
    return type == 0 || (type >= 8 && type <= 10) || (type >= 13 && type <= 18) || type == 42 || type == 43;
}

static void icmpv4_types(void)
{
    for (unsigned type = 0; type < 256; type++) {
        struct sample plain = sample_icmp(QW_IPV4, (uint8_t)type), first = plain, options = plain;
        sample_fragment(&first, 0, true);
        sample_options(&options, "94040000");
        CU_ASSERT_EQUAL(allowed(&plain), v4_query(type));
        CU_ASSERT_EQUAL(allowed(&first), v4_query(type));
        CU_ASSERT_EQUAL(allowed(&options), v4_query(type));
    }
}

/* 0 to 127 are errors whether known or not (RFC 4443 2.1); 137 is the redirect of 2.4 e.2. */
static void icmpv6_types(void)
{
    for (unsigned type = 0; type < 256; type++) {
        struct sample plain = sample_icmp(QW_IPV6, (uint8_t)type), first = plain, extended = plain;
        sample_fragment(&first, 0, true);
        sample_extend(&extended, 60, EXTENSION);
        sample_extend(&extended, 0, EXTENSION);
        bool expected = type >= 128 && type != 137;
        CU_ASSERT_EQUAL(allowed(&plain), expected);
        CU_ASSERT_EQUAL(allowed(&first), expected);
        CU_ASSERT_EQUAL(allowed(&extended), expected);
    }
}

/* Without its type it may be an error. */
static void icmp_cut_before_its_type(void)
{
    struct sample v4 = sample_icmp(QW_IPV4, 8), v6 = sample_icmp(QW_IPV6, 128);
    CU_ASSERT(icmp_error_allowed(v4.bytes, 24));
    CU_ASSERT_FALSE(icmp_error_allowed(v4.bytes, 20));
    CU_ASSERT(icmp_error_allowed(v6.bytes, 44));
    CU_ASSERT_FALSE(icmp_error_allowed(v6.bytes, 40));
}

static bool fragment_allowed(enum qw_family family, unsigned offset, bool more)
{
    struct sample s = sample_udp(family, 100);
    sample_fragment(&s, offset, more);
    return allowed(&s);
}

static void fragments(void)
{
    static const enum qw_family FAMILIES[] = {QW_IPV4, QW_IPV6};
    for (unsigned i = 0; i < 2; i++) {
        CU_ASSERT(fragment_allowed(FAMILIES[i], 0, true));
        CU_ASSERT(fragment_allowed(FAMILIES[i], 0, false));
        CU_ASSERT_FALSE(fragment_allowed(FAMILIES[i], 8, true));
        CU_ASSERT_FALSE(fragment_allowed(FAMILIES[i], 8, false));
        CU_ASSERT_FALSE(fragment_allowed(FAMILIES[i], 1480, false));
    }
}

static bool allowed_with(enum qw_family family, size_t at, uint8_t value)
{
    struct sample s = sample_udp(family, 100);
    s.bytes[at] = value;
    return allowed(&s);
}

/* RFC 1812 4.3.2.7: a header that fails validation earns nothing. */
static void broken_headers(void)
{
    CU_ASSERT(allowed_with(QW_IPV4, 0, 0x45) && allowed_with(QW_IPV6, 0, 0x60));
    CU_ASSERT_FALSE(allowed_with(QW_IPV4, 0, 0x55)); /* version */
    CU_ASSERT_FALSE(allowed_with(QW_IPV4, 0, 0x44)); /* header length below 20 */
    CU_ASSERT_FALSE(allowed_with(QW_IPV4, 3, 19));   /* total length below the header's */
    CU_ASSERT_FALSE(allowed_with(QW_IPV4, 25, 7));   /* UDP length below its header's */
    CU_ASSERT_FALSE(allowed_with(QW_IPV6, 5, 7));    /* payload length below UDP's header */
    CU_ASSERT_FALSE(allowed_with(QW_IPV6, 0, 0));
    struct sample chain = sample_udp(QW_IPV6, 100);
    for (unsigned i = 0; i < 9; i++)
        sample_extend(&chain, 60, EXTENSION);
    CU_ASSERT_FALSE(allowed(&chain));
}

void judge_suite(void)
{
    static const struct test TESTS[] = {
        {"M3: IPv4 multicast and broadcast destinations (RFC 1812 4.3.2.7)", ipv4_destinations},
        {"M3: IPv4 sources that are no single host (RFC 1812 4.3.2.7, 5.3.7)", ipv4_sources},
        {"M3: IPv6 multicast destinations (RFC 4443 2.4 e.3)", ipv6_destinations},
        {"M3: IPv6 sources that are no single node (RFC 4443 2.4 e.6)", ipv6_sources},
        {"M3: ICMP errors, redirects and unknown types (RFC 1812 4.3.2.7)", icmpv4_types},
        {"M3: ICMPv6 errors and redirects (RFC 4443 2.4 e.1, e.2)", icmpv6_types},
        {"M3: ICMP cut before its type", icmp_cut_before_its_type},
        {"M3: fragments but the first (RFC 1812 4.3.2.7)", fragments},
        {"M3: broken headers (RFC 1812 4.3.2.7)", broken_headers},
    };
    TEST_SUITE("judge", TESTS);
}
