/* What a reload says, on its way to the thread. */
#include "agreement.h"
#include "peers.h"
#include "suite.h"
#include <string.h>

static struct qw_addr address(uint8_t last)
{
    return qw_addr_v4((const uint8_t[4]){198, 51, 100, last});
}

static struct peer_options options;
static struct agreement agreement;

static void begin(void)
{
    memset(&options, 0, sizeof options);
    memset(&agreement, 0, sizeof agreement);
    options.digest = 1;
    options.external_count = 1;
    options.external[0] = address(1);
}

static void nothing_new_changes_nothing(void)
{
    begin();
    CU_ASSERT_FALSE(agreement_take(&agreement, &options));
    CU_ASSERT_EQUAL(options.digest, 1);
    CU_ASSERT_EQUAL(options.external_count, 1);
}

static void news_are_taken_once(void)
{
    const struct qw_addr addresses[] = {address(7), address(8)};
    begin();
    agreement_put(&agreement, 5, addresses, 2);
    CU_ASSERT_TRUE(agreement_take(&agreement, &options));
    CU_ASSERT_EQUAL(options.digest, 5);
    CU_ASSERT_EQUAL(options.external_count, 2);
    CU_ASSERT_EQUAL(memcmp(options.external, addresses, sizeof addresses), 0);
    options.digest = 6;
    CU_ASSERT_FALSE(agreement_take(&agreement, &options));
    CU_ASSERT_EQUAL(options.digest, 6);
}

/* Two reloads before the thread looks. */
static void the_last_one_counts(void)
{
    const struct qw_addr addresses[] = {address(7), address(8)};
    begin();
    agreement_put(&agreement, 5, addresses, 2);
    agreement_put(&agreement, 9, addresses + 1, 1);
    CU_ASSERT_TRUE(agreement_take(&agreement, &options));
    CU_ASSERT_EQUAL(options.digest, 9);
    CU_ASSERT_EQUAL(options.external_count, 1);
    CU_ASSERT_TRUE(qw_addr_equal(&options.external[0], &addresses[1]));
    agreement_put(&agreement, 10, NULL, 0); /* mode firewall */
    CU_ASSERT_TRUE(agreement_take(&agreement, &options));
    CU_ASSERT_EQUAL(options.external_count, 0);
}

static void no_more_than_fit(void)
{
    struct qw_addr many[PEER_ADDRESSES_MAX + 2];
    for (unsigned i = 0; i < PEER_ADDRESSES_MAX + 2; i++)
        many[i] = address((uint8_t)i);
    begin();
    agreement_put(&agreement, 5, many, PEER_ADDRESSES_MAX + 2);
    CU_ASSERT_TRUE(agreement_take(&agreement, &options));
    CU_ASSERT_EQUAL(options.external_count, PEER_ADDRESSES_MAX);
    CU_ASSERT_EQUAL(memcmp(options.external, many, sizeof options.external), 0);
}

void suite_agreement(void)
{
    static const struct test TESTS[] = {
        {"K1: without a reload all stays", nothing_new_changes_nothing},
        {"K1: what a reload says is taken once", news_are_taken_once},
        {"K1: of two reloads the last one counts", the_last_one_counts},
        {"K1: more addresses than there may be are left out", no_more_than_fit},
    };
    TEST_SUITE("peer agreement", TESTS);
}
