/* Rules of others, as their tools print them: what is said of them. */
#include "setup_rules.h"
#include "suite.h"
#include "suites.h"
#include <string.h>

static const struct config ROUTER = {
    .mode = CONFIG_NAT,
    .inside = {1, {"lan0"}},
    .outside = {1, {"wan0"}},
    .queue_first = 7400,
    .workers = 2,
};

static struct findings found;

/* How many findings there are about `rules`, printed by `tool`. */
static unsigned about(enum config_mode mode, const char *tool, const char *rules)
{
    static char text[8192];
    struct config config = ROUTER;
    config.mode = mode;
    snprintf(text, sizeof(text), "#tool %s\n%s", tool, rules);
    found.count = 0;
    setup_rules_look(&config, text, &found);
    return found.count;
}

static bool says(const char *what)
{
    for (unsigned i = 0; i < found.count; i++)
        if (strstr(found.texts[i], what))
            return true;
    return false;
}

#define FILTER(policy, rules) "*filter\n:INPUT DROP [0:0]\n:FORWARD " policy " [0:0]\n" rules "COMMIT\n"
#define STATEFUL "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"

static void a_filter_that_drops_untracked(void)
{
    CU_ASSERT_EQUAL(about(CONFIG_NAT, "iptables", FILTER("DROP", STATEFUL)), 1);
    CU_ASSERT_TRUE(says("-i wan0 -o lan0 -p udp -m conntrack --ctstate UNTRACKED -j ACCEPT"));
    CU_ASSERT_EQUAL(about(CONFIG_FIREWALL, "iptables", FILTER("DROP", STATEFUL)), 0);
    CU_ASSERT_EQUAL(about(CONFIG_NAT, "ip6tables", FILTER("DROP", STATEFUL)), 0);
    CU_ASSERT_EQUAL(about(CONFIG_NAT, "iptables", FILTER("ACCEPT", STATEFUL)), 0);
    CU_ASSERT_EQUAL(
        about(CONFIG_NAT, "iptables", FILTER("ACCEPT", STATEFUL "-A FORWARD -j REJECT --reject-with x\n")),
        1);
    CU_ASSERT_EQUAL(
        about(CONFIG_NAT, "iptables", FILTER("DROP", STATEFUL "-A FORWARD -i lan0 -o wan0 -j ACCEPT\n")), 1);
    CU_ASSERT_EQUAL(
        about(CONFIG_NAT, "iptables", FILTER("DROP", STATEFUL "-A FORWARD -i wan0 -o lan0 -j ACCEPT\n")), 0);
    CU_ASSERT_EQUAL(
        about(CONFIG_NAT, "iptables", FILTER("DROP", STATEFUL "-A FORWARD -i wan0 -p tcp -j ACCEPT\n")), 1);
    CU_ASSERT_EQUAL(
        about(CONFIG_NAT, "iptables",
              FILTER("DROP", STATEFUL "-A FORWARD -p udp -m conntrack --ctstate UNTRACKED -j ACCEPT\n")),
        0);
    CU_ASSERT_EQUAL(about(CONFIG_NAT, "iptables", FILTER("DROP", "")), 1); /* of all: test_setup_drops.c */
    CU_ASSERT_FALSE(says("UNTRACKED"));
}

#define NFT_FILTER(policy, rules)                                                                            \
    "table inet filter {\n\tchain forward {\n\t\ttype filter hook forward priority filter; policy " policy   \
    ";\n" rules "\t}\n}\n"
#define NFT_STATEFUL "\t\tct state established,related accept\n"

static void likewise_of_nft(void)
{
    CU_ASSERT_EQUAL(about(CONFIG_NAT, "nft", NFT_FILTER("drop", NFT_STATEFUL)), 1);
    CU_ASSERT_TRUE(says("insert rule inet filter forward iifname wan0 oifname lan0"));
    CU_ASSERT_EQUAL(about(CONFIG_FIREWALL, "nft", NFT_FILTER("drop", NFT_STATEFUL)), 0);
    CU_ASSERT_EQUAL(about(CONFIG_NAT, "nft", NFT_FILTER("accept", NFT_STATEFUL)), 0);
    CU_ASSERT_EQUAL(
        about(CONFIG_NAT, "nft", NFT_FILTER("accept", NFT_STATEFUL "\t\tcounter packets 1 bytes 2 drop\n")),
        1);
    CU_ASSERT_EQUAL(
        about(CONFIG_NAT, "nft", NFT_FILTER("drop", "\t\tct state vmap { established : accept }\n")), 1);
    CU_ASSERT_EQUAL(
        about(CONFIG_NAT, "nft", NFT_FILTER("drop", NFT_STATEFUL "\t\tct state untracked accept\n")), 0);
    CU_ASSERT_EQUAL(
        about(CONFIG_NAT, "nft", NFT_FILTER("drop", NFT_STATEFUL "\t\tiifname \"wan0\" accept\n")), 0);
    CU_ASSERT_EQUAL(about(CONFIG_NAT, "nft",
                          NFT_FILTER("drop", NFT_STATEFUL "\t\tiifname \"lan0\" oifname \"wan0\" accept\n")),
                    1);
    CU_ASSERT_EQUAL(about(CONFIG_NAT, "nft", /* made by iptables, and shown by it */
                          "table ip filter {\n\tchain FORWARD {\n\t\ttype filter hook forward priority "
                          "filter; policy drop;\n" NFT_STATEFUL "\t}\n}\n"),
                    0);
}

#define MANGLE(rules) "*mangle\n:FORWARD ACCEPT [0:0]\n:quicward-main - [0:0]\n" rules "COMMIT\n"
#define OURS "-A FORWARD -j quicward-main\n-A quicward-main -p udp -j NFQUEUE --queue-balance 7400:7401\n"

static void rules_behind_ours(void)
{
    CU_ASSERT_EQUAL(about(CONFIG_FIREWALL, "iptables",
                          MANGLE(OURS "-A FORWARD -o wan0 -p udp -j MARK --set-xmark 0x1\n")),
                    1);
    CU_ASSERT_TRUE(says(
        "\"iptables -t mangle -D FORWARD -o wan0 -p udp -j MARK --set-xmark 0x1\" and then \"iptables -t "
        "mangle -I FORWARD -o wan0"));
    CU_ASSERT_EQUAL(
        about(CONFIG_FIREWALL, "ip6tables", MANGLE(OURS "-A FORWARD -o wan0 -j MARK --set-xmark 0x1\n")), 1);
    CU_ASSERT_TRUE(says("ip6tables -t mangle"));
    CU_ASSERT_EQUAL(
        about(CONFIG_FIREWALL, "iptables", MANGLE("-A FORWARD -p udp -j MARK --set-xmark 0x1\n" OURS)), 0);
    CU_ASSERT_EQUAL(
        about(CONFIG_FIREWALL, "iptables", MANGLE(OURS "-A FORWARD -p tcp -j TCPMSS --clamp-mss-to-pmtu\n")),
        0);
    CU_ASSERT_EQUAL(
        about(CONFIG_FIREWALL, "iptables", MANGLE(OURS "-A FORWARD ! -p udp -j MARK --set-xmark 0x1\n")), 0);
    /* Another instance whose name begins with ours. */
    CU_ASSERT_EQUAL(
        about(CONFIG_FIREWALL, "iptables",
              MANGLE("-A FORWARD -j quicward-mainly\n-A FORWARD -o wan0 -j MARK --set-xmark 0x1\n")),
        0);
}

/* Of interfaces that quicward has nothing to do with. */
static void rules_beside_ours(void)
{
    CU_ASSERT_EQUAL(
        about(CONFIG_FIREWALL, "iptables", MANGLE(OURS "-A FORWARD -i docker0 -j MARK --set-xmark 0x1\n")),
        0);
    CU_ASSERT_EQUAL(
        about(CONFIG_FIREWALL, "iptables", MANGLE(OURS "-A FORWARD -i lan0 -o wan01 -j ACCEPT\n")), 0);
    CU_ASSERT_EQUAL(about(CONFIG_FIREWALL, "iptables", MANGLE(OURS "-A FORWARD -i lan+ -j ACCEPT\n")), 1);
    CU_ASSERT_EQUAL(about(CONFIG_FIREWALL, "iptables", MANGLE(OURS "-A FORWARD ! -i docker0 -j ACCEPT\n")),
                    1);
}

static void translation_by_others(void)
{
    static const char DNAT[] =
        "*nat\n-A PREROUTING -i wan0 -p udp -m udp --dport 53 -j DNAT --to-destination 10.0.0.2\nCOMMIT\n";
    CU_ASSERT_EQUAL(about(CONFIG_NAT, "iptables", DNAT), 1);
    CU_ASSERT_TRUE(says("nat.forwards"));
    CU_ASSERT_EQUAL(about(CONFIG_FIREWALL, "iptables", DNAT), 0);
    CU_ASSERT_EQUAL(
        about(CONFIG_NAT, "iptables", "*nat\n-A PREROUTING -p tcp -j REDIRECT --to-ports 1\nCOMMIT\n"), 0);
    CU_ASSERT_EQUAL(about(CONFIG_NAT, "iptables", "*nat\n-A POSTROUTING -o wan0 -j MASQUERADE\nCOMMIT\n"), 0);
    CU_ASSERT_EQUAL(
        about(CONFIG_NAT, "nft", "table ip n {\n\tchain p {\n\t\tudp dport 53 redirect to :5353\n\t}\n}\n"),
        1);
    CU_ASSERT_EQUAL(
        about(CONFIG_NAT, "nft", "table ip n {\n\tchain p {\n\t\ttcp dport 53 redirect to :5353\n\t}\n}\n"),
        0);
}

static void queues_that_others_feed(void)
{
    CU_ASSERT_EQUAL(about(CONFIG_MONITOR, "iptables",
                          FILTER("ACCEPT", "-A FORWARD -p tcp -j NFQUEUE --queue-num 7401\n")),
                    1);
    CU_ASSERT_EQUAL(about(CONFIG_MONITOR, "iptables",
                          FILTER("ACCEPT", "-A FORWARD -p tcp -j NFQUEUE --queue-num 7402\n")),
                    0);
    CU_ASSERT_EQUAL(about(CONFIG_MONITOR, "iptables",
                          FILTER("ACCEPT", "-A INPUT -p tcp -j NFQUEUE --queue-balance 7300:7400\n")),
                    1);
    CU_ASSERT_EQUAL(about(CONFIG_MONITOR, "iptables",
                          FILTER("ACCEPT", "-A INPUT -p tcp -j NFQUEUE --queue-balance 7300:7399\n")),
                    0);
    CU_ASSERT_EQUAL(about(CONFIG_MONITOR, "nft",
                          "table inet s {\n\tchain c {\n\t\tqueue flags bypass to 7398-7400\n\t}\n}\n"),
                    1);
    CU_ASSERT_EQUAL(about(CONFIG_MONITOR, "nft", "table inet s {\n\tchain c {\n\t\tqueue to 3\n\t}\n}\n"), 0);
    CU_ASSERT_EQUAL(
        about(CONFIG_MONITOR, "nft", "table inet quicward_main {\n\tchain c {\n\t\tqueue to 7400\n\t}\n}\n"),
        0);
    CU_ASSERT_EQUAL(about(CONFIG_MONITOR, "nft",
                          "table ip mangle {\n\tchain quicward-main-between {\n\t\tqueue to 7400\n\t}\n}\n"),
                    0);
}

#define OFFLOAD(family, rules)                                                                               \
    "table " family                                                                                          \
    " f {\n\tflowtable ft {\n\t\thook ingress priority filter\n\t\tdevices = { lan0, wan0 }\n\t}\n"          \
    "\tchain forward {\n\t\ttype filter hook forward priority filter; policy accept;\n" rules "\t}\n}\n"

static void flowtables(void)
{
    CU_ASSERT_EQUAL(about(CONFIG_FIREWALL, "nft", OFFLOAD("inet", "\t\tflow add @ft\n")), 1);
    CU_ASSERT_TRUE(says("meta l4proto tcp flow add @ft"));
    CU_ASSERT_EQUAL(
        about(CONFIG_MONITOR, "nft", OFFLOAD("ip", "\t\tmeta l4proto { tcp, udp } flow add @ft\n")), 1);
    CU_ASSERT_EQUAL(
        about(CONFIG_FIREWALL, "nft", OFFLOAD("inet", "\t\tct state established flow offload @ft\n")), 1);
    CU_ASSERT_EQUAL(about(CONFIG_FIREWALL, "nft", OFFLOAD("inet", "\t\tmeta l4proto tcp flow add @ft\n")), 0);
    CU_ASSERT_EQUAL(about(CONFIG_FIREWALL, "nft", OFFLOAD("inet", "\t\tip protocol tcp flow add @ft\n")), 0);
    CU_ASSERT_EQUAL(
        about(CONFIG_FIREWALL, "nft", OFFLOAD("inet", "\t\tmeta l4proto udp accept\n\t\tflow add @ft\n")), 0);
    CU_ASSERT_EQUAL(about(CONFIG_FIREWALL, "nft", OFFLOAD("inet", "")), 0);
    CU_ASSERT_EQUAL(about(CONFIG_NAT, "nft", OFFLOAD("ip", "\t\tflow add @ft\n")), 0); /* it is untracked */
    CU_ASSERT_EQUAL(about(CONFIG_NAT, "nft", OFFLOAD("inet", "\t\tflow add @ft\n")), 1);
    CU_ASSERT_TRUE(says("IPv6 UDP"));
    CU_ASSERT_EQUAL(about(CONFIG_FIREWALL, "iptables", FILTER("ACCEPT", "-A FORWARD -j FLOWOFFLOAD\n")), 1);
}

static void said_once(void)
{
    static struct findings many;
    for (unsigned i = 0; i < 3 * FINDINGS_MAX; i++) {
        findings_add(&many, "one");
        CU_ASSERT_EQUAL(many.count, i == 0 ? 1 : many.count);
    }
    CU_ASSERT_EQUAL(many.count, 1);
    for (unsigned i = 0; i < 3 * FINDINGS_MAX; i++)
        findings_add(&many, "number %u", i);
    CU_ASSERT_EQUAL(many.count, FINDINGS_MAX);
}

static void anything_is_read(void)
{
    static char line[3000];
    memset(line, 'x', sizeof(line) - 1);
    memcpy(line, "table inet ", 11);
    CU_ASSERT_EQUAL(about(CONFIG_NAT, "nft", line), 0);
    memcpy(line, "*mangle ", 8);
    CU_ASSERT_EQUAL(about(CONFIG_NAT, "iptables", line), 0);
    CU_ASSERT_EQUAL(about(CONFIG_NAT, "iptables", ""), 0);
    CU_ASSERT_EQUAL(
        about(CONFIG_NAT, "nft", "}\n}\n*\n:\n-A\nchain {\ntable {\n queue to \n -j NFQUEUE --queue-num\n"),
        0);
}

void setup_rules_suite(void)
{
    static const struct test TESTS[] = {
        {"S5: a filter that drops what is untracked is told", a_filter_that_drops_untracked},
        {"S5: likewise one of nft", likewise_of_nft},
        {"S5: rules behind ours are told", rules_behind_ours},
        {"S5: rules of other interfaces are not", rules_beside_ours},
        {"S5: DNAT and REDIRECT of UDP are told", translation_by_others},
        {"S5: rules that feed our queues are told", queues_that_others_feed},
        {"S5: flowtables that take UDP are told", flowtables},
        {"S5: a finding is told once, and not without an end", said_once},
        {"S7: whatever tools print is read", anything_is_read},
    };
    TEST_SUITE("setup rules", TESTS);
}
