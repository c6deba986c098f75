#include "queue_stats.h"
#include "suite.h"
#include "suites.h"

static void reads_a_line(void)
{
    struct queue_line line;
    CU_ASSERT_TRUE_FATAL(
        queue_stats_parse(" 7400  22602    12 2  1500  4294967295     7      123  1\n", &line));
    CU_ASSERT_EQUAL(line.number, 7400);
    CU_ASSERT_EQUAL(line.portid, 22602);
    CU_ASSERT_EQUAL(line.waiting, 12);
    CU_ASSERT_EQUAL(line.queue_dropped, UINT32_MAX);
    CU_ASSERT_EQUAL(line.user_dropped, 7);
    CU_ASSERT_EQUAL(line.last_id, 123);
    CU_ASSERT_TRUE_FATAL(queue_stats_parse("65535 2568304171     0 2  1500     0     0        0  1", &line));
    CU_ASSERT_EQUAL(line.number, 65535);
    CU_ASSERT_EQUAL(line.portid, 2568304171u);
}

static void refuses_others(void)
{
    struct queue_line line;
    CU_ASSERT_FALSE(queue_stats_parse("", &line));
    CU_ASSERT_FALSE(queue_stats_parse("\n", &line));
    CU_ASSERT_FALSE(queue_stats_parse("queue portid waiting", &line));
    CU_ASSERT_FALSE(queue_stats_parse("65536 1 0 2 1500 0 0 0 1\n", &line));
    CU_ASSERT_FALSE(queue_stats_parse(" 7400  22602    12 2  1500  3\n", &line));
}

static void counters_pass_32_bits(void)
{
    struct queue_counter counter = {0};
    queue_counter_follow(&counter, 5);
    queue_counter_follow(&counter, 5);
    CU_ASSERT_EQUAL(counter.total, 5);
    queue_counter_follow(&counter, UINT32_MAX);
    queue_counter_follow(&counter, 2);
    CU_ASSERT_EQUAL(counter.total, (uint64_t)UINT32_MAX + 3);
}

static void counters_outlive_the_queue(void)
{
    struct queue_counter counter = {0};
    queue_counter_follow(&counter, 100);
    queue_counter_restart(&counter);
    queue_counter_follow(&counter, 30);
    CU_ASSERT_EQUAL(counter.total, 130);
}

void stats_suite(void)
{
    static const struct test TESTS[] = {
        {"S4: a line of the kernel's table is read", reads_a_line},
        {"other lines are not", refuses_others},
        {"S4: a counter that wraps goes on", counters_pass_32_bits},
        {"S4: a queue bound again adds to what was lost before", counters_outlive_the_queue},
    };
    TEST_SUITE("stats", TESTS);
}
