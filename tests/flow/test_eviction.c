#include "flows.h"
#include "suite.h"

static void remember(void *context, struct flow *flow, enum flow_end why)
{
    CU_ASSERT_EQUAL(why, FLOW_EVICTED);
    *(uint64_t *)context = flow->id;
}

static void attempts_go_first_oldest_first(void)
{
    uint64_t gone = 0;
    struct flow_table *t = table(3, remember, &gone);
    struct flow *answered = add(t, 1, 0);
    flow_set_class(t, answered, FLOW_ANSWERED, (struct qw_time){0});
    struct flow *first = add(t, 2, 1 * SECOND), *second = add(t, 3, 2 * SECOND);
    flow_refresh(t, first, (struct qw_time){3 * SECOND}); /* now `second` is the least recently used */
    uint64_t id = second->id;
    CU_ASSERT_PTR_NOT_NULL(add(t, 4, 4 * SECOND));
    CU_ASSERT_EQUAL(gone, id);
    CU_ASSERT_PTR_EQUAL(find(t, 1, 4 * SECOND), answered);
    CU_ASSERT_PTR_EQUAL(find(t, 2, 4 * SECOND), first);
    flow_table_free(t);
}

static void answered_flows_keep_two_minutes(void)
{
    uint64_t gone = 0;
    struct flow_table *t = table(1, remember, &gone);
    flow_set_class(t, add(t, 1, 0), FLOW_ANSWERED, (struct qw_time){0});
    CU_ASSERT_PTR_NULL(add(t, 2, 120 * SECOND - 1));
    CU_ASSERT_EQUAL(gone, 0);
    CU_ASSERT_PTR_NOT_NULL(find(t, 1, 120 * SECOND - 1));
    CU_ASSERT_PTR_NOT_NULL(add(t, 2, 120 * SECOND));
    CU_ASSERT_EQUAL(gone, 1);
    flow_table_free(t);
}

static void confirmed_flows_never_go(void)
{
    uint64_t gone = 0;
    struct flow_table *t = table(2, remember, &gone);
    for (uint32_t n = 0; n < 2; n++)
        flow_set_class(t, add(t, n, 0), FLOW_KNOWN, (struct qw_time){0});
    CU_ASSERT_PTR_NULL(add(t, 9, 300 * SECOND - 1));
    CU_ASSERT_EQUAL(gone, 0);
    flow_table_free(t);
}

static void expired_goes_before_live(void)
{
    struct flow_table *t = table(2, NULL, NULL);
    flow_set_class(t, add(t, 1, 0), FLOW_KNOWN, (struct qw_time){0});
    add(t, 2, 299 * SECOND);
    CU_ASSERT_PTR_NOT_NULL(add(t, 3, 300 * SECOND));
    CU_ASSERT_PTR_NOT_NULL(find(t, 2, 300 * SECOND));
    CU_ASSERT_PTR_NULL(find(t, 1, 300 * SECOND));
    flow_table_free(t);
}

void suite_eviction(void)
{
    static const struct test TESTS[] = {
        {"T4: unanswered attempts are evicted first, least recently used first",
         attempts_go_first_oldest_first},
        {"T4 T1: an answered flow is not evicted within 120 s", answered_flows_keep_two_minutes},
        {"T4: a confirmed flow is not evicted within its timer; the new flow is refused",
         confirmed_flows_never_go},
        {"T4: what has expired makes room before anything live", expired_goes_before_live},
    };
    TEST_SUITE("flow eviction", TESTS);
}
