/* Rules of others that drop all UDP. */
#include "setup_rules.h"
#include "suite.h"
#include "suites.h"
#include <string.h>

static struct findings found;

static const struct config ROUTER = {.mode = CONFIG_FIREWALL,
                                     .inside = {2, {"lan0", "lan1"}},
                                     .outside = {1, {"wan0"}},
                                     .queue_first = 7400,
                                     .workers = 2};

static unsigned about_router(const struct config *router, const char *tool, const char *rules)
{
    static char text[8192];
    snprintf(text, sizeof(text), "#tool %s\n%s", tool, rules);
    found.count = 0;
    setup_rules_look(router, text, &found);
    return found.count;
}

static unsigned about(const char *tool, const char *rules)
{
    return about_router(&ROUTER, tool, rules);
}

static bool says(const char *what)
{
    for (unsigned i = 0; i < found.count; i++)
        if (strstr(found.texts[i], what))
            return true;
    return false;
}

#define FILTER(policy, rules) "*filter\n:INPUT DROP [0:0]\n:FORWARD " policy " [0:0]\n" rules "COMMIT\n"
#define MANGLE(rules) "*mangle\n:FORWARD ACCEPT [0:0]\n:quicward-main - [0:0]\n" rules "COMMIT\n"
#define OURS "-A FORWARD -j quicward-main\n"

static void plain_drops(void)
{
    static const char *const RULES[] = {
        "-A FORWARD -j DROP\n",
        "-A FORWARD -p udp -j DROP\n",
        "-A FORWARD -p udp -m udp -j DROP\n",
        "-A FORWARD -i lan0 -o wan0 -j DROP\n",
        "-A FORWARD -i wan0 -p udp -m comment --comment \"not today, -s or other\" -j DROP\n",
        "-A FORWARD -o lan1 -j REJECT --reject-with icmp-port-unreachable\n",
    };
    for (unsigned i = 0; i < sizeof(RULES) / sizeof(RULES[0]); i++) {
        char rules[512];
        snprintf(rules, sizeof(rules), FILTER("ACCEPT", "%s"), RULES[i]);
        CU_ASSERT_EQUAL(about("iptables", rules), 1);
        CU_ASSERT_TRUE(says("drops all UDP between inside and outside"));
        snprintf(rules, sizeof(rules), MANGLE("%s" OURS), RULES[i]);
        CU_ASSERT_EQUAL(about("ip6tables", rules), 1);
        snprintf(rules, sizeof(rules), FILTER("ACCEPT", "-A FORWARD -i lan0 -j ACCEPT\n%s"), RULES[i]);
        CU_ASSERT_EQUAL(about("iptables", rules), 0); /* something got out before */
    }
    CU_ASSERT_EQUAL(about("iptables", "*raw\n-A PREROUTING -i lan0 -p udp -j DROP\nCOMMIT\n"), 1);
}

static void drops_of_less(void)
{
    static const char *const RULES[] = {
        "-A FORWARD -p tcp -j DROP\n",
        "-A FORWARD -p udp -m udp --dport 443 -j DROP\n",
        "-A FORWARD -s 10.0.0.9/32 -j DROP\n",
        "-A FORWARD -i docker0 -j DROP\n",
        "-A FORWARD -i lan0 -o lan1 -j DROP\n",
        "-A FORWARD ! -i lan0 -j DROP\n",
        "-A FORWARD -m conntrack --ctstate INVALID -j DROP\n",
        "-A FORWARD -m limit --limit 5/min -j DROP\n",
        "-A INPUT -j DROP\n",
        "-A FORWARD -p udp -j ACCEPT\n",
        "-A FORWARD -p udp -j\n",
    };
    for (unsigned i = 0; i < sizeof(RULES) / sizeof(RULES[0]); i++) {
        char rules[512];
        snprintf(rules, sizeof(rules), FILTER("ACCEPT", "%s"), RULES[i]);
        CU_ASSERT_EQUAL(about("iptables", rules), 0);
    }
    CU_ASSERT_EQUAL(about("iptables", "*nat\n-A PREROUTING -i lan0 -p udp -j DROP\nCOMMIT\n"), 0);
}

static void a_policy_that_drops(void)
{
    CU_ASSERT_EQUAL(about("iptables", FILTER("DROP", "")), 1);
    CU_ASSERT_TRUE(says("iptables -I FORWARD -i lan0 -o wan0 -p udp -j ACCEPT"));
    CU_ASSERT_EQUAL(about("ip6tables", FILTER("DROP", "")), 1);
    CU_ASSERT_TRUE(says("ip6tables -I FORWARD -i lan0 -o wan0 -p udp -j ACCEPT"));
    CU_ASSERT_EQUAL(about("iptables", FILTER("DROP", "-A FORWARD -p tcp -j ACCEPT\n-A FORWARD -j LOG\n")), 1);
    CU_ASSERT_EQUAL(about("iptables", FILTER("DROP", "-A FORWARD -i docker0 -j ACCEPT\n")), 1);
    CU_ASSERT_EQUAL(about("iptables", FILTER("DROP", "-A FORWARD -j NFQUEUE --queue-num 1\n")), 0);
    CU_ASSERT_EQUAL(about("iptables", FILTER("DROP", "-A FORWARD -i lan0 -j ACCEPT\n")), 0);
    CU_ASSERT_EQUAL(about("iptables", FILTER("ACCEPT", "")), 0);
}

/* As Docker makes them. */
#define DOCKER                                                                                               \
    "-A FORWARD -j DOCKER-USER\n-A FORWARD -j DOCKER-FORWARD\n-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o "   \
    "docker0 -p udp -m udp --dport 53 -j ACCEPT\n-A DOCKER-CT -o docker0 -m conntrack --ctstate "            \
    "RELATED,ESTABLISHED -j ACCEPT\n-A DOCKER-FORWARD -j DOCKER-CT\n-A DOCKER-FORWARD -i docker0 -j "        \
    "ACCEPT\n"

static void chains_of_others(void)
{
    CU_ASSERT_EQUAL(about("iptables", FILTER("DROP", DOCKER "-A DOCKER-USER -j RETURN\n")), 1);
    CU_ASSERT_EQUAL(about("iptables", FILTER("DROP", DOCKER "-A DOCKER-USER -i lan0 -o wan0 -j ACCEPT\n")),
                    0);
    CU_ASSERT_EQUAL(about("iptables", FILTER("DROP", DOCKER "-A DOCKER-USER -i lan+ -j ACCEPT\n")), 0);
    CU_ASSERT_EQUAL(about("iptables", FILTER("DROP", DOCKER "-A DOCKER-USER ! -i docker0 -j ACCEPT\n")), 0);
    CU_ASSERT_EQUAL(about("iptables", FILTER("DROP", DOCKER "-A DOCKER-USER -p tcp -j ACCEPT\n")), 1);
    CU_ASSERT_EQUAL(about("iptables", FILTER("DROP", DOCKER "-A INPUT -j ACCEPT\n")), 1);
    CU_ASSERT_EQUAL(about("iptables", FILTER("ACCEPT", DOCKER "-A FORWARD -j DROP\n")), 0); /* who knows */
    CU_ASSERT_EQUAL(about("iptables", FILTER("DROP", "-A other -j ACCEPT\n")), 1); /* nothing leads there */
}

#define NFT(hook, policy, rules)                                                                             \
    "table inet own {\n\tchain c {\n\t\ttype filter hook " hook " priority filter; policy " policy           \
    ";\n" rules "\t}\n\tchain other {\n\t\tdrop\n\t}\n}\n"

static void likewise_in_nft(void)
{
    CU_ASSERT_EQUAL(about("nft", NFT("forward", "accept", "\t\tmeta l4proto udp drop\n")), 1);
    CU_ASSERT_TRUE(says("table inet own, chain c"));
    CU_ASSERT_EQUAL(
        about("nft", NFT("forward", "accept",
                         "\t\tiifname \"lan0\" oifname \"wan0\" counter packets 7 bytes 9 drop\n")),
        1);
    CU_ASSERT_EQUAL(about("nft", NFT("prerouting", "accept", "\t\tiifname \"lan0\" ip protocol udp drop\n")),
                    1);
    CU_ASSERT_EQUAL(about("nft", NFT("forward", "drop", "")), 1);
    CU_ASSERT_TRUE(says("nft add rule inet own c iifname lan0 oifname wan0"));
    CU_ASSERT_EQUAL(about("nft", NFT("forward", "drop", "\t\tct state established,related accept\n")), 0);
    CU_ASSERT_EQUAL(about("nft", NFT("forward", "drop", "\t\tjump elsewhere\n")), 0);
    CU_ASSERT_EQUAL(about("nft", NFT("forward", "drop", "\t\ttcp dport 22 accept\n")), 1);
    CU_ASSERT_EQUAL(about("nft", NFT("input", "drop", "\t\tdrop\n")), 0);
    CU_ASSERT_EQUAL(about("nft", NFT("forward", "accept", "\t\tudp dport 443 drop\n")), 0);
    CU_ASSERT_EQUAL(about("nft", NFT("forward", "accept", "\t\tct state invalid drop\n")), 0);
    CU_ASSERT_EQUAL(about("nft", NFT("forward", "accept", "\t\tiifname { \"lan0\", \"x\" } drop\n")), 0);
    CU_ASSERT_EQUAL(about("nft", NFT("forward", "accept", "\t\taccept\n\t\tdrop\n")), 0);
}

/* Rules of others may name what matches a pattern of ours, or have a wildcard of their own. */
static void patterns(void)
{
    struct config router = ROUTER;
    router.inside = (struct config_interfaces){1, {"lan*"}};
    router.outside = (struct config_interfaces){1, {"ppp*"}};
    CU_ASSERT_EQUAL(
        about_router(&router, "iptables", FILTER("ACCEPT", "-A FORWARD -i lan7 -o ppp3 -j DROP\n")), 1);
    CU_ASSERT_EQUAL(
        about_router(&router, "iptables", FILTER("ACCEPT", "-A FORWARD -i lan+ -o ppp+ -j DROP\n")), 1);
    CU_ASSERT_EQUAL(about_router(&router, "iptables", FILTER("ACCEPT", "-A FORWARD -i pp+ -p udp -j DROP\n")),
                    1);
    CU_ASSERT_EQUAL(about_router(&router, "iptables", FILTER("ACCEPT", "-A FORWARD -i eth0 -j DROP\n")), 0);
    CU_ASSERT_EQUAL(about_router(&router, "iptables", FILTER("DROP", "")), 1);
    CU_ASSERT_TRUE(says("iptables -I FORWARD -i lan+ -o ppp+ -p udp -j ACCEPT"));
    CU_ASSERT_EQUAL(about_router(&router, "nft", NFT("forward", "drop", "")), 1);
    CU_ASSERT_TRUE(says("nft add rule inet own c iifname lan* oifname ppp*"));
    CU_ASSERT_EQUAL(about_router(&router, "nft",
                                 NFT("forward", "accept", "\t\tiifname \"ppp*\" meta l4proto udp drop\n")),
                    1);
}

void setup_drops_suite(void)
{
    static const struct test TESTS[] = {
        {"I2: rules that drop all UDP are told", plain_drops},
        {"I2: rules that drop some of it are not", drops_of_less},
        {"I2: a policy that drops, where nothing is accepted", a_policy_that_drops},
        {"I2: chains of others, as Docker has them", chains_of_others},
        {"I2: likewise in nft", likewise_in_nft},
        {"I2 S4: interfaces by patterns, ours and theirs", patterns},
    };
    TEST_SUITE("setup drops", TESTS);
}
