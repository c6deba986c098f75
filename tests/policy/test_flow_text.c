/* Flows in words. */
#include "suite.h"
#include "suites.h"
#include "world.h"
#include <stdlib.h>
#include <string.h>

#define SEVEN ",2,3,4,5,6,7,8" /* protocols */

static struct world world;

static void read_right(const char *text, struct policy_flow *flow)
{
    bool read = policy_flow_read(world.config, text, flow, stdout);
    CU_ASSERT_TRUE_FATAL(read);
}

static void expect_way(const char *text, enum config_direction direction, const char *from, const char *to)
{
    struct policy_flow flow;
    read_right(text, &flow);
    CU_ASSERT_EQUAL(flow.facts.direction, direction);
    CU_ASSERT_STRING_EQUAL(flow.facts.from_interface ? flow.facts.from_interface : "?", from);
    CU_ASSERT_STRING_EQUAL(flow.facts.to_interface ? flow.facts.to_interface : "?", to);
}

static void test_sides(void)
{
    world = world_begin("");
    expect_way("10.0.0.5:5000 -> 192.0.2.1:443", CONFIG_OUT, "?", "wan0");
    expect_way("lan1 10.0.0.5:5000 -> 192.0.2.1:443", CONFIG_OUT, "lan1", "wan0");
    expect_way("inside 10.0.0.5:5000 -> outside 192.0.2.1:443", CONFIG_OUT, "?", "wan0");
    expect_way("10.0.0.5:5000 -> wan0 192.0.2.1:443", CONFIG_OUT, "?", "wan0");
    expect_way("outside 192.0.2.1:443 -> 10.0.0.5:5000", CONFIG_IN, "wan0", "?");
    expect_way("192.0.2.1:443 -> lan0 10.0.0.5:5000", CONFIG_IN, "wan0", "lan0");
    expect_way(" \tlan0  10.0.0.5:5000\t->  wan0 192.0.2.1:443 ", CONFIG_OUT, "lan0", "wan0");
    world_end(&world);
}

static void test_patterns(void)
{
    world = world_with(
        "mode = \"firewall\"; inside = [\"in*\", \"lan0\"]; outside = [\"outside\", \"ppp*\"];\n", "");
    expect_way("in0 10.0.0.5:5000 -> ppp7 192.0.2.1:443", CONFIG_OUT, "in0", "ppp7");
    expect_way("ppp7 192.0.2.1:443 -> in* 10.0.0.5:5000", CONFIG_IN, "ppp7", "in*");
    expect_way("inside 10.0.0.5:5000 -> outside 192.0.2.1:443", CONFIG_OUT, "?", "outside");
    world_end(&world);
}

static void test_ends(void)
{
    struct policy_flow flow;
    char text[QW_ENDPOINT_TEXT_MAX];
    world = world_begin("");
    read_right("[2001:db8::5]:5000 -> [2001:db8::1]:443", &flow);
    CU_ASSERT_EQUAL(flow.facts.tuple.family, QW_IPV6);
    CU_ASSERT_STRING_EQUAL(qw_endpoint_text(&flow.facts.tuple.src, QW_IPV6, text), "[2001:db8::5]:5000");
    CU_ASSERT_STRING_EQUAL(qw_endpoint_text(&flow.facts.tuple.dst, QW_IPV6, text), "[2001:db8::1]:443");
    CU_ASSERT_FALSE(flow.facts.quic);
    CU_ASSERT_PTR_NULL(flow.facts.hello);
    world_end(&world);
}

#define FLOW "10.0.0.5:5000 -> 192.0.2.1:443"

static void test_content(void)
{
    struct policy_flow flow;
    world = world_begin("");
    read_right(FLOW " quic=no", &flow);
    CU_ASSERT_FALSE(flow.facts.quic);
    read_right(FLOW " quic=yes", &flow);
    CU_ASSERT_TRUE(flow.facts.quic && flow.facts.version == CONFIG_VERSION_1 && !flow.facts.hello);
    read_right(FLOW " version=0x1a2a3a4a", &flow);
    CU_ASSERT_TRUE(flow.facts.quic && flow.facts.version == 0x1a2a3a4a && !flow.facts.hello);
    read_right(FLOW " hello=unreadable", &flow);
    CU_ASSERT_TRUE(flow.facts.quic && flow.facts.hello_unreadable && !flow.facts.hello);
    read_right(FLOW " alpn=h3,doq ech=yes sni=www.example.org", &flow);
    CU_ASSERT_PTR_NOT_NULL_FATAL(flow.facts.hello);
    CU_ASSERT_EQUAL_FATAL(flow.hello.alpn_count, 2);
    CU_ASSERT_EQUAL(flow.hello.alpn[1].len, 3);
    CU_ASSERT_NSTRING_EQUAL((const char *)flow.hello.alpn[1].data, "doq", 3);
    CU_ASSERT_EQUAL(flow.hello.sni.len, 15);
    CU_ASSERT_TRUE(flow.hello.ech);
    read_right(FLOW " sni=", &flow);
    CU_ASSERT_TRUE(flow.facts.hello && flow.hello.sni.len == 0);
    world_end(&world);
}

static void expect_wrong(const char *text, const char *want)
{
    struct policy_flow flow;
    char *message;
    size_t size;
    FILE *errors = open_memstream(&message, &size);
    need(errors != NULL, "open_memstream");
    CU_ASSERT_FALSE(policy_flow_read(world.config, text, &flow, errors));
    need(fclose(errors) == 0, "fclose");
    if (strcmp(message, want) != 0)
        printf("\n%s: got\n%swant\n%s", text, message, want);
    CU_ASSERT_STRING_EQUAL(message, want);
    free(message);
}

#define NEEDS_ADDRESS "an address with its port is needed here, as 192.0.2.1:443 or [2001:db8::1]:443\n"

static void test_wrong_ends(void)
{
    world = world_begin("");
    expect_wrong("", "the description ends too early: " NEEDS_ADDRESS);
    expect_wrong("lan0", "the description ends too early: " NEEDS_ADDRESS);
    expect_wrong(
        "lan5 10.0.0.5:5000 -> 192.0.2.1:443",
        "\"lan5\" is no address with a port and no interface; allowed: 192.0.2.1:443, [2001:db8::1]:443, "
        "inside, outside, lan0, lan1, wan0\n");
    expect_wrong("lan0 10.0.0.5 -> 192.0.2.1:443", "\"10.0.0.5\" " NEEDS_ADDRESS);
    expect_wrong("10.0.0.5:5000 192.0.2.1:443", "\"192.0.2.1:443\" an arrow is needed here: ->\n");
    expect_wrong("10.0.0.5:5000", "the description ends too early: an arrow is needed here: ->\n");
    expect_wrong("10.0.0.5:5000 ->", "the description ends too early: " NEEDS_ADDRESS);
    expect_wrong("10.0.0.5:5000 -> [::1]:443",
                 "\"->\" stands between an IPv4 and an IPv6 address; allowed: two of one kind\n");
    expect_wrong("lan0 10.0.0.5:5000 -> lan1 10.1.0.5:443",
                 "\"->\" stands between two ends on one side; allowed: one inside and one outside\n");
    world_end(&world);
}

static void test_wrong_content(void)
{
    char text[POLICY_FLOW_TEXT_MAX + 1];
    world = world_begin("");
    expect_wrong(
        FLOW " snni=x",
        "\"snni=x\" is not known; allowed: quic=, misshapen=, version=, sni=, alpn=, ech=, hello=\n");
    expect_wrong(FLOW " sni",
                 "\"sni\" is not known; allowed: quic=, misshapen=, version=, sni=, alpn=, ech=, hello=\n");
    expect_wrong(FLOW " ech=maybe", "\"maybe\" is neither yes nor no\n");
    expect_wrong(FLOW " version=v3",
                 "\"v3\" is no QUIC version; allowed: v1, v2, or a number such as 0x1a2a3a4a\n");
    expect_wrong(FLOW " sni=a sni=b", "\"sni=b\" is a second value; allowed: each once\n");
    expect_wrong(FLOW " hello=later", "\"later\" is not known; allowed: hello=unreadable\n");
    expect_wrong(FLOW " alpn=1" SEVEN SEVEN SEVEN SEVEN SEVEN SEVEN SEVEN SEVEN SEVEN ",9",
                 "\"9\" is one protocol too many: at most 64\n");
    expect_wrong(FLOW " quic=no sni=x",
                 "\"quic=no\" contradicts version, sni, alpn, ech and hello, which only QUIC has\n");
    expect_wrong(FLOW " hello=unreadable sni=x",
                 "\"hello=unreadable\" contradicts sni, alpn and ech, which are read there\n");
    memset(text, ' ', sizeof(text));
    text[POLICY_FLOW_TEXT_MAX] = '\0';
    expect_wrong(text,
                 "\"                                                                                ...\" is "
                 "too long a description: at most 2047 bytes\n");
    world_end(&world);
}

static const struct test TESTS[] = {
    {"F2: the sides of a flow in words", test_sides},
    {"F2 S4: ends are named by what matches a pattern", test_patterns},
    {"F2: the ends of a flow in words", test_ends},
    {"F2: QUIC, version and ClientHello in words", test_content},
    {"wrong ends are quoted, and what is needed said", test_wrong_ends},
    {"wrong content is quoted, and what is allowed said", test_wrong_content},
};

void flow_text_suite(void)
{
    TEST_SUITE("policy: flows in words", TESTS);
}
