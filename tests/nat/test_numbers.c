/* The choice among free ports. */
#include "nats.h"
#include "suite.h"

/* 64 ports, each chosen 200 times on average: with 63 degrees of freedom chi-square is 63 on average, and
 * beyond 25 or 120 once in a million runs. Predictable sequences are too even, or follow each other. */
static void all_are_as_likely(void)
{
    enum { PORTS = 64, EACH = 200 };
    static const struct qw_port_range RANGE[] = {{6000, 6000 + 2 * PORTS - 1}};
    struct nat_options options = plain();
    options.ports = RANGE;
    options.hold_down_ns = 0;
    struct nat *nat = make(&options);
    unsigned count[PORTS] = {0}, neighbours = 0;
    uint16_t last = 0;
    for (unsigned i = 0; i < PORTS * EACH; i++) {
        nat_external mapping = begin(nat, ep("10.0.0.7:4000"), i);
        uint16_t port = nat_endpoint(nat, mapping).port;
        count[(port - 6000) / 2]++;
        neighbours += port == last + 2;
        last = port;
        end(nat, mapping, i);
    }
    double chi_square = 0;
    for (int i = 0; i < PORTS; i++) {
        double off = (double)count[i] - (double)EACH;
        chi_square += off * off / (double)EACH;
    }
    CU_ASSERT_TRUE(chi_square > 25 && chi_square < 120);
    CU_ASSERT_TRUE(neighbours > EACH / 2 && neighbours < 2 * EACH);
    nat_free(nat);
}

/* How many of 1000 choices two rooms share. */
static unsigned agreements(struct qw_hash_key one, struct qw_hash_key two)
{
    struct nat_options options = plain();
    options.secret = one;
    struct nat *a = make(&options);
    options.secret = two;
    struct nat *b = make(&options);
    unsigned same = 0;
    for (uint16_t i = 0; i < 1000; i++)
        same += port_for(a, host_port(1, (uint16_t)(2000 + i)), 0) ==
                port_for(b, host_port(1, (uint16_t)(2000 + i)), 0);
    nat_free(a);
    nat_free(b);
    return same;
}

static void the_secret_decides(void)
{
    struct qw_hash_key one = {1, 2}, other = {1, 3};
    CU_ASSERT_EQUAL(agreements(one, one), 1000);
    CU_ASSERT_TRUE(agreements(one, other) < 5);
}

void suite_numbers(void)
{
    static const struct test TESTS[] = {
        {"N3: every free port is as likely, and none follows from the one before", all_are_as_likely},
        {"N3: without the secret the choice cannot be told", the_secret_decides},
    };
    TEST_SUITE("nat numbers", TESTS);
}
