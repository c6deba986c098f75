#include "suite.h"
#include "suites.h"
#include "world.h"

static void count(const struct world *world, const char *flow, unsigned times)
{
    struct policy_decision decision = world_decide(world, flow);
    for (unsigned i = 0; i < times; i++)
        policy_count(world->policy, &decision);
}

#define RULES_AB                                                                                             \
    "rules = ( { name = \"a\"; to_port = 1; action = \"drop\"; }, { name = \"b\"; to_port = 2; action = "    \
    "\"drop\"; } );"
#define RULES_CBA                                                                                            \
    "rules = ( { name = \"c\"; to_port = 3; action = \"drop\"; }, { name = \"b\"; to_port = 2; action = "    \
    "\"drop\"; }, "                                                                                          \
    "{ name = \"a\"; to_port = 1; action = \"accept\"; } );"

static void test_count(void)
{
    struct world world = world_begin(RULES_AB);
    CU_ASSERT_EQUAL(policy_rule_count(world.policy), 2);
    CU_ASSERT_STRING_EQUAL(policy_rule_name(world.policy, 1), "b");
    CU_ASSERT_STRING_EQUAL(policy_rule_name(world.policy, 2), "default");
    CU_ASSERT_STRING_EQUAL(policy_rule_name(world.policy, POLICY_NO_RULE), "default");
    CU_ASSERT_EQUAL(policy_rule_hits(world.policy, 0), 0);
    count(&world, "1.1.1.1:1 -> 2.2.2.2:1", 3);
    count(&world, "1.1.1.1:1 -> 2.2.2.2:2", 4);
    count(&world, "1.1.1.1:1 -> 2.2.2.2:3", 5);
    CU_ASSERT_EQUAL(policy_rule_hits(world.policy, 0), 3);
    CU_ASSERT_EQUAL(policy_rule_hits(world.policy, 1), 4);
    CU_ASSERT_EQUAL(policy_rule_hits(world.policy, POLICY_NO_RULE), 5);
    world_end(&world);
}

static void test_reload(void)
{
    struct world before = world_begin(RULES_AB), after = world_begin(RULES_CBA);
    count(&before, "1.1.1.1:1 -> 2.2.2.2:1", 3);
    count(&before, "1.1.1.1:1 -> 2.2.2.2:2", 4);
    count(&before, "1.1.1.1:1 -> 2.2.2.2:3", 5);
    count(&after, "1.1.1.1:1 -> 2.2.2.2:2", 1);
    policy_take_counters(after.policy, before.policy);
    world_end(&before);
    CU_ASSERT_EQUAL(policy_rule_hits(after.policy, 0), 0);
    CU_ASSERT_EQUAL(policy_rule_hits(after.policy, 1), 5);
    CU_ASSERT_EQUAL(policy_rule_hits(after.policy, 2), 3);
    CU_ASSERT_EQUAL(policy_rule_hits(after.policy, POLICY_NO_RULE), 5);
    struct world fewer = world_begin("rules = ( { name = \"a\"; action = \"drop\"; } );");
    policy_take_counters(fewer.policy, after.policy);
    CU_ASSERT_EQUAL(policy_rule_hits(fewer.policy, 0), 3);
    CU_ASSERT_EQUAL(policy_rule_hits(fewer.policy, POLICY_NO_RULE), 5);
    world_end(&fewer);
    world_end(&after);
}

static const struct test TESTS[] = {
    {"F2: each rule and the default have a counter", test_count},
    {"S2 F2: counters go on over a reload by the rule's name", test_reload},
};

void counters_suite(void)
{
    TEST_SUITE("policy: counters", TESTS);
}
