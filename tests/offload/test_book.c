/* The flows that have entries, and when they are asked. */
#include "book.h"
#include "random.h"
#include "suite.h"
#include "suites.h"

enum { MAX = 1000 };

static struct book opened(struct qw_time now)
{
    struct book book;
    CU_ASSERT_TRUE_FATAL(book_open(&book, MAX, now));
    return book;
}

static void by_id(void)
{
    struct book book = opened((struct qw_time){0});
    for (uint64_t id = 1; id <= MAX; id++)
        CU_ASSERT_PTR_NOT_NULL(book_add(&book, id * 7));
    CU_ASSERT_PTR_NULL(book_add(&book, 5));
    for (uint64_t id = 1; id <= MAX; id++)
        CU_ASSERT_EQUAL_FATAL(book_find(&book, id * 7)->id, id * 7);
    CU_ASSERT_PTR_NULL(book_find(&book, 5));
    for (uint64_t id = 1; id <= MAX; id += 2)
        book_remove(&book, book_find(&book, id * 7));
    for (uint64_t id = 1; id <= MAX; id++)
        CU_ASSERT_EQUAL(book_find(&book, id * 7) != NULL, id % 2 == 0);
    CU_ASSERT_EQUAL(book.count, MAX / 2);
    CU_ASSERT_PTR_NOT_NULL(book_add(&book, 5));
    book_close(&book);
}

/* Places that are taken first are left alone by all that come later. */
static void adopted(void)
{
    struct book book = opened((struct qw_time){0});
    for (uint32_t index = 3; index < MAX; index += 5)
        book_adopt(&book, index, 10000 + index);
    book_adopted(&book);
    CU_ASSERT_EQUAL(book.count, MAX / 5);
    for (uint64_t id = 1; id <= MAX - MAX / 5; id++) {
        const struct book_flow *flow = book_add(&book, id);
        CU_ASSERT_PTR_NOT_NULL_FATAL(flow);
        CU_ASSERT_NOT_EQUAL((flow - book.flows) % 5, 3);
    }
    CU_ASSERT_PTR_NULL(book_add(&book, 5000));
    for (uint32_t index = 3; index < MAX; index += 5)
        CU_ASSERT_PTR_EQUAL(book_find(&book, 10000 + index), &book.flows[index]);
    book_remove(&book, book_find(&book, 10003));
    CU_ASSERT_PTR_EQUAL(book_add(&book, 5000), &book.flows[3]);
    book_close(&book);
}

/* Not one is asked early, all at most a slot late, also those far beyond the wheel and those moved meanwhile.
 */
static void in_time(void)
{
    uint64_t random = 3, start = 5000 * QW_NS_PER_SECOND, asked = 0;
    struct book book = opened((struct qw_time){start});
    for (uint64_t id = 1; id <= MAX; id++)
        book_at(&book, book_add(&book, id), start + test_random(&random) % 100000 * QW_NS_PER_MS);
    for (uint64_t id = 1; id <= MAX; id++)
        if (id % 3)
            book_at(&book, book_find(&book, id), start + test_random(&random) % 2000000 * QW_NS_PER_MS);
    uint64_t due[MAX + 1];
    for (uint64_t id = 1; id <= MAX; id++)
        due[id] = book_find(&book, id)->due_ns;
    for (uint64_t ms = 0; ms <= 2000200; ms += 50) {
        struct qw_time now = {start + ms * QW_NS_PER_MS};
        for (struct book_flow *flow; (flow = book_due(&book, now)); asked++) {
            CU_ASSERT_TRUE(due[flow->id] <= now.ns);
            CU_ASSERT_TRUE(now.ns - due[flow->id] <= BOOK_SLOT_NS + 50 * QW_NS_PER_MS);
            book_remove(&book, flow);
        }
    }
    CU_ASSERT_EQUAL(asked, MAX);
    CU_ASSERT_EQUAL(book.count, 0);
    book_close(&book);
}

static void removed_is_not_asked(void)
{
    struct book book = opened((struct qw_time){0});
    for (uint64_t id = 1; id <= 9; id++)
        book_at(&book, book_add(&book, id), QW_NS_PER_SECOND);
    for (uint64_t id = 1; id <= 9; id += 4) /* the last, the middle and the first of a slot */
        book_remove(&book, book_find(&book, id));
    unsigned asked = 0;
    for (struct book_flow *flow; (flow = book_due(&book, (struct qw_time){2 * QW_NS_PER_SECOND})); asked++)
        CU_ASSERT_NOT_EQUAL(flow->id % 4, 1);
    CU_ASSERT_EQUAL(asked, 6);
    book_close(&book);
}

void suite_book(void)
{
    static const struct test TESTS[] = {
        {"X1: flows are found by id, a full book takes no more", by_id},
        {"X6: flows of an earlier process keep their places", adopted},
        {"X5: each flow is asked when its time has come, not early and at most a slot late", in_time},
        {"X5: a flow that is gone is not asked", removed_is_not_asked},
    };
    TEST_SUITE("offload: book", TESTS);
}
