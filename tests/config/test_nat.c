/* The keys of nat: what arrives in the struct, who owns it, and how much of it there may be. */
#include "load_text.h"
#include "same_config.h"
#include "suite.h"
#include "suites.h"
#include <stdlib.h>
#include <string.h>

#define GOOD TEST_DATA "/golden/config/good/"

static void expect_messages(struct loaded loaded, const char *messages)
{
    CU_ASSERT_EQUAL(loaded.error, *messages ? QW_ERR_INVALID : QW_OK);
    if (strcmp(loaded.messages, messages) != 0)
        printf("\ngot\n%.400swant\n%s", loaded.messages, messages);
    CU_ASSERT_STRING_EQUAL(loaded.messages, messages);
    loaded_free(&loaded);
}

static void expect_address(const struct qw_addr *addr, const char *text)
{
    char got[QW_ADDR_TEXT_MAX];
    CU_ASSERT_STRING_EQUAL(qw_addr_text(addr, QW_IPV4, got), text);
}

static void expect_forward(const struct config_forward *forward, unsigned line, unsigned external,
                           uint16_t port, const char *to)
{
    char got[QW_ENDPOINT_TEXT_MAX];
    CU_ASSERT_EQUAL(forward->line, line);
    CU_ASSERT_EQUAL(forward->external, external);
    CU_ASSERT_EQUAL(forward->port, port);
    CU_ASSERT_STRING_EQUAL(qw_endpoint_text(&forward->to, QW_IPV4, got), to);
}

static void test_struct(void)
{
    struct loaded loaded = load_path(GOOD "nat.conf");
    CU_ASSERT_PTR_NOT_NULL_FATAL(loaded.config);
    const struct config *config = loaded.config;
    CU_ASSERT_EQUAL(config->mode, CONFIG_NAT);
    CU_ASSERT_FALSE(config->external_auto);
    CU_ASSERT_EQUAL_FATAL(config->external_count, 3);
    expect_address(&config->external[0], "198.51.100.7");
    expect_address(&config->external[2], "10.1.2.3");
    CU_ASSERT_EQUAL_FATAL(config->nat_exclude.count, 3);
    CU_ASSERT_EQUAL(config->nat_exclude.list[2].first, 60000);
    CU_ASSERT_EQUAL(config->nat_exclude.list[2].last, 60999);
    CU_ASSERT_EQUAL(config->filtering, CONFIG_ADDRESS_AND_PORT_DEPENDENT);
    CU_ASSERT_EQUAL(config->nat_per_host, 65535);
    CU_ASSERT_EQUAL(config->nat_hold_down_s, 86400);
    CU_ASSERT_EQUAL(config->nat_exhausted, CONFIG_DROP);
    CU_ASSERT_TRUE(config->nat_masquerade);
    CU_ASSERT_EQUAL_FATAL(config->forward_count, 3);
    expect_forward(&config->forwards[0], 4, 0, 443, "10.0.0.2:8443");
    expect_forward(&config->forwards[1], 5, 1, 443, "10.0.0.3:443");
    expect_forward(&config->forwards[2], 6, 0, 65535, "10.0.0.2:1");
    loaded_free(&loaded);
}

static void test_auto(void)
{
    static const struct qw_addr ZERO;
    struct loaded loaded = load_path(GOOD "nat-auto.conf");
    CU_ASSERT_PTR_NOT_NULL_FATAL(loaded.config);
    CU_ASSERT_TRUE(loaded.config->external_auto);
    CU_ASSERT_EQUAL(loaded.config->external_count, 1);
    CU_ASSERT_TRUE(qw_addr_equal(&loaded.config->external[0], &ZERO));
    CU_ASSERT_EQUAL(loaded.config->filtering, CONFIG_ENDPOINT_INDEPENDENT);
    loaded_free(&loaded);
}

static void expect_ports(const struct config *config, unsigned want, uint16_t first, uint16_t last)
{
    unsigned count = 0;
    const struct qw_port_range *ranges = config_nat_ports(config, &count);
    CU_ASSERT_EQUAL_FATAL(count, want);
    CU_ASSERT_EQUAL(ranges[0].first, first);
    CU_ASSERT_EQUAL(ranges[count - 1].last, last);
}

static void test_ports(void)
{
    struct config defaults;
    config_defaults(&defaults);
    expect_ports(&defaults, 1, 1024, 65535);
    struct loaded loaded = load_path(GOOD "nat.conf");
    CU_ASSERT_PTR_NOT_NULL_FATAL(loaded.config);
    expect_ports(loaded.config, 2, 1024, 65535);
    loaded_free(&loaded);
    loaded = load_nat("nat = { external = \"auto\"; ports = [\"1-7\", \"1024-65534\"]; };");
    CU_ASSERT_PTR_NOT_NULL_FATAL(loaded.config);
    expect_ports(loaded.config, 2, 1, 65534);
    loaded_free(&loaded);
    loaded = load_nat("nat = { external = \"auto\"; ports = [\"1024-65535\", \"53\"]; };");
    CU_ASSERT_PTR_NOT_NULL_FATAL(loaded.config);
    expect_ports(loaded.config, 2, 1024, 53);
    loaded_free(&loaded);
    loaded = load_path(GOOD "nat-auto.conf");
    CU_ASSERT_PTR_NOT_NULL_FATAL(loaded.config);
    CU_ASSERT_EQUAL(loaded.config->nat_ports.count, 0);
    expect_ports(loaded.config, 1, 1024, 65535);
    loaded_free(&loaded);
}

static void test_copy(const char *path)
{
    struct loaded loaded = load_path(path);
    CU_ASSERT_PTR_NOT_NULL_FATAL(loaded.config);
    struct config *copy = config_copy(loaded.config);
    CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
    CU_ASSERT_TRUE(same_config(loaded.config, copy));
    CU_ASSERT_EQUAL(config_fixed_differences(loaded.config, copy, "x", NULL), 0);
    char *want = printed(loaded.config);
    loaded_free(&loaded);
    char *got = printed(copy);
    CU_ASSERT_STRING_EQUAL(got, want);
    free(got);
    free(want);
    config_free(copy);
}

static void test_copies(void)
{
    test_copy(GOOD "nat.conf");
    test_copy(GOOD "nat-auto.conf");
    test_copy(GOOD "limits.conf");
}

static void test_defaults(void)
{
    struct config config;
    config_defaults(&config);
    CU_ASSERT_FALSE(config.external_auto);
    CU_ASSERT_EQUAL(config.external_count, 0);
    CU_ASSERT_EQUAL(config.nat_exclude.count, 0);
    CU_ASSERT_EQUAL(config.filtering, CONFIG_ADDRESS_DEPENDENT);
    CU_ASSERT_EQUAL(config.nat_per_host, 2048);
    CU_ASSERT_EQUAL(config.nat_hold_down_s, 120);
    CU_ASSERT_EQUAL(config.nat_choice, CONFIG_KEYED);
    CU_ASSERT_EQUAL(config.nat_exhausted, CONFIG_REJECT);
    CU_ASSERT_FALSE(config.nat_masquerade);
    CU_ASSERT_EQUAL(config.forward_count, 0);
}

static void test_ranges(void)
{
    struct loaded loaded = load_nat(
        "nat = { external = \"auto\"; forwards = ( { port = \"5000-5010\"; to = \"10.0.0.2:6000\"; },\n"
        "{ port = \"443\"; to = \"10.0.0.2:443\"; } ); };");
    CU_ASSERT_PTR_NOT_NULL_FATAL(loaded.config);
    CU_ASSERT_EQUAL(loaded.config->forwards[0].last, 5010);
    CU_ASSERT_EQUAL(config_forward_ports(&loaded.config->forwards[0]), 11);
    CU_ASSERT_EQUAL(config_forward_ports(&loaded.config->forwards[1]), 1);
    CU_ASSERT_EQUAL(config_forwarded_ports(loaded.config), 12);
    loaded_free(&loaded);
}

#define RANGES(forwards) "nat = { external = \"auto\"; forwards = (\n" forwards "\n); };"

/* Which is found though another one begins between the two. */
static void test_ranges_that_meet(void)
{
    expect_messages(load_nat(RANGES("{ port = \"5000-5010\"; to = \"10.0.0.2:6000\"; },\n"
                                    "{ port = \"5011-5020\"; to = \"10.0.0.2:6011\"; },\n"
                                    "{ port = 4999; to = \"10.0.0.2:5999\"; }")),
                    "");
    expect_messages(load_nat(RANGES("{ port = \"5000-5010\"; to = \"10.0.0.2:6000\"; },\n"
                                    "{ port = \"5002-5003\"; to = \"10.0.0.2:7000\"; },\n"
                                    "{ port = \"5008-5020\"; to = \"10.0.0.2:8000\"; }")),
                    "x.conf:7: forward 2: port = \"5002-5003\" of the external address is that of another "
                    "(x.conf:6); allowed: each once\n"
                    "x.conf:8: forward 3: port = \"5008-5020\" of the external address is that of another "
                    "(x.conf:6); allowed: each once\n");
    expect_messages(
        load_nat(RANGES("{ port = \"5000-5010\"; to = \"10.0.0.2:6000\"; },\n"
                        "{ port = 443; to = \"10.0.0.2:6010\"; },\n"
                        "{ port = 444; to = \"10.0.0.3:6010\"; }")),
        "x.conf:7: forward 2: to = \"10.0.0.2:6010\" is that of another (x.conf:6); allowed: each "
        "once (RFC 4787 REQ-1)\n");
    expect_messages(load_nat(RANGES("{ port = \"5000-5010\"; to = \"10.0.0.2:65526\"; }")),
                    "x.conf:6: forward 1: to = \"10.0.0.2:65526\" has no 11 ports from there on; allowed: at "
                    "most port 65525\n");
    expect_messages(
        load_nat(RANGES("{ port = \"1-65535\"; to = \"10.0.0.2:1\"; },\n"
                        "{ port = \"1-2\"; to = \"10.0.0.3:1\"; external = \"1.2.3.4\"; }")),
        "x.conf:7: forward 2: external = \"1.2.3.4\" cannot be chosen with nat.external = \"auto\"; "
        "allowed: to leave it out\n");
    expect_messages(load_nat("nat = { external = [\"198.51.100.7\", \"198.51.100.8\"]; forwards = (\n"
                             "{ port = \"1-65535\"; to = \"10.0.0.2:1\"; },\n"
                             "{ port = \"1-2\"; to = \"10.0.0.3:1\"; external = \"198.51.100.8\"; } ); };"),
                    "x.conf:5: nat.forwards = (...) has 65537 ports: at most 65536\n");
}

static void test_except(void)
{
    struct loaded loaded =
        load_nat("nat = { external = \"auto\"; except = [\"@partners\", \"10.0.7.0/24\"]; };\n"
                 "groups = { partners = [\"192.0.2.0/24\", \"203.0.113.9\"]; };");
    CU_ASSERT_PTR_NOT_NULL_FATAL(loaded.config);
    CU_ASSERT_EQUAL(loaded.config->nat_except.count, 3);
    struct qw_addr partner = qw_addr_v4((const uint8_t[]){192, 0, 2, 77}),
                   host = qw_addr_v4((const uint8_t[]){10, 0, 7, 1}),
                   other = qw_addr_v4((const uint8_t[]){10, 0, 8, 1});
    CU_ASSERT_TRUE(config_is_excepted(loaded.config, &partner, &other));
    CU_ASSERT_TRUE(config_is_excepted(loaded.config, &other, &host));
    CU_ASSERT_FALSE(config_is_excepted(loaded.config, &other, &other));
    loaded_free(&loaded);
}

#define UPLINKS "mode = \"nat\"; inside = [\"lan0\"]; outside = [\"wan0\", \"wan1\"];\nnat = { external = "

static void test_uplinks(void)
{
    struct loaded loaded = load_text(UPLINKS "( { interface = \"wan1\"; address = [\"198.51.100.8/31\"]; },"
                                             "{ address = \"192.0.2.7\"; interface = \"wan0\"; } ); };");
    CU_ASSERT_PTR_NOT_NULL_FATAL(loaded.config);
    CU_ASSERT_EQUAL_FATAL(loaded.config->external_count, 3);
    expect_address(&loaded.config->external[1], "198.51.100.9");
    CU_ASSERT_EQUAL(loaded.config->external_uplink[1], 2);
    CU_ASSERT_EQUAL(loaded.config->external_uplink[2], 1);
    char *text = printed(loaded.config);
    loaded_free(&loaded);
    loaded = load_text(text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(loaded.config);
    CU_ASSERT_EQUAL(loaded.config->external_uplink[1], 2);
    CU_ASSERT_EQUAL(loaded.config->external_uplink[2], 1);
    CU_ASSERT_EQUAL(loaded.config->external_count, 3);
    loaded_free(&loaded);
    free(text);
    loaded = load_text(UPLINKS "\"auto\"; };");
    CU_ASSERT_PTR_NOT_NULL_FATAL(loaded.config);
    CU_ASSERT_EQUAL_FATAL(loaded.config->external_count, 2);
    CU_ASSERT_EQUAL(loaded.config->external_uplink[1], 2);
    loaded_free(&loaded);
}

static void test_uplinks_refused(void)
{
    expect_messages(
        load_text(UPLINKS "( { interface = \"wan0\"; address = \"192.0.2.7\"; } ); };"),
        "x.conf:2: nat.external = (...) has no address for packets that leave by \"wan1\"; allowed: "
        "addresses for each interface outside, or some addresses without an interface\n");
    expect_messages(
        load_text(UPLINKS "( { interface = \"wan0\"; address = \"192.0.2.7\"; }, \"192.0.2.8\" ); };"), "");
    expect_messages(
        load_text(UPLINKS "( { interface = \"lan0\"; address = \"192.0.2.7\"; }, \"192.0.2.8\" ); };"),
        "x.conf:2: nat.external: interface = \"lan0\" is not in outside; allowed: one of these\n");
    expect_messages(
        load_text(UPLINKS "( { interface = \"wan0\"; addres = \"192.0.2.7\"; }, \"192.0.2.8\" ); };"),
        "x.conf:2: nat.external: a group needs \"interface\" and \"address\", and nothing else; allowed: "
        "a group such as { interface = \"wan0\"; address = \"198.51.100.7\"; }\n");
    expect_messages(
        load_nat("nat = { external = \"198.51.100.0/25\"; };"),
        "x.conf:5: nat.external = \"198.51.100.0/25\" has more than 64 addresses; allowed: a length from "
        "26 to 32\n");
    expect_messages(load_nat("nat = { external = [\"198.51.100.0/26\", \"203.0.113.0/31\"]; };"),
                    "x.conf:5: nat.external: \"203.0.113.0/31\" has one too many: at most 64 addresses\n");
    expect_messages(load_nat("nat = { external = [\"198.51.100.0/26\"]; };"), "");
}

#define EXCEPT_ALLOWED                                                                                       \
    "; allowed: [], IPv4 addresses and prefixes such as \"192.0.2.0/24\", or names of groups such as "       \
    "\"@partners\"\n"

static void test_except_refused(void)
{
    char text[8192] = "";
    expect_messages(load_nat("nat = { external = \"auto\"; except = []; };"), "");
    expect_messages(
        load_nat("nat = { external = \"auto\"; except = \"2001:db8::/32\"; };"),
        "x.conf:5: nat.except has 2001:db8::/32, which is IPv6 and never translated" EXCEPT_ALLOWED);
    expect_messages(load_nat("nat = { external = \"auto\"; except = \"0.0.0.0/0\"; };"),
                    "x.conf:5: nat.except has 0.0.0.0/0, which is every address" EXCEPT_ALLOWED);
    expect_messages(load_nat("nat = { except = \"198.51.100.0/24\"; external = \"198.51.100.7\"; };"),
                    "x.conf:5: nat.except has 198.51.100.0/24, and nat.external has 198.51.100.7; allowed: "
                    "others\n");
    for (unsigned i = 0; i <= CONFIG_EXCEPT_MAX; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s\"10.1.%u.%u\"", i ? ", " : "", i / 256,
                 i % 256);
    expect_messages(load_nat("nat = { external = \"auto\"; except = [%s]; };", text),
                    "x.conf:5: nat.except = [...] has 257 addresses: at most 256\n");
}

static struct loaded load_forwards(unsigned count)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        abort();
    for (unsigned i = 1; i <= count; i++)
        fprintf(out, "%s\n{ port = %u; to = \"10.0.0.2:%u\"; }", i > 1 ? "," : "", i, i);
    if (fclose(out) != 0)
        abort();
    struct loaded loaded = load_nat("nat = { external = \"auto\"; forwards = (%s); };", text);
    free(text);
    return loaded;
}

static void test_forward_count(void)
{
    expect_messages(load_forwards(CONFIG_FORWARDS_MAX), "");
    expect_messages(load_forwards(CONFIG_FORWARDS_MAX + 1),
                    "x.conf:5: nat.forwards = (...) has 4097 forwards: at most 4096\n");
}

static struct loaded load_addresses(unsigned count)
{
    char text[2048] = "\"10.0.0.1\"";
    for (unsigned i = 2; i <= count; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), ", \"10.0.0.%u\"", i);
    return load_nat("nat = { external = [%s]; };", text);
}

static void test_address_count(void)
{
    expect_messages(load_addresses(CONFIG_EXTERNAL_MAX), "");
    expect_messages(load_addresses(CONFIG_EXTERNAL_MAX + 1),
                    "x.conf:5: nat.external = [...] is too long with 65 elements: at most 64\n");
}

static void expect_external(const char *address, bool taken)
{
    struct loaded loaded = load_nat("nat = { external = \"%s\"; };", address);
    CU_ASSERT_EQUAL(loaded.error, taken ? QW_OK : QW_ERR_INVALID);
    loaded_free(&loaded);
}

static void test_unicast(void)
{
    expect_external("0.255.255.255", false);
    expect_external("1.0.0.0", true);
    expect_external("126.255.255.255", true);
    expect_external("127.0.0.0", false);
    expect_external("128.0.0.0", true);
    expect_external("223.255.255.255", true);
    expect_external("224.0.0.0", false);
    expect_external("240.0.0.0", false);
    expect_external("192.168.0.1", true);
}

/* One even and one odd port from 1024 on are enough, and needed. */
static void test_pool(void)
{
    expect_messages(load_nat("nat = { external = \"auto\"; ports = [1024, 1025]; };"), "");
    expect_messages(load_nat("nat = { external = \"auto\"; ports = [65534, 65535]; };"), "");
    expect_messages(load_nat("nat = { external = \"auto\"; exclude = \"1026-65535\"; };"), "");
    expect_messages(
        load_nat("nat = { external = \"auto\"; exclude = \"1025-65535\"; };"),
        "x.conf:5: nat.ports, less nat.exclude and the ports of reflection attacks, has no odd port from "
        "1024 on; allowed: at least one (RFC 4787 REQ-4)\n");
    expect_messages(
        load_nat("nat = { external = \"auto\"; ports = (\"1-1023\", 1025); };"),
        "x.conf:5: nat.ports, less nat.exclude and the ports of reflection attacks, has no even port from "
        "1024 on; allowed: at least one (RFC 4787 REQ-4)\n");
    expect_messages(
        load_nat("nat = { external = \"auto\"; ports = [3478, 5060, 5061]; };"), /* STUN, SIP */
        "x.conf:5: nat.ports, less nat.exclude and the ports of reflection attacks, has no even port from "
        "1024 on; allowed: at least one (RFC 4787 REQ-4)\n");
}

static void test_when_down(void)
{
    expect_messages(load_nat("nat = { external = \"auto\"; }; queue = { when_down = \"drop\"; };"), "");
    expect_messages(
        load_nat("nat = { external = \"auto\"; }; queue = { when_down = \"pass\"; };"),
        "x.conf:5: queue.when_down = \"pass\" would let packets leave untranslated; allowed in mode "
        "= \"nat\": \"drop\"\n");
}

/* An empty group says nothing, and a monitor's print has none. */
static void test_other_modes(void)
{
    expect_messages(load_more("nat = {};"), "");
    expect_messages(
        load_text("mode = \"monitor\"; inside = [\"a\"]; outside = [\"b\"];\nnat = { exhausted = "
                  "\"drop\"; };"),
        "x.conf:2: nat.exhausted = \"drop\" has no meaning in mode = \"monitor\"; allowed in mode = "
        "\"nat\"\n");
}

static void test_modes(void)
{
    CU_ASSERT_STRING_EQUAL(config_mode_text(CONFIG_FIREWALL), "firewall");
    CU_ASSERT_STRING_EQUAL(config_mode_text(CONFIG_MONITOR), "monitor");
    CU_ASSERT_STRING_EQUAL(config_mode_text(CONFIG_NAT), "nat");
}

static void test_collectors(void)
{
    static const char *const WRONG[] = {"on",
                                        "udp",
                                        "udp:",
                                        "udp:192.0.2.9",
                                        "udp:192.0.2.9:0",
                                        "sctp:192.0.2.9:4739",
                                        "192.0.2.9:4739",
                                        "udp:collector.test:4739",
                                        "udp:2001:db8::9:4739"};
    for (unsigned i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
        char message[300];
        snprintf(
            message, sizeof message,
            "x.conf:5: nat.ipfix = \"%s\" is no collector; allowed: \"off\", "
            "\"udp:ADDRESS:PORT\", \"tcp:ADDRESS:PORT\" or \"tls:ADDRESS:PORT\", an IPv6 address in \"[]\"\n",
            WRONG[i]);
        expect_messages(load_nat("nat = { external = \"auto\"; ipfix = \"%s\"; };", WRONG[i]), message);
    }
    expect_messages(load_nat("nat = { external = \"auto\"; ipfix = \"tcp:[2001:db8::9]:4739\"; };"), "");
    expect_messages(
        load_nat("nat = { external = \"auto\"; ipfix = \"tls:192.0.2.9:4740\"; };"),
        "x.conf:5: nat.ipfix = \"tls:192.0.2.9:4740\" needs nat.ipfix_ca, the certificates that sign the "
        "collector's certificate\n");
    expect_messages(load_nat("nat = { external = \"auto\"; ipfix_key = \"/k\"; };"),
                    "x.conf:5: nat.ipfix_key = \"/k\" is given alone; allowed: both nat.ipfix_certificate "
                    "and nat.ipfix_key, "
                    "or neither\n");
}

static const struct test TESTS[] = {
    {"N5 N10 N11: every key of nat arrives in the struct", test_struct},
    {"N11: \"auto\" is one address that is not known yet", test_auto},
    {"N3: ports are those of the file, else 1024 to 65535", test_ports},
    {"a copy shares nothing with what it was made from, and is no difference", test_copies},
    {"N2 N5 N10: the defaults", test_defaults},
    {"S3 N11: at most 4096 forwards", test_forward_count},
    {"N11 N17: a forward of several ports", test_ranges},
    {"N11 N17: no two forwards have an endpoint of each other", test_ranges_that_meet},
    {"N17: what is not translated", test_except},
    {"N17 S3: what nat.except refuses", test_except_refused},
    {"S3 N11: at most 64 external addresses", test_address_count},
    {"N11: external addresses are unicast", test_unicast},
    {"N15: external addresses of interfaces", test_uplinks},
    {"N15 S3: what nat.external refuses of them", test_uplinks_refused},
    {"N3: a pool has ports of both parities", test_pool},
    {"S5: a NAT router that is down drops", test_when_down},
    {"N14: collectors of IPFIX", test_collectors},
    {"keys of nat are refused in other modes", test_other_modes},
    {"the words of modes", test_modes},
};

void register_nat(void)
{
    TEST_SUITE("config: nat", TESTS);
}
