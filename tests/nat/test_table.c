#include "nat_table.h"
#include "nats.h"
#include "random.h"
#include "suite.h"
#include <string.h>

enum { KEYS = 64 };

/* As full as it may be: half, where clusters wrap around the end. */
static void agrees_with_an_array(void)
{
    struct nat_table table;
    uint32_t count[KEYS] = {0}, live = 0;
    uint64_t random = 3;
    CU_ASSERT_TRUE_FATAL(nat_table_init(&table, KEYS / 2, (struct qw_hash_key){1, 2}));
    for (int i = 0; i < 200000; i++) {
        uint32_t key = test_random(&random) % KEYS, up = test_random(&random) % 2;
        if (up && (live < KEYS / 2 || count[key] > 0)) {
            live += count[key]++ == 0;
            nat_table_up(&table, key);
        } else if (!up) {
            live -= count[key] == 1;
            count[key] -= count[key] > 0;
            nat_table_down(&table, key);
        }
        CU_ASSERT_EQUAL_FATAL(nat_table_get(&table, key), count[key]);
        key = test_random(&random) % KEYS;
        CU_ASSERT_EQUAL_FATAL(nat_table_get(&table, key), count[key]);
    }
    nat_table_free(&table);
}

static void ranges_go_whole(void)
{
    uint64_t random = 5;
    for (uint64_t round = 0; round < 2000; round++) {
        struct nat_table table;
        CU_ASSERT_TRUE_FATAL(nat_table_init(&table, KEYS, (struct qw_hash_key){round, 2}));
        for (uint64_t key = 0; key < KEYS; key++)
            nat_table_put(&table, key, (uint32_t)key + 1);
        uint64_t first = test_random(&random) % KEYS, last = test_random(&random) % KEYS;
        nat_table_remove_range(&table, first, last);
        for (uint64_t key = 0; key < KEYS; key++) {
            bool gone = key >= first && key <= last;
            CU_ASSERT_EQUAL_FATAL(nat_table_get(&table, key), gone ? 0 : (uint32_t)key + 1);
        }
        nat_table_free(&table);
    }
}

void suite_table(void)
{
    static const struct test TESTS[] = {
        {"N2: the table behind: 200,000 counts agree with an array", agrees_with_an_array},
        {"N2: the table behind: a range of keys goes whole and takes nothing along", ranges_go_whole},
    };
    TEST_SUITE("nat table", TESTS);
}
