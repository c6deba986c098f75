#include "made_up.h"
#include "suite.h"
#include "suites.h"

static void finding_interfaces(void)
{
    struct survey *survey = made_up_well();
    CU_ASSERT_PTR_EQUAL(survey_find(survey, "wan0"), &survey->interfaces[2]);
    CU_ASSERT_PTR_NULL(survey_find(survey, "wan"));
    CU_ASSERT_PTR_EQUAL(survey_find_index(survey, survey->interfaces[1].index), &survey->interfaces[1]);
    CU_ASSERT_PTR_NULL(survey_find_index(survey, 0));
}

static void addresses_of_a_family(void)
{
    struct survey *survey = made_up();
    struct survey_interface *one = made_up_add(survey, "eth0", "", "169.254.1.1/16 10.0.0.1/24 fe80::1/64");
    one->addresses[0].global = one->addresses[2].global = false;
    CU_ASSERT_PTR_EQUAL(survey_address_of(one, QW_IPV4), &one->addresses[1]);
    CU_ASSERT_PTR_NULL(survey_address_of(one, QW_IPV6));
}

static bool is_private(const char *text)
{
    struct qw_addr addr;
    enum qw_family family;
    return qw_addr_parse(text, &addr, &family) && survey_is_private(&addr);
}

static void private_addresses(void)
{
    static const char *const PRIVATE[] = {"10.0.0.1",   "172.16.0.1",      "172.31.255.255", "192.168.0.1",
                                          "100.64.0.1", "100.127.255.255", "169.254.9.9",    "10.255.0.255"};
    static const char *const PUBLIC[] = {"9.255.255.255",  "11.0.0.1",    "172.15.255.255",
                                         "172.32.0.0",     "192.167.0.1", "192.169.0.1",
                                         "100.63.255.255", "100.128.0.0", "169.253.0.1"};
    for (unsigned i = 0; i < sizeof(PRIVATE) / sizeof(PRIVATE[0]); i++)
        CU_ASSERT_TRUE(is_private(PRIVATE[i]));
    for (unsigned i = 0; i < sizeof(PUBLIC) / sizeof(PUBLIC[0]); i++)
        CU_ASSERT_FALSE(is_private(PUBLIC[i]));
}

void facts_suite(void)
{
    static const struct test TESTS[] = {
        {"I2: interfaces by name and index", finding_interfaces},
        {"I2: the first address of a family that is not of the link", addresses_of_a_family},
        {"I2: private addresses", private_addresses},
    };
    TEST_SUITE("facts", TESTS);
}
