#include "suite.h"
#include "suites.h"
#include <quicward/survey.h>
#include <string.h>

static struct survey_others others(const char *rules)
{
    struct survey_others found;
    survey_read_others(rules, "wan0", &found);
    return found;
}

static void nothing(void)
{
    struct survey_others none = {0}, found = others(NULL);
    struct survey_forward forwards[SURVEY_FORWARDS_MAX];
    CU_ASSERT_EQUAL(memcmp(&found, &none, sizeof(none)), 0);
    found = others("#tool iptables\n*filter\n:FORWARD ACCEPT [0:0]\nCOMMIT\n");
    CU_ASSERT_EQUAL(memcmp(&found, &none, sizeof(none)), 0);
    CU_ASSERT_EQUAL(survey_read_forwards(NULL, forwards), 0);
}

static void who_made_them(void)
{
    CU_ASSERT_TRUE(others(":DOCKER - [0:0]\n").docker);
    CU_ASSERT_TRUE(others("table ip nat {\n\tchain DOCKER {\n").docker);
    CU_ASSERT_FALSE(others("-A FORWARD -m comment --comment \"no DOCKER here\"\n").docker);
    CU_ASSERT_TRUE(others("table inet firewalld { # progname firewalld\n").firewalld);
    CU_ASSERT_TRUE(others(":ufw-before-forward - [0:0]\n").ufw);
    CU_ASSERT_TRUE(others("\tflowtable f {\n").flowtable);
    CU_ASSERT_FALSE(others("\tflow add @f\n").flowtable);
}

static void translation_of_the_kernel(void)
{
    CU_ASSERT_TRUE(others("-A POSTROUTING -o wan0 -j MASQUERADE\n").translates);
    CU_ASSERT_TRUE(
        others("-A POSTROUTING -s 10.0.0.0/24 -o wan0 -j SNAT --to-source 192.0.2.1\n").translates);
    CU_ASSERT_TRUE(others("-A POSTROUTING -j MASQUERADE\n").translates);
    CU_ASSERT_FALSE(others("-A POSTROUTING -o wan00 -j MASQUERADE\n").translates);
    CU_ASSERT_FALSE(others("-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE\n").translates);
    CU_ASSERT_FALSE(others("-A POSTROUTING -s 172.17.0.0/16 -j MASQUERADE\n").translates);
    CU_ASSERT_FALSE(others("-A POSTROUTING -o wan0 -p udp -j MASQUERADE\n").translates);
    CU_ASSERT_TRUE(others("\t\toifname \"wan0\" masquerade\n").translates);
    CU_ASSERT_TRUE(others("\t\toif \"wan0\" snat ip to 192.0.2.1\n").translates);
    CU_ASSERT_FALSE(others("\t\toifname \"tun0\" masquerade\n").translates);
    CU_ASSERT_FALSE(others("-A quicward-main -o wan0 -j MASQUERADE\n").translates);
    CU_ASSERT_STRING_EQUAL(others("-A POSTROUTING -o wan0 -j MASQUERADE\n").translator,
                           "-A POSTROUTING -o wan0 -j MASQUERADE");
}

/* Rules that quicward installed for masquerade, as both tools show them. */
static void what_is_ours(void)
{
    CU_ASSERT_FALSE(
        others("table inet quicward_main {\n\tchain others {\n\t\toifname { \"wan0\" } meta nfproto "
               "ipv4 meta l4proto != udp masquerade\n\t}\n}\n")
            .translates);
    CU_ASSERT_FALSE(
        others("table ip nat {\n\tchain quicward-main {\n\t\toifname \"wan0\" masquerade\n\t}\n}\n")
            .translates);
    CU_ASSERT_TRUE(others("table ip nat {\n\tchain quicward-main {\n\t\toifname \"wan0\" masquerade\n\t}\n"
                          "\tchain own {\n\t\toifname \"wan0\" masquerade\n\t}\n}\n")
                       .translates);
    CU_ASSERT_TRUE(
        others("table inet quicward_main {\n}\n#tool iptables\n-A POSTROUTING -o wan0 -j MASQUERADE\n")
            .translates);
}

static bool forwards_to(const char *rule, uint16_t port, const char *to)
{
    struct survey_forward found[SURVEY_FORWARDS_MAX];
    char text[QW_ENDPOINT_TEXT_MAX];
    if (survey_read_forwards(rule, found) != 1 || found[0].port != port)
        return false;
    struct qw_endpoint at = {found[0].to, found[0].to_port};
    return strcmp(qw_endpoint_text(&at, QW_IPV4, text), to) == 0;
}

static void rules_that_hand_inside(void)
{
    CU_ASSERT_TRUE(forwards_to("-A PREROUTING -i wan0 -p udp -m udp --dport 443 -j DNAT --to-destination "
                               "10.0.0.2:8443\n",
                               443, "10.0.0.2:8443"));
    CU_ASSERT_TRUE(forwards_to("-A PREROUTING -i wan0 -p udp -m udp --dport 443 -j DNAT --to-destination "
                               "10.0.0.2\n",
                               443, "10.0.0.2:443"));
    CU_ASSERT_TRUE(
        forwards_to("\t\tiifname \"wan0\" udp dport 5000 dnat ip to 10.0.0.2:5001\n", 5000, "10.0.0.2:5001"));
    CU_ASSERT_TRUE(
        forwards_to("\t\tiifname \"wan0\" udp dport 5000 dnat to 10.0.0.3\n", 5000, "10.0.0.3:5000"));
}

static void rules_that_do_not(void)
{
    struct survey_forward found[SURVEY_FORWARDS_MAX];
    static const char *const RULES[] = {
        "-A PREROUTING -p tcp -m tcp --dport 443 -j DNAT --to-destination 10.0.0.2:8443\n",
        "-A PREROUTING -p udp -m udp --dport 1000:2000 -j DNAT --to-destination 10.0.0.2\n",
        "-A PREROUTING -p udp -j DNAT --to-destination 10.0.0.2\n",
        "-A PREROUTING -p udp -m udp --dport 443 -j DNAT --to-destination 10.0.0.2-10.0.0.9\n",
        "-A PREROUTING -p udp -m udp --dport 443 -j DNAT --to-destination [2001:db8::1]:443\n",
        "-A PREROUTING -p udp -m udp --dport 99999 -j DNAT --to-destination 10.0.0.2\n",
        "-A OUTPUT -p udp -m udp --dport 443 -j DNAT --to-destination 10.0.0.2\n",
        "\t\tudp dport { 443, 444 } dnat to 10.0.0.2\n",
    };
    for (unsigned i = 0; i < sizeof(RULES) / sizeof(RULES[0]); i++)
        CU_ASSERT_EQUAL(survey_read_forwards(RULES[i], found), 0);
}

static void each_once(void)
{
    struct survey_forward found[SURVEY_FORWARDS_MAX];
    CU_ASSERT_EQUAL(
        survey_read_forwards("-A PREROUTING -p udp -m udp --dport 1 -j DNAT --to-destination 10.0.0.2:7\n"
                             "-A PREROUTING -p udp -m udp --dport 1 -j DNAT --to-destination 10.0.0.3:8\n"
                             "-A PREROUTING -p udp -m udp --dport 2 -j DNAT --to-destination 10.0.0.2:7\n"
                             "-A PREROUTING -p udp -m udp --dport 3 -j DNAT --to-destination 10.0.0.2:8\n",
                             found),
        2);
}

static void more_than_there_is_room_for(void)
{
    static char rules[64 * 96];
    struct survey_forward found[SURVEY_FORWARDS_MAX];
    rules[0] = '\0';
    for (unsigned i = 1; i <= 40; i++) {
        size_t used = strlen(rules);
        snprintf(rules + used, sizeof(rules) - used, "udp dport %u dnat to 10.0.0.%u\n", i, i);
    }
    CU_ASSERT_EQUAL(survey_read_forwards(rules, found), SURVEY_FORWARDS_MAX);
}

void rules_text_suite(void)
{
    static const struct test TESTS[] = {
        {"I2: no rules", nothing},
        {"I2: Docker, firewalld, ufw and flowtables are known", who_made_them},
        {"I2: the kernel's NAT of the outside interface, and no other", translation_of_the_kernel},
        {"I2: quicward's own rules are no others", what_is_ours},
        {"I2: DNAT of UDP in both languages", rules_that_hand_inside},
        {"I2: what is no DNAT of one UDP port is none", rules_that_do_not},
        {"I2: no forward twice, outside or inside", each_once},
        {"I2: more DNAT than there is room for", more_than_there_is_room_for},
    };
    TEST_SUITE("rules_text", TESTS);
}
