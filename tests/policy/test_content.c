/* Decisions that rest on what one packet says, and the switch over all of QUIC. */
#include "suite.h"
#include "suites.h"
#include "world.h"

#define FLOW "10.0.0.5:5000 -> 192.0.2.1:443"

static void expect(const struct world *world, const char *flow, const char *want, bool by_content)
{
    world_expect(world, flow, want);
    CU_ASSERT_EQUAL(world_decide(world, flow).by_content, by_content);
}

static void test_by_content(void)
{
    struct world world =
        world_begin("rules = ( { name = \"host\"; to = \"192.0.2.9\"; action = \"drop\"; },\n"
                    "{ name = \"quic\"; to = \"192.0.2.0/24\"; version = \"v2\"; action = \"drop\"; },\n"
                    "{ name = \"name\"; to_port = 443; sni = \".org\"; action = \"drop\"; } );");
    expect(&world, "10.0.0.5:1 -> 192.0.2.9:443 sni=a.org", "drop host", false);
    expect(&world, FLOW " version=v2", "drop quic", true);
    expect(&world, FLOW, "accept default", true);
    expect(&world, "10.0.0.5:1 -> 192.0.3.1:443 sni=a.org", "drop name", true);
    expect(&world, "10.0.0.5:1 -> 192.0.3.1:443 sni=a.net", "accept default", true);
    expect(&world, "10.0.0.5:1 -> 192.0.3.1:444 sni=a.org", "accept default", false);
    world_end(&world);
}

#define RULES                                                                                                \
    "rules = ( { name = \"name\"; sni = \".org\"; action = \"drop\"; },\n"                                   \
    "{ name = \"udp\"; quic = false; to_port = 443; action = \"reject\"; },\n"                               \
    "{ name = \"new\"; version = \"0x1a2a3a4a\"; action = \"drop\"; },\n"                                    \
    "{ name = \"ech\"; ech = false; action = \"drop\"; } );"

static void test_inspect(void)
{
    struct world world = world_begin("quic = \"inspect\"; " RULES);
    CU_ASSERT_TRUE(policy_inspects(world.policy));
    expect(&world, FLOW " sni=a.org", "drop name", true);
    expect(&world, FLOW " sni=a.net", "drop ech", true);
    expect(&world, FLOW, "reject udp", true);
    expect(&world, FLOW " version=0x1a2a3a4a", "drop new", true);
    world_end(&world);
}

static void test_bypass(void)
{
    struct world world = world_begin("quic = \"bypass\"; " RULES);
    CU_ASSERT_FALSE(policy_inspects(world.policy));
    expect(&world, FLOW " sni=a.org", "reject udp", false);
    expect(&world, FLOW " quic=yes", "reject udp", false);
    expect(&world, FLOW, "reject udp", false);
    expect(&world, "10.0.0.5:5000 -> 192.0.2.1:53 version=0x1a2a3a4a", "accept default", false);
    world_end(&world);
}

static void test_block(void)
{
    struct world world =
        world_begin("quic = \"block\"; rules = ( { name = \"all\"; sni = \".org\"; action = \"accept\"; },\n"
                    "{ name = \"port\"; to_port = 53; action = \"drop\"; } );");
    CU_ASSERT_FALSE(policy_inspects(world.policy));
    expect(&world, FLOW " sni=a.org", "reject default", true);
    expect(&world, FLOW " version=0x1a2a3a4a", "reject default", true);
    expect(&world, "wan0 192.0.2.1:443 -> 10.0.0.5:5000 quic=yes", "reject default", true);
    expect(&world, FLOW, "accept default", true);
    expect(&world, "10.0.0.5:5000 -> 192.0.2.1:53", "drop port", true);
    world_end(&world);
}

static const struct test TESTS[] = {
    {"F5: decisions that rest on one packet's content are marked", test_by_content},
    {"F2: quic = inspect shows rules all of QUIC", test_inspect},
    {"F2: quic = bypass makes QUIC plain UDP to the rules", test_bypass},
    {"F2 F5: quic = block rejects QUIC and nothing else", test_block},
};

void content_suite(void)
{
    TEST_SUITE("policy: content", TESTS);
}
