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

static void returned_flows_keep_two_minutes(void)
{
    uint64_t gone = 0;
    struct flow_table *t = table(1, remember, &gone);
    flow_set_class(t, add(t, 1, 0), FLOW_RETURNED, (struct qw_time){0});
    CU_ASSERT_PTR_NULL(add(t, 2, 120 * SECOND - 1));
    CU_ASSERT_EQUAL(gone, 0);
    CU_ASSERT_PTR_NOT_NULL(find(t, 1, 120 * SECOND - 1));
    CU_ASSERT_PTR_NOT_NULL(add(t, 2, 120 * SECOND));
    CU_ASSERT_EQUAL(gone, 1);
    flow_table_free(t);
}

/* One flow of each class, the youngest that is to go first: whoever goes is told by its class alone. */
static void the_unproven_go_in_their_order(void)
{
    static const enum flow_class ORDER[] = {FLOW_OUTER_ATTEMPT, FLOW_ATTEMPT, FLOW_OUTER_ANSWERED,
                                            FLOW_ANSWERED};
    enum { ALL = sizeof ORDER / sizeof ORDER[0] };
    uint64_t gone = 0, id[ALL], now = 10 * SECOND;
    struct flow_table *t = table(ALL + 1, remember, &gone);
    flow_set_class(t, add(t, 50, 0), FLOW_RETURNED, (struct qw_time){0});
    for (unsigned i = ALL; i-- > 0;) {
        struct flow *flow = add(t, i, now - i * SECOND);
        flow_set_class(t, flow, ORDER[i], (struct qw_time){now - i * SECOND});
        id[i] = flow->id;
    }
    for (unsigned i = 0; i < ALL; i++) {
        struct flow *flow = add(t, 100 + i, now + SECOND);
        CU_ASSERT_EQUAL(gone, id[i]);
        flow_set_class(t, flow, FLOW_KNOWN, (struct qw_time){now + SECOND});
    }
    CU_ASSERT_PTR_NULL(add(t, 200, now + SECOND));
    flow_table_free(t);
}

/* A flood that is answered at once, faster than the table turns over, and one that waits for its answer. */
static void forged_answers_do_not_push_out_who_waits(void)
{
    enum { ROOM = 64, FLOOD = 5 * ROOM };
    struct flow_table *t = table(ROOM, NULL, NULL);
    uint64_t now = 10 * SECOND;
    struct flow *waits = add(t, 5000, now), *outer = NULL;
    for (uint32_t n = 0; n < FLOOD; n++) {
        now += 100 * QW_NS_PER_MS / ROOM;
        flow_set_class(t, add(t, n, now), FLOW_OUTER_ANSWERED, (struct qw_time){now});
        if (n == FLOOD - ROOM / 2) {
            outer = add(t, 6000, now);
            flow_set_class(t, outer, FLOW_OUTER_ATTEMPT, (struct qw_time){now});
        }
    }
    CU_ASSERT_PTR_EQUAL(find(t, 5000, now), waits);
    CU_ASSERT_PTR_EQUAL(find(t, 6000, now), outer);
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
        {"T4 T1: a flow that returned is not evicted within 120 s", returned_flows_keep_two_minutes},
        {"T4: who did not return goes: attempts, then answered ones, of each those begun outside first",
         the_unproven_go_in_their_order},
        {"T4: forged flows that are answered at once do not push out those that wait for their answer",
         forged_answers_do_not_push_out_who_waits},
        {"T4: a confirmed flow is not evicted within its timer; the new flow is refused",
         confirmed_flows_never_go},
        {"T4: what has expired makes room before anything live", expired_goes_before_live},
    };
    TEST_SUITE("flow eviction", TESTS);
}
