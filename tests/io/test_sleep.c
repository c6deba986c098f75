#include "queue_loop.h"
#include "suite.h"
#include "suites.h"

static const struct qw_time NOW = {7 * QW_NS_PER_SECOND};

static int until(uint64_t ns)
{
    return queue_sleep_ms(NOW, qw_time_add(NOW, ns));
}

static void not_beyond_deadline(void)
{
    CU_ASSERT_EQUAL(until(50 * QW_NS_PER_MS), 50);
    CU_ASSERT_EQUAL(until(0), 0);
    CU_ASSERT_EQUAL(queue_sleep_ms(NOW, (struct qw_time){1}), 0);
}

static void not_too_short(void)
{
    CU_ASSERT_EQUAL(until(1), 1);
    CU_ASSERT_EQUAL(until(QW_NS_PER_MS + 1), 2);
    CU_ASSERT_EQUAL(until(50 * QW_NS_PER_MS - 1), 50);
}

static void not_for_ever(void)
{
    CU_ASSERT_EQUAL(queue_sleep_ms(NOW, (struct qw_time){UINT64_MAX}), 100);
    CU_ASSERT_EQUAL(queue_sleep_ms((struct qw_time){0}, (struct qw_time){UINT64_MAX}), 100);
    CU_ASSERT_EQUAL(until(QW_NS_PER_SECOND), 100);
}

void sleep_suite(void)
{
    static const struct test TESTS[] = {
        {"F1: a worker wakes when a held packet must be decided", not_beyond_deadline},
        {"F1: it does not wake before, to find nothing to do", not_too_short},
        {"a worker that holds nothing wakes for flows that end", not_for_ever},
    };
    TEST_SUITE("sleep", TESTS);
}
