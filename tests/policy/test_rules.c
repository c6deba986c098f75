/* Every condition, both ways. */
#include "suite.h"
#include "suites.h"
#include "world.h"
#include <string.h>

#define OUT "lan0 10.0.0.5:5000 -> wan0 192.0.2.1:443"
#define IN "wan0 192.0.2.1:443 -> lan0 10.0.0.5:5000"

/* One rule with these conditions drops, the default accepts. */
static struct world one_rule(const char *conditions)
{
    char text[1024];
    snprintf(text, sizeof(text),
             "default_in = \"accept\"; rules = ( { name = \"r\"; %s action = \"drop\"; } );", conditions);
    return world_begin(text);
}

static void expect(const char *conditions, const char *matches, const char *does_not)
{
    struct world world = one_rule(conditions);
    world_expect(&world, matches, "drop r");
    if (does_not)
        world_expect(&world, does_not, "accept default");
    world_end(&world);
}

static void test_direction(void)
{
    expect("direction = \"out\";", OUT, IN);
    expect("direction = \"in\";", IN, OUT);
    expect("", IN, NULL);
    expect("", OUT, NULL);
}

static void test_interfaces(void)
{
    expect("from_interface = \"lan0\";", OUT, "lan1 10.0.0.5:5000 -> wan0 192.0.2.1:443");
    expect("from_interface = \"lan0\";", OUT, IN);
    expect("to_interface = \"lan1\";", "outside 1.1.1.1:1 -> lan1 10.0.0.5:5000", IN);
    expect("from_interface = \"wan0\";", "outside 1.1.1.1:1 -> inside 10.0.0.5:5000", OUT);
    /* With two inside, "inside" names none of them. */
    expect("from_interface = \"lan0\";", OUT, "inside 10.0.0.5:5000 -> 192.0.2.1:443");
}

#define PATTERNS "mode = \"firewall\"; inside = [\"wg*\", \"lan0\"]; outside = [\"ppp*\"];\n"

static void expect_pattern(const char *conditions, const char *matches, const char *does_not)
{
    char text[1024];
    snprintf(text, sizeof(text),
             "default_in = \"accept\"; rules = ( { name = \"r\"; %s action = \"drop\"; } );", conditions);
    struct world world = world_with(PATTERNS, text);
    world_expect(&world, matches, "drop r");
    world_expect(&world, does_not, "accept default");
    world_end(&world);
}

static void test_patterns(void)
{
    expect_pattern("from_interface = \"wg*\";", "wg7 10.0.0.5:5000 -> ppp0 192.0.2.1:443",
                   "lan0 10.0.0.5:5000 -> ppp0 192.0.2.1:443");
    expect_pattern("from_interface = \"wg1*\";", "wg12 10.0.0.5:5000 -> 192.0.2.1:443",
                   "wg2 10.0.0.5:5000 -> 192.0.2.1:443");
    expect_pattern("to_interface = \"ppp3\";", "10.0.0.5:5000 -> ppp3 192.0.2.1:443",
                   "10.0.0.5:5000 -> ppp30 192.0.2.1:443");
    /* Which one it is nobody has said: a rule for all of them matches, one for one of them does not. */
    expect_pattern("to_interface = \"ppp*\";", "wg7 10.0.0.5:5000 -> 192.0.2.1:443",
                   "192.0.2.1:443 -> wg7 10.0.0.5:5000");
    expect_pattern("to_interface = \"ppp3\";", "10.0.0.5:5000 -> ppp3 192.0.2.1:443",
                   "wg7 10.0.0.5:5000 -> 192.0.2.1:443");
}

static void test_addresses(void)
{
    expect("from = \"10.0.0.0/24\";", "10.0.0.0:1 -> 1.1.1.1:1", "10.0.1.0:1 -> 1.1.1.1:1");
    expect("from = \"10.0.0.0/24\";", "10.0.0.255:1 -> 1.1.1.1:1", "9.255.255.255:1 -> 1.1.1.1:1");
    expect("from = \"10.0.0.0/24\";", "10.0.0.7:1 -> 1.1.1.1:1", "[::10.0.0.7]:1 -> [::1]:1");
    expect("from = \"10.0.0.0/24\";", "10.0.0.7:1 -> 1.1.1.1:1", "[::ffff:10.0.0.7]:1 -> [::1]:1");
    expect("to = \"1.1.1.1\";", "10.0.0.0:1 -> 1.1.1.1:1", "1.1.1.1:1 -> 10.0.0.0:1");
    expect("to = [\"2001:db8::/33\", \"2001:db8:ffff::1\"];", "[::1]:1 -> [2001:db8:7fff:ffff::]:1",
           "[::1]:1 -> [2001:db8:8000::]:1");
    expect("to = [\"2001:db8::/33\", \"2001:db8:ffff::1\"];", "[::1]:1 -> [2001:db8:ffff::1]:1",
           "[::1]:1 -> [2001:db8:ffff::2]:1");
    expect("from = \"0.0.0.0/0\";", "255.255.255.255:1 -> 0.0.0.0:1", "[::]:1 -> [::]:1");
    expect("from = \"::/0\";", "[ffff::]:1 -> [::]:1", "0.0.0.0:1 -> 0.0.0.0:1");
    expect("from = [\"10.0.0.0/8\", \"10.1.0.0/16\", \"10.0.0.1\"];", "10.200.0.1:1 -> 1.1.1.1:1",
           "11.0.0.1:1 -> 1.1.1.1:1");
}

static void test_ports(void)
{
    expect("from_port = 5000;", OUT, IN);
    expect("to_port = 443;", OUT, IN);
    expect("to_port = [\"1-99\", \"200-300\"];", "1.1.1.1:1 -> 2.2.2.2:99", "1.1.1.1:1 -> 2.2.2.2:100");
    expect("to_port = [\"1-99\", \"200-300\"];", "1.1.1.1:1 -> 2.2.2.2:200", "1.1.1.1:1 -> 2.2.2.2:199");
    expect("to_port = [\"1-99\", \"200-300\"];", "1.1.1.1:1 -> 2.2.2.2:300", "1.1.1.1:1 -> 2.2.2.2:301");
}

static void test_quic(void)
{
    expect("quic = true;", OUT " quic=yes", OUT);
    expect("quic = false;", OUT, OUT " quic=yes");
    expect("quic = true;", OUT " version=0x1a2a3a4a", OUT);
}

static void test_versions(void)
{
    expect("version = \"v1\";", OUT " version=v1", OUT " version=v2");
    expect("version = [\"v2\", \"0x1a2a3a4a\"];", OUT " version=0x1a2a3a4a", OUT " version=v1");
    expect("version = [\"v2\", \"0x1a2a3a4a\"];", OUT " version=v2", OUT);
}

static void test_sni(void)
{
    expect("sni = \"www.example.org\";", OUT " sni=www.example.org", OUT " sni=example.org");
    expect("sni = [\"*.a\", \".b\"];", OUT " sni=x.A", OUT " sni=a");
    expect("sni = [\"*.a\", \".b\"];", OUT " sni=B.", OUT " sni=");
    expect("sni = \".org\";", OUT " sni=x.org", OUT);
    expect("sni = \".org\";", OUT " sni=x.org ech=yes", OUT " hello=unreadable");
    expect("sni = \".org\";", OUT " sni=x.org version=v2", OUT " sni=x.org version=0x1a2a3a4a");
}

static void test_sni_lists(void)
{
    char text[512];
    const char *path = file_make("games.example\n.play.example\n", 28);
    snprintf(text, sizeof(text),
             "sni_lists = { games = \"%s\"; more = \"%s\"; };"
             "rules = ( { name = \"r\"; sni = \"own.example\"; sni_list = [\"more\", \"games\"]; action = "
             "\"drop\"; } );",
             path, path);
    char conf[64];
    snprintf(conf, sizeof(conf), "%s.conf", path);
    FILE *out = fopen(conf, "w");
    need(out && fprintf(out, "%s%s", WORLD_KEYS, text) > 0 && fclose(out) == 0, conf);
    struct world world = world_load(conf);
    need(remove(conf) == 0, conf);
    file_remove();
    world_expect(&world, OUT " sni=games.example", "drop r");
    world_expect(&world, OUT " sni=a.b.play.example", "drop r");
    world_expect(&world, OUT " sni=own.example", "drop r");
    world_expect(&world, OUT " sni=a.games.example", "accept default");
    world_expect(&world, OUT " sni=other.example", "accept default");
    world_end(&world);
}

static void test_alpn(void)
{
    expect("alpn = \"h3\";", OUT " alpn=doq,h3", OUT " alpn=doq");
    expect("alpn = [\"doq\", \"h3\"];", OUT " alpn=h3", OUT " alpn=h3-29,H3");
    expect("alpn = \"h3\";", OUT " alpn=h3", OUT " sni=x.org");
}

static void test_misshapen(void)
{
    expect("misshapen = true;", OUT " misshapen=yes", OUT);
    expect("misshapen = true;", OUT " misshapen=yes", OUT " quic=yes");
    expect("misshapen = false;", OUT " version=v2", OUT " misshapen=yes");
}

static void test_ech(void)
{
    expect("ech = true;", OUT " ech=yes", OUT " ech=no");
    expect("ech = false;", OUT " ech=no", OUT " ech=yes");
    expect("ech = false;", OUT " ech=no", OUT " hello=unreadable");
    expect("ech = false;", OUT " ech=no", OUT);
}

static void test_readable(void)
{
    expect("readable = true;", OUT " sni=x.org", OUT " sni=");
    expect("readable = true;", OUT " sni=x.org ech=yes", OUT " hello=unreadable");
    expect("readable = true;", OUT " sni=x.org version=v2", OUT " version=0x1a2a3a4a");
    expect("readable = true;", OUT " sni=x.org ech=no", OUT);
    expect("readable = false;", OUT " hello=unreadable", OUT " sni=x.org ech=yes");
    expect("readable = false;", OUT " version=0x1a2a3a4a", OUT);
    expect("readable = false;", OUT " sni= ech=yes", OUT " sni=x.org");
    expect("readable = false; version = [\"0x1a2a3a4a\"];", OUT " version=0x1a2a3a4a", OUT " version=v2");
    expect("readable = false; alpn = \"h3\";", OUT " sni= alpn=h3", OUT " hello=unreadable");
}

static void readable_waits_for_the_hello(void)
{
    struct world world = one_rule("readable = true;");
    CU_ASSERT_TRUE(policy_inspects(world.policy));
    world_expect(&world, OUT " quic=yes", "wait");
    world_expect(&world, OUT " version=0x1a2a3a4a", "accept default");
    world_end(&world);
    world = one_rule("readable = false;");
    world_expect(&world, OUT " quic=yes", "wait");
    world_end(&world);
}

static void test_all_together(void)
{
    expect("direction = \"out\"; from = \"10.0.0.0/8\"; to_port = 443; version = \"v1\"; sni = \".org\"; "
           "alpn = \"h3\"; "
           "ech = false;",
           OUT " sni=a.org alpn=h3", OUT " sni=a.org alpn=h3 ech=yes");
}

static void test_order(void)
{
    struct world world =
        world_begin("default_out = \"reject\";\n"
                    "rules = ( { name = \"first\"; to_port = \"400-500\"; action = \"accept\"; },\n"
                    "{ name = \"second\"; to_port = \"1-450\"; action = \"drop\"; },\n"
                    "{ name = \"third\"; to_port = \"1-600\"; action = \"accept\"; } );");
    world_expect(&world, "1.1.1.1:1 -> 2.2.2.2:443", "accept first");
    world_expect(&world, "1.1.1.1:1 -> 2.2.2.2:399", "drop second");
    world_expect(&world, "1.1.1.1:1 -> 2.2.2.2:600", "accept third");
    world_expect(&world, "1.1.1.1:1 -> 2.2.2.2:601", "reject default");
    world_expect(&world, "wan0 1.1.1.1:1 -> 2.2.2.2:601", "drop default");
    world_end(&world);
}

static void test_no_rules(void)
{
    struct world world = world_begin("");
    world_expect(&world, OUT, "accept default");
    world_expect(&world, OUT " sni=a.org", "accept default");
    world_expect(&world, IN, "drop default");
    CU_ASSERT_FALSE(policy_inspects(world.policy));
    world_end(&world);
}

static void test_rule_names(void)
{
    struct world world = world_begin("rules = ( { name = \"a\"; action = \"drop\"; }, "
                                     "{ name = \"b\"; action = \"accept\"; } );");
    CU_ASSERT_EQUAL(policy_rule_count(world.policy), 2);
    CU_ASSERT_STRING_EQUAL(policy_rule_name(world.policy, 0), "a");
    CU_ASSERT_STRING_EQUAL(policy_rule_name(world.policy, 1), "b");
    CU_ASSERT_STRING_EQUAL(policy_rule_name(world.policy, 2), "default");
    CU_ASSERT_STRING_EQUAL(policy_rule_name(world.policy, POLICY_NO_RULE), "default");
    world_end(&world);
}

static const struct test TESTS[] = {
    {"F2: direction", test_direction},
    {"F2: interfaces", test_interfaces},
    {"F2 S4: rules name interfaces by patterns", test_patterns},
    {"F2: prefixes of both families, at their edges", test_addresses},
    {"F2: ports and ranges, at their edges", test_ports},
    {"F2: QUIC or not", test_quic},
    {"F2: versions", test_versions},
    {"F2: SNI by name and suffix", test_sni},
    {"F2: lists of names beside names", test_sni_lists},
    {"F2: ALPN", test_alpn},
    {"F2: ECH offered or not", test_ech},
    {"F2: a name that can be read, whatever ECH is offered", test_readable},
    {"F5: readable waits for the ClientHello", readable_waits_for_the_hello},
    {"F4: an Initial's size and shape", test_misshapen},
    {"F2: a rule matches when all of it does", test_all_together},
    {"F2: the first match wins", test_order},
    {"F2: rules have names, and the default has one", test_rule_names},
    {"F3: without rules, out passes and in does not", test_no_rules},
};

void rules_suite(void)
{
    TEST_SUITE("policy: rules", TESTS);
}
