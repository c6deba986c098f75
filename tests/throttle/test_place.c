/* Where flows stand, and which of them a share blocks. */
#include "link.h"
#include "random.h"
#include "suite.h"
#include "suites.h"
#include <stdlib.h>
#include <string.h>

#define FLOWS 100000

static bool blocked(struct throttle *throttle, uint32_t n)
{
    struct flow_key flow = link_flow(n);
    return link_blocks(throttle, 0, &flow, false);
}

static void the_share_of_flows(void)
{
    static const unsigned SHARES[] = {0, 1, 10, 37, 50, 60, 99, 100};
    for (unsigned i = 0; i < sizeof(SHARES) / sizeof(SHARES[0]); i++) {
        struct throttle *throttle = link_with_share(SHARES[i], false);
        unsigned hit = 0;
        for (uint32_t n = 0; n < FLOWS; n++)
            hit += blocked(throttle, n);
        CU_ASSERT(abs((int)hit - (int)(SHARES[i] * (FLOWS / 100))) < FLOWS / 100);
        if (SHARES[i] % 100 == 0)
            CU_ASSERT_EQUAL(hit, SHARES[i] ? FLOWS : 0);
        throttle_free(throttle);
    }
}

/* Addresses of one network and ports in a row are what real flows have in common. */
static void like_flows_spread(void)
{
    unsigned below = 0;
    for (uint32_t n = 0; n < FLOWS; n++) {
        struct qw_tuple tuple = {.family = QW_IPV4};
        tuple.src.addr = qw_addr_v4((const uint8_t[4]){10, 0, (uint8_t)(n >> 8 & 3), (uint8_t)n});
        tuple.src.port = (uint16_t)(49152 + n / 1024);
        tuple.dst.addr = qw_addr_v4((const uint8_t[4]){198, 51, 100, 1});
        tuple.dst.port = 443;
        struct flow_key key;
        flow_key_of(&tuple, &key);
        below += throttle_place(LINK_KEY, &key) < 1u << 30;
    }
    CU_ASSERT(abs((int)below - FLOWS / 4) < FLOWS / 100);
}

static struct flow_key key_of(struct qw_endpoint src, struct qw_endpoint dst, enum qw_family family)
{
    struct flow_key key;
    memset(&key, 0xa5, sizeof(key));
    flow_key_of(&(struct qw_tuple){src, dst, family}, &key);
    return key;
}

static void both_directions_and_orders(void)
{
    for (uint32_t n = 0; n < 20000; n++) {
        struct qw_tuple t = link_tuple(n);
        if (n % 7 == 0)
            t.dst.addr = t.src.addr;
        struct flow_key there = key_of(t.src, t.dst, t.family), back = key_of(t.dst, t.src, t.family);
        struct flow_key turned = there;
        turned.addr[0] = there.addr[1], turned.addr[1] = there.addr[0];
        turned.port[0] = there.port[1], turned.port[1] = there.port[0];
        uint32_t place = throttle_place(LINK_KEY, &there);
        CU_ASSERT_EQUAL(throttle_place(LINK_KEY, &back), place);
        CU_ASSERT_EQUAL(throttle_place(LINK_KEY, &turned), place);
    }
}

/* And any field of the 5-tuple counts. */
static void another_flow_stands_elsewhere(void)
{
    struct qw_tuple t = link_tuple(1), u;
    struct flow_key base = key_of(t.src, t.dst, t.family), other;
    uint32_t place = throttle_place(LINK_KEY, &base);
    u = t, u.src.port ^= 1;
    other = key_of(u.src, u.dst, u.family);
    CU_ASSERT_NOT_EQUAL(throttle_place(LINK_KEY, &other), place);
    u = t, u.dst.addr.bytes[15] ^= 1;
    other = key_of(u.src, u.dst, u.family);
    CU_ASSERT_NOT_EQUAL(throttle_place(LINK_KEY, &other), place);
    other = key_of(t.src, t.dst, QW_IPV6);
    CU_ASSERT_NOT_EQUAL(throttle_place(LINK_KEY, &other), place);
    u = t, u.src.port = t.dst.port, u.dst.port = t.src.port;
    other = key_of(u.src, u.dst, u.family);
    CU_ASSERT_NOT_EQUAL(throttle_place(LINK_KEY, &other), place);
}

/* The place is a promise to other routers of the site: bytes and order are fixed. */
static void the_place_is_fixed(void)
{
    struct qw_tuple t = {.family = QW_IPV4};
    t.src = (struct qw_endpoint){qw_addr_v4((const uint8_t[4]){192, 0, 2, 1}), 50000};
    t.dst = (struct qw_endpoint){qw_addr_v4((const uint8_t[4]){198, 51, 100, 1}), 443};
    struct flow_key key = key_of(t.src, t.dst, t.family);
    uint8_t bytes[37] = {[12] = 192, 0, 2, 1, [28] = 198, 51, 100, 1, [32] = 0xc3, 0x50, 0x01, 0xbb, 4};
    CU_ASSERT_EQUAL(throttle_place(LINK_KEY, &key), qw_hash24(LINK_KEY, bytes, sizeof(bytes)) >> 32);
}

static void the_key_decides(void)
{
    const struct qw_hash_key other = {LINK_KEY.k0, LINK_KEY.k1 ^ 1};
    unsigned both = 0;
    for (uint32_t n = 0; n < FLOWS; n++) {
        struct flow_key flow = link_flow(n);
        uint32_t place = throttle_place(LINK_KEY, &flow);
        CU_ASSERT_EQUAL(throttle_place((struct qw_hash_key){LINK_KEY.k0, LINK_KEY.k1}, &flow), place);
        both += place < 1u << 31 && throttle_place(other, &flow) < 1u << 31;
    }
    CU_ASSERT(abs((int)both - FLOWS / 4) < FLOWS / 100); /* half of them, as if drawn anew */
}

static void two_routers_of_a_site(void)
{
    struct throttle_options options = link_options();
    options.floor = options.ceiling = 30;
    struct throttle *a = link_new(&options), *b = link_new(&options);
    options.key.k0++;
    struct throttle *stranger = link_new(&options);
    unsigned differ = 0;
    for (uint32_t n = 0; n < FLOWS / 10; n++) {
        CU_ASSERT_EQUAL(blocked(a, n), blocked(b, n));
        differ += blocked(a, n) != blocked(stranger, n);
    }
    CU_ASSERT(differ > FLOWS / 10 * 35 / 100 && differ < FLOWS / 10 * 49 / 100); /* 2 * 0.3 * 0.7 */
    throttle_free(a);
    throttle_free(b);
    throttle_free(stranger);
}

/* 0 to 60 % and back: each set lies within the next larger one, and is the same both times. */
static void a_larger_share_only_adds(void)
{
    static unsigned first_blocked[FLOWS / 10];
    struct throttle *throttle = link_with_share(0, false);
    unsigned broken = 0;
    for (unsigned percent = 1; percent <= 60; percent++) {
        link_set_share(throttle, percent, false);
        for (uint32_t n = 0; n < FLOWS / 10; n++) {
            bool hit = blocked(throttle, n);
            broken += first_blocked[n] && !hit;
            if (hit && !first_blocked[n])
                first_blocked[n] = percent;
        }
    }
    for (unsigned percent = 60; percent > 0; percent--) {
        link_set_share(throttle, percent, false);
        for (uint32_t n = 0; n < FLOWS / 10; n++)
            broken += blocked(throttle, n) != (first_blocked[n] && first_blocked[n] <= percent);
    }
    CU_ASSERT_EQUAL(broken, 0);
    throttle_free(throttle);
}

static void every_packet_alike(void)
{
    struct throttle *throttle = link_with_share(50, false);
    uint64_t state = 1;
    for (uint32_t n = 0; n < 100; n++) {
        struct qw_tuple t = link_tuple(n);
        struct flow_key first = key_of(t.src, t.dst, t.family);
        bool hit = link_blocks(throttle, 0, &first, false);
        for (unsigned packet = 0; packet < 100; packet++) {
            bool back = test_random(&state) % 2;
            struct flow_key key = back ? key_of(t.dst, t.src, t.family) : key_of(t.src, t.dst, t.family);
            CU_ASSERT_EQUAL(link_blocks(throttle, 0, &key, test_random(&state) % 2), hit);
        }
    }
    throttle_free(throttle);
}

void suite_place(void)
{
    static const struct test TESTS[] = {
        {"P1: of 100,000 flows the share is blocked, within 1 %", the_share_of_flows},
        {"P1: flows that are much alike spread as well", like_flows_spread},
        {"P1: both directions and both orders of the endpoints agree", both_directions_and_orders},
        {"P1: every field of the 5-tuple counts", another_flow_stands_elsewhere},
        {"P1, P4: the place is a hash of fixed bytes", the_place_is_fixed},
        {"P4: the key decides", the_key_decides},
        {"P4: two routers with one key agree, others do not", two_routers_of_a_site},
        {"P2: a larger share only adds flows, a smaller one only frees some", a_larger_share_only_adds},
        {"P1: every packet of a flow gets the same answer", every_packet_alike},
    };
    TEST_SUITE("place", TESTS);
}
