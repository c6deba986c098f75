/* Interfaces by patterns. */
#include "load_text.h"
#include "suite.h"
#include "suites.h"
#include <stdlib.h>
#include <string.h>

static void expect(struct loaded loaded, const char *messages)
{
    CU_ASSERT_EQUAL(loaded.error, *messages ? QW_ERR_INVALID : QW_OK);
    CU_ASSERT_STRING_EQUAL(loaded.messages, messages);
    loaded_free(&loaded);
}

static void expect_sides(const char *inside, const char *outside, const char *messages)
{
    char text[512];
    snprintf(text, sizeof(text), "mode = \"firewall\";\ninside = [%s];\noutside = [%s];\n", inside, outside);
    expect(load_text(text), messages);
}

static void test_covers(void)
{
    CU_ASSERT_TRUE(config_interface_covers("ppp*", "ppp0"));
    CU_ASSERT_TRUE(config_interface_covers("ppp*", "ppp"));
    CU_ASSERT_TRUE(config_interface_covers("ppp*", "ppp1*"));
    CU_ASSERT_TRUE(config_interface_covers("ppp*", "ppp*"));
    CU_ASSERT_FALSE(config_interface_covers("ppp*", "pp*"));
    CU_ASSERT_FALSE(config_interface_covers("ppp*", "pp"));
    CU_ASSERT_FALSE(config_interface_covers("ppp*", "xppp0"));
    CU_ASSERT_FALSE(config_interface_covers("ppp", "ppp0"));
    CU_ASSERT_FALSE(config_interface_covers("ppp", "ppp*"));
    CU_ASSERT_FALSE(config_interface_covers("", "ppp0"));
    CU_ASSERT_FALSE(config_interface_covers("*", "ppp0"));
    CU_ASSERT_TRUE(config_interface_is_pattern("p*"));
    CU_ASSERT_FALSE(config_interface_is_pattern("*"));
    CU_ASSERT_FALSE(config_interface_is_pattern(""));
}

static void test_find(void)
{
    static const struct config_interfaces NAMED = {3, {"lan0", "wg*", "ppp*"}};
    CU_ASSERT_EQUAL(config_interface_find(&NAMED, "lan0"), 0);
    CU_ASSERT_EQUAL(config_interface_find(&NAMED, "ppp7"), 2);
    CU_ASSERT_EQUAL(config_interface_find(&NAMED, "wg*"), 1);
    CU_ASSERT_EQUAL(config_interface_find(&NAMED, "lan01"), -1);
    CU_ASSERT_EQUAL(config_interface_find(&NAMED, ""), -1);
}

static void test_taken(void)
{
    struct loaded loaded = load_text(
        "mode = \"firewall\"; inside = [\"lan0\", \"wg*\"]; outside = [\"ppp*\", \"pppoe\", \"w.-_*\"];");
    CU_ASSERT_STRING_EQUAL(
        loaded.messages,
        "x.conf:1: outside: \"pppoe\" is matched by \"ppp*\" already; allowed: each interface "
        "once\n");
    loaded_free(&loaded);
    loaded = load_text(
        "mode = \"firewall\"; inside = [\"lan0\", \"wg*\"]; outside = [\"ppp*\", \"fourteen-byte.*\"];");
    CU_ASSERT_STRING_EQUAL(loaded.messages, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(loaded.config);
    CU_ASSERT_STRING_EQUAL(loaded.config->inside.names[1], "wg*");
    char *text = printed(loaded.config);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "inside = [\"lan0\", \"wg*\"];"));
    free(text);
    loaded_free(&loaded);
}

#define ALLOWED "allowed: a name, or how names begin and a \"*\", such as \"ppp*\"\n"

static void test_bad_patterns(void)
{
    expect_sides("\"*\"", "\"wan0\"", "x.conf:2: inside: \"*\" does not say how names begin; " ALLOWED);
    expect_sides("\"p*p\"", "\"wan0\"", "x.conf:2: inside: \"p*p\" has a \"*\" before its end; " ALLOWED);
    expect_sides("\"ppp**\"", "\"wan0\"", "x.conf:2: inside: \"ppp**\" has a \"*\" before its end; " ALLOWED);
    expect_sides("\"*ppp\"", "\"wan0\"", "x.conf:2: inside: \"*ppp\" does not say how names begin; " ALLOWED);
    expect_sides("\"fifteen-bytes-x*\"", "\"wan0\"",
                 "x.conf:2: inside: \"fifteen-bytes-x*\" is too long with 16 bytes: at most 15\n");
    expect_sides(
        "\"ppp+\"", "\"wan0\"",
        "x.conf:2: inside: \"ppp+\" is no interface name; allowed: letters, digits, \".\", \"_\" and "
        "\"-\", the first of them a letter, a digit or \"_\"; a \"*\" at the end stands for any rest of a "
        "name\n");
}

static void test_one_side(void)
{
    expect_sides("\"ppp*\", \"ppp0\"", "\"wan0\"",
                 "x.conf:2: inside: \"ppp0\" is matched by \"ppp*\" already; allowed: each interface once\n");
    expect_sides(
        "\"ppp0\", \"ppp*\"", "\"wan0\"",
        "x.conf:2: inside: \"ppp*\" matches \"ppp0\", which is named too; allowed: each interface once\n");
    expect_sides("\"ppp*\", \"ppp*\"", "\"wan0\"",
                 "x.conf:2: inside: \"ppp*\" is named twice; allowed: each interface once\n");
    expect_sides(
        "\"ppp*\", \"pp*\"", "\"wan0\"",
        "x.conf:2: inside: \"pp*\" matches \"ppp*\", which is named too; allowed: each interface once\n");
    expect_sides("\"ppp1*\", \"ppp2*\", \"ppp\"", "\"wan0\"", "");
}

static void test_both_sides(void)
{
    expect_sides(
        "\"ppp*\"", "\"ppp0\"",
        "x.conf:3: outside: \"ppp0\" is matched by \"ppp*\" of inside (x.conf:2); allowed: an interface on "
        "one side only\n");
    expect_sides(
        "\"lan0\", \"ppp0\"", "\"ppp*\"",
        "x.conf:3: outside: \"ppp*\" matches \"ppp0\" of inside (x.conf:2); allowed: an interface on one "
        "side only\n");
    expect_sides(
        "\"ppp1*\"", "\"ppp*\"",
        "x.conf:3: outside: \"ppp*\" matches \"ppp1*\" of inside (x.conf:2); allowed: an interface on one "
        "side only\n");
    expect_sides(
        "\"ppp*\"", "\"ppp*\"",
        "x.conf:3: outside: \"ppp*\" is also in inside (x.conf:2); allowed: an interface on one side "
        "only\n");
}

#define PPP "mode = \"firewall\"; inside = [\"wg*\", \"lan0\"]; outside = [\"ppp*\"];\n"

static void test_other_keys(void)
{
    expect(load_text(PPP
                     "rules = ( { name = \"a\"; from_interface = \"wg*\"; to_interface = \"ppp7\"; action = "
                     "\"drop\"; },\n{ name = \"b\"; from_interface = \"wg1*\"; action = \"drop\"; } );"),
           "");
    expect(
        load_text(PPP "rules = ( { name = \"a\"; from_interface = \"w*\"; action = \"drop\"; } );"),
        "x.conf:2: rule \"a\": from_interface = \"w*\" is not in inside or outside; did you mean \"wg*\"?\n");
    expect(load_text(PPP "size_limits = ( { class = \"udp\"; limit = 1400; interface = \"ppp*\"; } );"), "");
    expect(load_text(PPP "throttles = ( { interface = \"ppp3\"; direction = \"in\"; capacity = \"1M\"; } );"),
           "");
    expect(load_text(PPP "throttles = ( { interface = \"ppp*\"; direction = \"in\"; capacity = \"1M\"; } );"),
           "x.conf:2: throttle 1: interface = \"ppp*\" is a pattern; allowed: the name of one interface, "
           "such as "
           "\"ppp0\"\n");
}

#define NAT_PPP "mode = \"nat\"; inside = [\"wg*\"]; outside = [\"wan0\", \"ppp*\"];\n"

static void test_nat(void)
{
    struct loaded loaded = load_text(NAT_PPP "nat = { external = ( { interface = \"ppp*\"; address = "
                                             "\"198.51.100.7\"; }, \"198.51.100.8\" ); };");
    CU_ASSERT_STRING_EQUAL(loaded.messages, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(loaded.config);
    CU_ASSERT_EQUAL(loaded.config->external_uplink[0], 2);
    loaded_free(&loaded);
    expect(load_text(NAT_PPP "nat = { external = \"auto\"; };\n"
                             "size_limits = ( { class = \"udp\"; limit = 1400; interface = \"wg*\"; } );"),
           "");
    expect(load_text(NAT_PPP "nat = { external = \"auto\"; };\n"
                             "size_limits = ( { class = \"udp\"; limit = 1400; interface = \"wg0\"; } );"),
           "x.conf:3: size limit 1: interface = \"wg0\" is not all of inside, and mode = \"nat\" judges IPv4 "
           "from "
           "outside before it is routed; allowed: one of outside, or no interface\n");
}

static void load_outside(unsigned count, const char *messages)
{
    char text[2048] =
        "mode = \"nat\"; inside = [\"lan0\"]; nat = { external = \"auto\"; };\noutside = [\"w0\"";
    for (unsigned i = 1; i < count; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), ", \"w%u\"", i);
    snprintf(text + strlen(text), sizeof(text) - strlen(text), "];");
    expect(load_text(text), messages);
}

/* There are so many external addresses, and bits of uplinks. */
static void test_uplinks(void)
{
    load_outside(CONFIG_UPLINKS_MAX, "");
    load_outside(
        CONFIG_UPLINKS_MAX + 1,
        "x.conf:2: outside: 64 interfaces are too many in mode = \"nat\"; allowed: at most 63; a pattern "
        "such as \"ppp*\" is one, whatever it matches\n");
    load_outside(
        CONFIG_INTERFACES_MAX,
        "x.conf:2: outside: 256 interfaces are too many in mode = \"nat\"; allowed: at most 63; a pattern "
        "such as \"ppp*\" is one, whatever it matches\n");
}

void register_patterns(void)
{
    static const struct test TESTS[] = {
        {"S4: a pattern stands for all names that begin so, and for narrower patterns", test_covers},
        {"S4: an interface has one entry", test_find},
        {"S4: patterns arrive in the struct, and are printed", test_taken},
        {"S4: what is no pattern is quoted, with what is allowed", test_bad_patterns},
        {"S4: no interface belongs to two entries of a side", test_one_side},
        {"S4: nor to both sides", test_both_sides},
        {"S4: rules and limits name patterns, what matches them, and narrower ones", test_other_keys},
        {"S4 N15: addresses are for a pattern like for an interface", test_nat},
        {"N15: mode nat has a bound of interfaces outside", test_uplinks},
    };
    TEST_SUITE("patterns", TESTS);
}
