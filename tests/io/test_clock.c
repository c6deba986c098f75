#include "suite.h"
#include "suites.h"
#include <quicward/io.h>

static void clock_goes_on(void)
{
    struct qw_time before = io_now();
    CU_ASSERT_TRUE(before.ns > 0);
    for (int i = 0; i < 1000; i++) {
        struct qw_time now = io_now();
        CU_ASSERT_TRUE(now.ns >= before.ns);
        before = now;
    }
}

static void keys_differ(void)
{
    struct qw_hash_key a = io_random_key(), b = io_random_key();
    CU_ASSERT_TRUE(a.k0 != b.k0 && a.k1 != b.k1 && a.k0 != a.k1);
}

void clock_suite(void)
{
    static const struct test TESTS[] = {
        {"the clock does not go back", clock_goes_on},
        {"P4: each key is new", keys_differ},
    };
    TEST_SUITE("clock", TESTS);
}
