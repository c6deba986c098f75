/* When a flow has to wait for its ClientHello. */
#include "suite.h"
#include "suites.h"
#include "world.h"

#define FLOW "10.0.0.5:5000 -> 192.0.2.1:443"

static void test_waits(void)
{
    struct world world = world_begin(
        "rules = ( { name = \"lab\"; from = \"10.0.0.0/24\"; sni = \".org\"; action = \"drop\"; } );");
    CU_ASSERT_TRUE(policy_inspects(world.policy));
    world_expect(&world, FLOW " quic=yes", "wait");
    world_expect(&world, FLOW " version=v2", "wait");
    world_expect(&world, FLOW " sni=a.org", "drop lab");
    world_expect(&world, FLOW " sni=a.net", "accept default");
    world_end(&world);
}

static void test_waits_for_nothing(void)
{
    struct world world = world_begin(
        "rules = ( { name = \"lab\"; from = \"10.0.0.0/24\"; sni = \".org\"; action = \"drop\"; } );");
    world_expect(&world, FLOW, "accept default");
    world_expect(&world, FLOW " hello=unreadable", "accept default");
    world_expect(&world, FLOW " version=0x1a2a3a4a", "accept default");
    world_expect(&world, "10.0.1.5:5000 -> 192.0.2.1:443 quic=yes", "accept default");
    world_end(&world);
}

static void test_decided_before(void)
{
    struct world world =
        world_begin("rules = ( { name = \"server\"; to = \"192.0.2.1\"; action = \"drop\"; },\n"
                    "{ name = \"name\"; sni = \".org\"; action = \"accept\"; },\n"
                    "{ name = \"rest\"; action = \"drop\"; } );");
    world_expect(&world, FLOW " quic=yes", "drop server");
    world_expect(&world, "10.0.0.5:5000 -> 192.0.2.2:443 quic=yes", "wait");
    world_end(&world);
}

/* Rules that wait and what stands behind them agree: there is nothing to wait for. */
static void test_one_outcome(void)
{
    struct world world = world_begin("rules = ( { name = \"a\"; sni = \".a\"; action = \"drop\"; },\n"
                                     "{ name = \"b\"; alpn = \"h3\"; action = \"drop\"; },\n"
                                     "{ name = \"port\"; to_port = 443; action = \"drop\"; },\n"
                                     "{ name = \"c\"; ech = true; action = \"reject\"; } );");
    world_expect(&world, FLOW " quic=yes", "drop port");
    world_expect(&world, FLOW " sni=x.a", "drop a");
    world_expect(&world, "10.0.0.5:5000 -> 192.0.2.1:444 quic=yes", "wait");
    world_end(&world);
    world = world_begin("rules = ( { name = \"a\"; sni = \".a\"; action = \"accept\"; } );");
    world_expect(&world, FLOW " quic=yes", "accept default");
    world_expect(&world, "wan0 192.0.2.1:443 -> 10.0.0.5:5000 quic=yes", "wait");
    world_end(&world);
}

static void test_two_outcomes(void)
{
    struct world world = world_begin("rules = ( { name = \"a\"; sni = \".a\"; action = \"accept\"; },\n"
                                     "{ name = \"b\"; sni = \".b\"; action = \"reject\"; },\n"
                                     "{ name = \"rest\"; action = \"accept\"; } );");
    world_expect(&world, FLOW " quic=yes", "wait");
    world_expect(&world, FLOW " sni=b", "reject b");
    world_expect(&world, FLOW " hello=unreadable", "accept rest");
    world_end(&world);
}

static const struct test TESTS[] = {
    {"F1: a rule on the SNI makes a flow wait", test_waits},
    {"F1: what will never be read is not waited for", test_waits_for_nothing},
    {"F1: a rule that decides before is not waited for", test_decided_before},
    {"F1: what ends the same way is not waited for", test_one_outcome},
    {"F1: rules that wait and say different things", test_two_outcomes},
};

void hold_suite(void)
{
    TEST_SUITE("policy: waiting", TESTS);
}
