/* The token buckets, at exact times. */
#include "suite.h"
#include "suites.h"
#include <quicward/icmp.h>

#define SEED 0x5eed5eed5eed5eedu
#define SECOND QW_NS_PER_SECOND
#define HOUR (3600 * SECOND)
#define MANY 1000000u /* a rate that stays out of the way */

static const struct qw_time START = {5 * HOUR};

/* One of 2^32 hosts. */
static struct qw_addr host(uint32_t number)
{
    uint8_t bytes[4] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8),
                        (uint8_t)number};
    return qw_addr_v4(bytes);
}

static struct icmp_limiter *fresh(uint32_t total, uint32_t per_destination, uint64_t seed)
{
    struct icmp_limiter *limiter = icmp_limiter_new(total, per_destination, seed);
    CU_ASSERT_PTR_NOT_NULL_FATAL(limiter);
    return limiter;
}

static bool take(struct icmp_limiter *limiter, uint32_t number, struct qw_time now)
{
    struct qw_addr to = host(number);
    return icmp_limiter_take(limiter, &to, now);
}

/* How many of `tries` errors to one host leave at `now`. */
static unsigned drain(struct icmp_limiter *limiter, uint32_t number, struct qw_time now, unsigned tries)
{
    unsigned taken = 0;
    while (tries-- > 0)
        taken += take(limiter, number, now);
    return taken;
}

static void burst(void)
{
    struct icmp_limiter *by_total = fresh(10, MANY, SEED), *by_host = fresh(MANY, 10, SEED);
    CU_ASSERT_EQUAL(drain(by_total, 1, START, 50), 10);
    CU_ASSERT_EQUAL(drain(by_host, 1, START, 50), 10);
    icmp_limiter_free(by_total);
    icmp_limiter_free(by_host);
    struct icmp_limiter *at_zero = fresh(3, 3, SEED);
    CU_ASSERT_EQUAL(drain(at_zero, 1, (struct qw_time){0}, 50), 3);
    icmp_limiter_free(at_zero);
}

/* Three a second: a token is whole 333,333,333 and a third nanoseconds after the last. */
static void refill_at(struct icmp_limiter *limiter)
{
    CU_ASSERT_EQUAL(drain(limiter, 1, START, 50), 3);
    CU_ASSERT_FALSE(take(limiter, 1, qw_time_add(START, 333333333)));
    CU_ASSERT_EQUAL(drain(limiter, 1, qw_time_add(START, 333333334), 50), 1);
    CU_ASSERT_FALSE(take(limiter, 1, qw_time_add(START, 666666666)));
    CU_ASSERT_EQUAL(drain(limiter, 1, qw_time_add(START, 666666667), 50), 1);
    CU_ASSERT_FALSE(take(limiter, 1, qw_time_add(START, 999999999)));
    CU_ASSERT_EQUAL(drain(limiter, 1, qw_time_add(START, SECOND), 50), 1);
    icmp_limiter_free(limiter);
}

static void refill(void)
{
    refill_at(fresh(3, MANY, SEED));
    refill_at(fresh(MANY, 3, SEED));
}

/* Asking every 999,983 ns, at no multiple of anything: after 1,000 seconds the count is still exact. */
static void no_drift(void)
{
    static const uint32_t RATES[] = {1, 3, 7, 333};
    for (unsigned i = 0; i < 4; i++) {
        struct icmp_limiter *limiter = fresh(RATES[i], MANY, SEED);
        uint64_t taken = 0, elapsed = 0;
        for (; elapsed < 1000 * SECOND; elapsed += 999983)
            taken += take(limiter, 1, qw_time_add(START, elapsed));
        elapsed -= 999983;
        CU_ASSERT_EQUAL(taken, RATES[i] + elapsed * RATES[i] / SECOND);
        icmp_limiter_free(limiter);
    }
}

static void no_more_than_a_second_is_saved(void)
{
    struct icmp_limiter *limiter = fresh(5, 5, SEED);
    CU_ASSERT_EQUAL(drain(limiter, 1, START, 2), 2);
    CU_ASSERT_EQUAL(drain(limiter, 1, qw_time_add(START, SECOND - 1), 50), 5);
    CU_ASSERT_EQUAL(drain(limiter, 1, qw_time_add(START, 10 * SECOND), 50), 5);
    CU_ASSERT_EQUAL(drain(limiter, 1, qw_time_add(START, 100 * HOUR), 50), 5);
    CU_ASSERT_EQUAL(drain(limiter, 1, (struct qw_time){UINT64_MAX}, 50), 5);
    icmp_limiter_free(limiter);
    struct icmp_limiter *leap = fresh(4, 4, SEED);
    CU_ASSERT_EQUAL(drain(leap, 1, START, 50), 4);
    CU_ASSERT_EQUAL(drain(leap, 1, qw_time_add(START, 1ull << 62), 50), 4); /* 2^62 times 4 would be 0 */
    icmp_limiter_free(leap);
}

static void largest_rates(void)
{
    struct icmp_limiter *limiter = fresh(UINT32_MAX, UINT32_MAX, SEED);
    for (uint64_t ns = 0; ns < 3 * SECOND; ns += SECOND - 1)
        CU_ASSERT_EQUAL(drain(limiter, 1, qw_time_add(START, ns), 1000), 1000);
    icmp_limiter_free(limiter);
    struct icmp_limiter *slow = fresh(UINT32_MAX, 1, SEED);
    CU_ASSERT_EQUAL(drain(slow, 1, START, 50), 1);
    CU_ASSERT_FALSE(take(slow, 1, qw_time_add(START, SECOND - 1)));
    CU_ASSERT(take(slow, 1, qw_time_add(START, SECOND)));
    icmp_limiter_free(slow);
}

/* One host takes all it can; of a hundred others none loses more than the odd shared bucket. */
static void one_flooded_host(void)
{
    struct icmp_limiter *limiter = fresh(MANY, 2, SEED);
    CU_ASSERT_EQUAL(drain(limiter, 0, START, 10000), 2);
    unsigned whole = 0;
    for (uint32_t number = 1; number <= 100; number++)
        whole += drain(limiter, number, START, 50) == 2;
    CU_ASSERT(whole >= 95);
    icmp_limiter_free(limiter);
}

/* Neither a refusal by the host's bucket takes from the total, nor one by the total from the host's. */
static void a_refusal_takes_nothing(void)
{
    struct icmp_limiter *limiter = fresh(3, 1, SEED);
    CU_ASSERT_EQUAL(drain(limiter, 1, START, 50), 1);
    CU_ASSERT(take(limiter, 2, START) && take(limiter, 3, START));
    CU_ASSERT_EQUAL(drain(limiter, 4, START, 50), 0);
    struct qw_time later = qw_time_add(START, 333333334);
    CU_ASSERT_FALSE(take(limiter, 1, later));
    CU_ASSERT(take(limiter, 4, later));
    CU_ASSERT_FALSE(take(limiter, 5, later));
    icmp_limiter_free(limiter);
}

static void ipv6_hosts(void)
{
    struct icmp_limiter *limiter = fresh(MANY, 1, SEED);
    uint8_t bytes[16] = {0x20, 0x01, 0x0d, 0xb8};
    struct qw_addr one = qw_addr_v6(bytes);
    bytes[15] = 1;
    struct qw_addr other = qw_addr_v6(bytes);
    CU_ASSERT(icmp_limiter_take(limiter, &one, START));
    CU_ASSERT_FALSE(icmp_limiter_take(limiter, &one, START));
    CU_ASSERT(icmp_limiter_take(limiter, &other, START));
    icmp_limiter_free(limiter);
}

/* Whether two hosts share a bucket under `seed`. */
static bool share(uint32_t a, uint32_t b, uint64_t seed)
{
    struct icmp_limiter *limiter = fresh(MANY, 1, seed);
    CU_ASSERT(take(limiter, a, START));
    bool shared = !take(limiter, b, START);
    icmp_limiter_free(limiter);
    return shared;
}

/* The first host that shares host 0's bucket under SEED. */
static uint32_t neighbour(void)
{
    uint32_t number = 1;
    while (number < 100000 && !share(0, number, SEED))
        number++;
    return number;
}

static void destinations_are_keyed(void)
{
    uint32_t number = neighbour();
    CU_ASSERT(share(0, number, SEED));
    CU_ASSERT_FALSE(share(0, number, SEED + 1) && share(0, number, SEED + 2));
}

static void clock_set_back(void)
{
    static const uint64_t BACK[] = {SECOND, 2 * SECOND, HOUR};
    for (unsigned i = 0; i < 3; i++) {
        struct icmp_limiter *limiter = fresh(2, 2, SEED);
        struct qw_time back = {START.ns - BACK[i]};
        CU_ASSERT_EQUAL(drain(limiter, 1, START, 50), 2);
        CU_ASSERT_EQUAL(drain(limiter, 1, back, 50), 0);
        CU_ASSERT_FALSE(take(limiter, 1, qw_time_add(back, SECOND / 2 - 1)));
        CU_ASSERT_EQUAL(drain(limiter, 1, qw_time_add(back, SECOND / 2), 50), 1);
        icmp_limiter_free(limiter);
    }
}

/* Workers bring packets a little out of order: time that was counted once is not counted again. */
static void late_packets(void)
{
    struct icmp_limiter *limiter = fresh(10, 10, SEED);
    CU_ASSERT_EQUAL(drain(limiter, 1, START, 50), 10);
    unsigned taken = 0;
    for (unsigned i = 0; i < 1000; i++) {
        taken += take(limiter, 1, (struct qw_time){START.ns - SECOND / 10 * 9});
        taken += take(limiter, 1, START);
        taken += take(limiter, 1, qw_time_add(START, SECOND / 10 - 1));
    }
    CU_ASSERT_EQUAL(taken, 0);
    CU_ASSERT_EQUAL(drain(limiter, 1, qw_time_add(START, SECOND / 10), 50), 1);
    icmp_limiter_free(limiter);
}

void limiter_suite(void)
{
    static const struct test TESTS[] = {
        {"M3: a second's worth leaves at once, no more (RFC 4443 2.4 f)", burst},
        {"M3: tokens come back at their nanosecond", refill},
        {"M3: the rate is exact over 1,000 seconds", no_drift},
        {"M3: idle time and a clock that leaps forward save one second's worth",
         no_more_than_a_second_is_saved},
        {"M3: the largest rates and the smallest", largest_rates},
        {"M3: one flooded host leaves the others theirs", one_flooded_host},
        {"M3: a refusal takes nothing", a_refusal_takes_nothing},
        {"M3: IPv6 hosts are told apart by all of the address", ipv6_hosts},
        {"M3: nobody outside can tell which destinations share", destinations_are_keyed},
        {"M3: a clock set back silences nobody", clock_set_back},
        {"M3: packets that come late refill nothing twice", late_packets},
    };
    TEST_SUITE("limiter", TESTS);
}
