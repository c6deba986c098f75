#include "suite.h"
#include "suites.h"
#include <quicward/store.h>
#include <string.h>

static const struct store_part PARTS[] = {
    {"one", 64, 128, 1000},
    {"two", 0, 24, 7},
    {"none", 3, 1, 0},
};

static const struct store_plan PLAN = {.parts = PARTS, .part_count = 3, .secret = {5, 6}};

static void parts_are_zero_aligned_and_apart(void)
{
    struct store *store;
    struct store_region region[3];
    CU_ASSERT_EQUAL_FATAL(store_new(&PLAN, &store), QW_OK);
    for (unsigned i = 0; i < 3; i++) {
        CU_ASSERT_TRUE_FATAL(store_region(store, PARTS[i].name, &region[i]));
        size_t size = (size_t)(region[i].count * region[i].record_size);
        CU_ASSERT_EQUAL(region[i].count, PARTS[i].records);
        CU_ASSERT_EQUAL((uintptr_t)region[i].head % STORE_ALIGNMENT, 0);
        CU_ASSERT_EQUAL((uintptr_t)region[i].records % STORE_ALIGNMENT, 0);
        for (size_t at = 0; at < size; at++)
            CU_ASSERT_EQUAL_FATAL(((uint8_t *)region[i].records)[at], 0);
        memset(region[i].head, 0x11, region[i].head_size);
        memset(region[i].records, 0x22, size); /* shows in the others if they overlap */
    }
    struct store_region unknown;
    CU_ASSERT_FALSE(store_region(store, "three", &unknown));
    CU_ASSERT_STRING_EQUAL(store_part_at(store, 1)->name, "two");
    CU_ASSERT_PTR_NULL(store_part_at(store, 3));
    CU_ASSERT_EQUAL(store_secret(store).k1, 6);
    store_free(store);
    store_free(NULL);
}

static void expect_invalid(struct store_part part)
{
    struct store *store = (void *)&part;
    const struct store_plan plan = {.parts = &part, .part_count = 1};
    CU_ASSERT_EQUAL(store_new(&plan, &store), QW_ERR_INVALID);
    CU_ASSERT_PTR_NULL(store);
}

static void plans_that_cannot_be(void)
{
    struct store *store;
    expect_invalid((struct store_part){"", 0, 1, 1});
    expect_invalid((struct store_part){"zero", 0, 0, 1});
    expect_invalid((struct store_part){"many", 0, 128, UINT64_MAX / 64});
    expect_invalid((struct store_part){"many", 0, UINT32_MAX, UINT32_MAX});
    struct store_part many[STORE_PARTS_MAX + 1] = {{"a", 0, 1, 1}};
    struct store_plan plan = {.parts = many, .part_count = STORE_PARTS_MAX + 1};
    CU_ASSERT_EQUAL(store_new(&plan, &store), QW_ERR_INVALID);
    plan.part_count = 0;
    CU_ASSERT_EQUAL_FATAL(store_new(&plan, &store), QW_OK);
    store_free(store);
}

void memory_suite(void)
{
    static const struct test TESTS[] = {
        {"S1: the parts of a store are zero, aligned and apart", parts_are_zero_aligned_and_apart},
        {"S1 S3: plans that cannot be are refused", plans_that_cannot_be},
    };
    TEST_SUITE("store memory", TESTS);
}
