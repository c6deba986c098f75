#include "suite.h"
#include "suites.h"
#include <quicward/base/owners.h>
#include <stdio.h>
#include <stdlib.h>

static const struct qw_hash_key KEY = {11, 12};

static struct qw_addr addr(const char *text)
{
    struct qw_addr out;
    CU_ASSERT_TRUE_FATAL(qw_addr_parse(text, &out, &(enum qw_family){0}));
    return out;
}

static struct qw_addr host(unsigned number)
{
    return qw_addr_v4(
        (const uint8_t[4]){10, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number});
}

/* By a hash alone. */
static struct qw_owners *hashed(unsigned count)
{
    struct qw_addr addresses[QW_OWNERS_MAX];
    for (unsigned i = 0; i < count; i++)
        addresses[i] = qw_addr_v4((const uint8_t[4]){198, 51, 100, (uint8_t)(200 - i)});
    struct qw_owners *owners =
        qw_owners_new(&(struct qw_owners_options){.count = count, .addresses = addresses, .key = KEY});
    CU_ASSERT_PTR_NOT_NULL_FATAL(owners);
    return owners;
}

static unsigned owner4(const struct qw_owners *owners, unsigned number)
{
    struct qw_addr addr = host(number);
    return qw_owner_of_host(owners, &addr, QW_IPV4);
}

static void hosts_are_spread(void)
{
    static const unsigned COUNTS[] = {1, 2, 3, 16, QW_OWNERS_MAX};
    for (unsigned c = 0; c < sizeof COUNTS / sizeof COUNTS[0]; c++) {
        struct qw_owners *owners = hashed(COUNTS[c]);
        unsigned hosts[QW_OWNERS_MAX] = {0};
        for (unsigned i = 0; i < 1000 * COUNTS[c]; i++) {
            unsigned owner = owner4(owners, i);
            CU_ASSERT_FATAL(owner < COUNTS[c]);
            hosts[owner]++;
        }
        for (unsigned i = 0; i < COUNTS[c]; i++)
            CU_ASSERT_TRUE(hosts[i] > 850 && hosts[i] < 1150); /* 32 is one standard deviation */
        qw_owners_free(owners);
    }
}

/* Only the ones that the new owner gets change theirs. */
static void one_more_owner_takes_its_share_alone(void)
{
    struct qw_owners *before = hashed(4), *after = hashed(5);
    unsigned moved = 0;
    for (unsigned i = 0; i < 10000; i++) {
        unsigned was = owner4(before, i), is = owner4(after, i);
        CU_ASSERT_TRUE(is == was || is == 4);
        moved += is != was;
    }
    CU_ASSERT_TRUE(moved > 1800 && moved < 2200);
    qw_owners_free(before);
    qw_owners_free(after);
}

/* Routers of two releases, or of two machines, must not differ. The hosts 10.0.0.0, .1, ... made with SipHash
 * and the algorithm in floating point, in another language. */
static void the_hash_is_written_down(void)
{
    static const unsigned OWNERS[] = {15, 3, 0, 4, 8, 13, 12, 0, 8, 10, 10, 7};
    struct qw_owners *owners = hashed(16);
    for (unsigned i = 0; i < sizeof OWNERS / sizeof OWNERS[0]; i++)
        CU_ASSERT_EQUAL(owner4(owners, i), OWNERS[i]);
    qw_owners_free(owners);
}

static void addresses_are_found(void)
{
    struct qw_owners *owners = hashed(3);
    struct qw_addr at = addr("198.51.100.199"), other = addr("198.51.100.201"), none = addr("0.0.0.0");
    CU_ASSERT_EQUAL(qw_owners_count(owners), 3);
    CU_ASSERT_EQUAL(qw_owner_of_address(owners, &at), 1);
    CU_ASSERT_EQUAL(qw_owner_of_address(owners, &other), QW_OWNER_NONE);
    CU_ASSERT_EQUAL(qw_owner_of_address(owners, &none), QW_OWNER_NONE);
    at = qw_owner_address(owners, 1);
    CU_ASSERT_EQUAL(qw_owner_of_address(owners, &at), 1);
    at = qw_owner_address(owners, 3);
    CU_ASSERT_TRUE(qw_addr_equal(&at, &none));
    qw_owners_free(owners);
    qw_owners_free(NULL);
}

static struct qw_owners_prefix prefix(const char *text, unsigned owner)
{
    struct qw_owners_prefix out = {.owner = owner};
    CU_ASSERT_TRUE_FATAL(qw_prefix_parse(text, &out.prefix));
    return out;
}

static void prefixes_have_hosts(void)
{
    static const struct {
        const char *host;
        unsigned owner;
    } WANTED[] = {{"10.0.0.0", 1},       {"10.0.0.127", 1},          {"10.0.0.128", 0},
                  {"10.0.0.255", 0},     {"9.255.255.255", 2},       {"10.0.1.0", 2},
                  {"2001:db8:1::", 1},   {"2001:db8:1:0:ffff::", 1}, {"2001:db8:1:1::", 0},
                  {"2001:db8:1:2::", 2}, {"2001:db8:0:ffff::1", 2},  {"::a00:1", 2}};
    const struct qw_owners_prefix prefixes[] = {prefix("2001:db8:1:1::/64", 0), prefix("10.0.0.128/25", 0),
                                                prefix("2001:db8:1::/64", 1), prefix("10.0.0.0/25", 1)};
    struct qw_owners *owners =
        qw_owners_new(&(struct qw_owners_options){.count = 2, .prefixes = prefixes, .prefix_count = 4});
    CU_ASSERT_PTR_NOT_NULL_FATAL(owners);
    for (unsigned i = 0; i < sizeof WANTED / sizeof WANTED[0]; i++) {
        enum qw_family family;
        struct qw_addr addr;
        CU_ASSERT_TRUE_FATAL(qw_addr_parse(WANTED[i].host, &addr, &family));
        unsigned wanted = WANTED[i].owner == 2 ? QW_OWNER_NONE : WANTED[i].owner;
        CU_ASSERT_EQUAL(qw_owner_of_host(owners, &addr, family), wanted);
    }
    qw_owners_free(owners);
}

/* A forward's host is where the forward is, and IPv6 has no hash. */
static void some_hosts_are_named(void)
{
    const struct qw_addr addresses[] = {addr("198.51.100.7"), addr("198.51.100.8"), addr("198.51.100.9")};
    struct qw_owners_host hosts[] = {{host(3), 2}, {host(1), 0}, {host(2), 1}, {host(1), 2}};
    const struct qw_owners_prefix prefixes[] = {prefix("2001:db8::/32", 1)};
    struct qw_owners *owners = qw_owners_new(&(struct qw_owners_options){.count = 3,
                                                                         .addresses = addresses,
                                                                         .key = KEY,
                                                                         .hosts = hosts,
                                                                         .host_count = 4,
                                                                         .prefixes = prefixes,
                                                                         .prefix_count = 1});
    struct qw_addr inside = addr("2001:db8::5"), other = addr("2001:db9::5");
    CU_ASSERT_PTR_NOT_NULL_FATAL(owners);
    for (unsigned i = 1; i <= 3; i++)
        CU_ASSERT_EQUAL(owner4(owners, i), i - 1);
    struct qw_owners *plain = hashed(3);
    CU_ASSERT_EQUAL(owner4(owners, 4), owner4(plain, 4));
    CU_ASSERT_EQUAL(qw_owner_of_host(owners, &inside, QW_IPV6), 1);
    CU_ASSERT_EQUAL(qw_owner_of_host(owners, &other, QW_IPV6), QW_OWNER_NONE);
    qw_owners_free(plain);
    qw_owners_free(owners);
}

void owners_suite(void)
{
    static const struct test TESTS[] = {
        {"K3: hosts are spread evenly over owners", hosts_are_spread},
        {"K3: one more owner takes its share, and no other host moves", one_more_owner_takes_its_share_alone},
        {"K3: whose a host is does not depend on the machine", the_hash_is_written_down},
        {"K3: owners of addresses are found", addresses_are_found},
        {"K3: hosts of prefixes have their owner, first and last", prefixes_have_hosts},
        {"K3: hosts of forwards are where these are, whatever the hash says", some_hosts_are_named},
    };
    TEST_SUITE("owners", TESTS);
}
