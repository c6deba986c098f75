/* Which slots are marked, against a plain set. */
#include "flows.h"
#include "random.h"
#include "suite.h"
#include <stdlib.h>
#include <string.h>

enum { CAPACITY = 9000 }; /* more than 64 words of 64 marks */

static unsigned take_all(struct flow_table *t, bool marked[static CAPACITY])
{
    unsigned count = 0;
    for (uint32_t slot = 0; slot < CAPACITY; slot++)
        marked[slot] = false;
    for (uint32_t slot = 0; (slot = flow_take_mark(t, slot)) != FLOW_NONE; slot++, count++)
        marked[slot] = true;
    return count;
}

static void nobody_asks_nothing_is_marked(void)
{
    struct flow_table *t = table(CAPACITY, NULL, NULL);
    flow_mark(t, add(t, 1, 0));
    flow_mark_slots(t, 0, CAPACITY);
    CU_ASSERT_FALSE(flow_is_marked(t, 0));
    CU_ASSERT_EQUAL(flow_take_mark(t, 0), FLOW_NONE);
    flow_table_free(t);
}

static void changes_are_marked(void)
{
    struct flow_table *t = table(CAPACITY, NULL, NULL);
    bool marked[CAPACITY];
    CU_ASSERT_TRUE_FATAL(flow_marks_start(t));
    CU_ASSERT_EQUAL(take_all(t, marked), CAPACITY);
    CU_ASSERT_FALSE(flow_is_marked(t, 0));
    struct flow *one = add(t, 1, 0), *two = add(t, 2, 0);
    CU_ASSERT_EQUAL(take_all(t, marked), 0); /* a beginning alone is none */
    flow_set_class(t, two, FLOW_ANSWERED, (struct qw_time){1});
    flow_set_class(t, two, FLOW_RETURNED, (struct qw_time){2});
    CU_ASSERT_TRUE(flow_is_marked(t, 0) && !flow_is_marked(t, flow_slot(t, two) + 1));
    CU_ASSERT_EQUAL(take_all(t, marked), 1);
    CU_ASSERT_TRUE(marked[flow_slot(t, two)]);
    flow_refresh(t, two, (struct qw_time){5 * SECOND});
    CU_ASSERT_EQUAL(take_all(t, marked), 0);
    uint32_t slot = flow_slot(t, one);
    flow_finish(t, one, FLOW_EXPIRED);
    CU_ASSERT_EQUAL(take_all(t, marked), 1);
    CU_ASSERT_TRUE(marked[slot]);
    struct flow record = *two;
    record.key = key(9);
    CU_ASSERT_EQUAL(flow_adopt(t, &record, (struct qw_time){6 * SECOND}, &one), FLOW_ADOPTED);
    CU_ASSERT_EQUAL(take_all(t, marked), 1);
    CU_ASSERT_TRUE(marked[flow_slot(t, one)]);
    flow_table_free(t);
}

static void slots_are_a_set(void)
{
    static bool wanted[CAPACITY], marked[CAPACITY];
    uint64_t random = 7;
    for (unsigned round = 0; round < 200; round++) {
        unsigned count = 0, wrong = 0;
        memset(wanted, 0, sizeof wanted);
        struct flow_table *t = table(CAPACITY, NULL, NULL);
        CU_ASSERT_TRUE_FATAL(flow_marks_start(t));
        take_all(t, marked);
        for (unsigned i = 0; i < 4; i++) {
            uint32_t first = (uint32_t)(test_random(&random) % (CAPACITY + 80));
            uint32_t many =
                test_random(&random) % 9 == 0 ? UINT32_MAX : (uint32_t)(test_random(&random) % 70);
            flow_mark_slots(t, first, many);
            for (uint32_t slot = first; slot < CAPACITY && slot - first < many; slot++)
                wanted[slot] = true;
        }
        for (unsigned i = 0; i < CAPACITY; i++)
            count += wanted[i];
        CU_ASSERT_EQUAL(take_all(t, marked), count);
        for (unsigned i = 0; i < CAPACITY; i++)
            wrong += marked[i] != wanted[i];
        CU_ASSERT_EQUAL(wrong, 0);
        flow_table_free(t);
    }
}

void suite_marks(void)
{
    static const struct test TESTS[] = {
        {"K2: where nobody asks nothing is marked", nobody_asks_nothing_is_marked},
        {"K1 K2: ends, classes and adoptions are marked, once however many they are", changes_are_marked},
        {"K2: marks are a set of slots", slots_are_a_set},
    };
    TEST_SUITE("flow marks", TESTS);
}
