#include "kernel_rules.h"
#include "suite.h"
#include "suites.h"
#include <stdlib.h>
#include <string.h>

static const struct config ONE = {
    .mode = CONFIG_FIREWALL,
    .inside = {1, {"lan0"}},
    .outside = {1, {"wan0"}},
    .queue_first = 7400,
    .workers = 1,
    .rules_guard = true,
    .when_down = CONFIG_DOWN_DROP,
};

static const struct config TWO = {
    .mode = CONFIG_MONITOR,
    .inside = {2, {"lan0", "lan0.20"}},
    .outside = {1, {"wan0"}},
    .queue_first = 100,
    .workers = 2,
    .rules_guard = true,
    .when_down = CONFIG_DOWN_PASS,
};

static const struct config NAT_AUTO = {
    .mode = CONFIG_NAT,
    .inside = {1, {"lan0"}},
    .outside = {1, {"wan0"}},
    .queue_first = 7400,
    .workers = 1,
    .rules_guard = true,
    .when_down = CONFIG_DOWN_DROP,
    .external_auto = true,
    .external_count = 1,
};

static const struct config NAT_STATIC = {
    .mode = CONFIG_NAT,
    .inside = {2, {"lan0", "lan0.20"}},
    .outside = {2, {"wan0", "wan1"}},
    .queue_first = 100,
    .workers = 2,
    .rules_guard = true,
    .when_down = CONFIG_DOWN_DROP,
    .external_count = 2,
    .external = {{{[10] = 0xff, 0xff, 198, 51, 100, 7}}, {{[10] = 0xff, 0xff, 198, 51, 100, 8}}},
    .nat_masquerade = true,
};

/* One prefix lies in another, one stands twice, and one is the same in other bits of its struct. */
static struct qw_prefix EXCEPT[] = {
    {{{[10] = 0xff, 0xff, 192, 0, 2, 0}}, QW_IPV4, 24},
    {{{[10] = 0xff, 0xff, 192, 0, 2, 128}}, QW_IPV4, 25},
    {{{[10] = 0xff, 0xff, 10, 0, 7, 9}}, QW_IPV4, 32},
    {{{[10] = 0xff, 0xff, 10, 0, 7, 9}}, QW_IPV4, 32},
    {{{[10] = 0xff, 0xff, 203, 0, 112, 0}}, QW_IPV4, 22},
};

static struct config with_exceptions(const struct config *of)
{
    struct config config = *of;
    config.nat_except = (struct config_prefixes){sizeof(EXCEPT) / sizeof(EXCEPT[0]), EXCEPT};
    return config;
}

static char *printed(const struct config *config, enum config_backend backend, bool remove)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    if (!out)
        exit(1);
    io_rules_print(config, backend, remove, out);
    fclose(out);
    return text;
}

static char *golden(const char *name)
{
    static char text[65536];
    char path[512];
    snprintf(path, sizeof(path), "%s/golden/rules/%s.sh", TEST_DATA, name);
    FILE *file = fopen(path, "r");
    text[0] = '\0';
    if (file) {
        text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
        fclose(file);
    }
    return text;
}

static void expect(const struct config *config, enum config_backend backend, bool remove, const char *name)
{
    char *text = printed(config, backend, remove);
    bool same = strcmp(text, golden(name)) == 0;
    CU_ASSERT_TRUE(same);
    if (!same)
        printf("\n%s.sh should now be:\n%s", name, text);
    free(text);
}

static void iptables_scripts(void)
{
    struct config one_pass = ONE, two_drop = TWO;
    one_pass.when_down = CONFIG_DOWN_PASS;
    two_drop.when_down = CONFIG_DOWN_DROP;
    expect(&ONE, CONFIG_RULES_IPTABLES, false, "iptables-1-drop");
    expect(&one_pass, CONFIG_RULES_IPTABLES, false, "iptables-1-pass");
    expect(&two_drop, CONFIG_RULES_IPTABLES, false, "iptables-2-drop");
    expect(&TWO, CONFIG_RULES_IPTABLES, false, "iptables-2-pass");
    expect(&ONE, CONFIG_RULES_IPTABLES, true, "iptables-1-remove");
    expect(&TWO, CONFIG_RULES_IPTABLES, true, "iptables-2-remove");
}

static void nft_scripts(void)
{
    struct config one_pass = ONE, two_drop = TWO;
    one_pass.when_down = CONFIG_DOWN_PASS;
    two_drop.when_down = CONFIG_DOWN_DROP;
    expect(&ONE, CONFIG_RULES_NFT, false, "nft-1-drop");
    expect(&one_pass, CONFIG_RULES_NFT, false, "nft-1-pass");
    expect(&two_drop, CONFIG_RULES_NFT, false, "nft-2-drop");
    expect(&TWO, CONFIG_RULES_NFT, false, "nft-2-pass");
    expect(&ONE, CONFIG_RULES_NFT, true, "nft-1-remove");
    expect(&TWO, CONFIG_RULES_NFT, true, "nft-2-remove");
}

static void nat_scripts(void)
{
    expect(&NAT_AUTO, CONFIG_RULES_IPTABLES, false, "iptables-nat-auto");
    expect(&NAT_STATIC, CONFIG_RULES_IPTABLES, false, "iptables-nat-static");
    expect(&NAT_AUTO, CONFIG_RULES_IPTABLES, true, "iptables-nat-remove");
    expect(&NAT_AUTO, CONFIG_RULES_NFT, false, "nft-nat-auto");
    expect(&NAT_STATIC, CONFIG_RULES_NFT, false, "nft-nat-static");
    expect(&NAT_AUTO, CONFIG_RULES_NFT, true, "nft-nat-remove");
}

static void except_scripts(void)
{
    struct config of_auto = with_exceptions(&NAT_AUTO), of_static = with_exceptions(&NAT_STATIC);
    of_auto.rules_guard = false;
    of_auto.nat_masquerade = true;
    expect(&of_auto, CONFIG_RULES_IPTABLES, false, "iptables-nat-except-auto");
    expect(&of_static, CONFIG_RULES_IPTABLES, false, "iptables-nat-except");
    expect(&of_auto, CONFIG_RULES_NFT, false, "nft-nat-except-auto");
    expect(&of_static, CONFIG_RULES_NFT, false, "nft-nat-except");
}

/* Masquerading takes the address that is for the interface. */
static void uplink_scripts(void)
{
    struct config config = NAT_STATIC;
    config.external_uplink[0] = 2;
    config.external_uplink[1] = 1;
    expect(&config, CONFIG_RULES_IPTABLES, false, "iptables-nat-uplinks");
    expect(&config, CONFIG_RULES_NFT, false, "nft-nat-uplinks");
}

/* Each tool has its own wildcard; routing rules and settings have none, so the script looks what is there. */
static void pattern_scripts(void)
{
    struct config firewall = ONE, nat = NAT_STATIC, of_auto = NAT_AUTO;
    firewall.inside = (struct config_interfaces){2, {"lan0", "wg*"}};
    firewall.outside = (struct config_interfaces){1, {"ppp*"}};
    nat.inside = firewall.inside;
    nat.outside = (struct config_interfaces){2, {"wan0", "ppp*"}};
    nat.external_uplink[0] = 1;
    nat.external_uplink[1] = 2;
    of_auto.inside = firewall.inside;
    of_auto.outside = firewall.outside;
    of_auto.nat_masquerade = true;
    struct config wild = NAT_STATIC;
    wild.inside = (struct config_interfaces){1, {"lan*"}};
    wild.outside = (struct config_interfaces){1, {"wan*"}};
    expect(&wild, CONFIG_RULES_IPTABLES, false, "iptables-nat-wild"); /* rules_stand.sh sends packets */
    expect(&wild, CONFIG_RULES_NFT, false, "nft-nat-wild");
    expect(&firewall, CONFIG_RULES_IPTABLES, false, "iptables-patterns");
    expect(&nat, CONFIG_RULES_IPTABLES, false, "iptables-nat-patterns");
    expect(&of_auto, CONFIG_RULES_IPTABLES, false, "iptables-nat-patterns-auto");
    expect(&nat, CONFIG_RULES_IPTABLES, true, "iptables-nat-patterns-remove");
    expect(&firewall, CONFIG_RULES_NFT, false, "nft-patterns");
    expect(&nat, CONFIG_RULES_NFT, false, "nft-nat-patterns");
    expect(&of_auto, CONFIG_RULES_NFT, false, "nft-nat-patterns-auto");
}

/* More limits than marks: the least of them. */
static void fragment_scripts(void)
{
    static struct config_size_limit limits[] = {{.limit = 1480}, {.limit = 1300}, {.limit = 1480},
                                                {.limit = 1500}, {.limit = 1501}, {.limit = 1502},
                                                {.limit = 1503}, {.limit = 65535}};
    struct config config = ONE;
    config.size_limit_count = 2;
    config.size_limits = limits;
    expect(&config, CONFIG_RULES_NFT, false, "nft-1-drop"); /* the bits of the mark are somebody else's */
    config.rules_fragments = true;
    expect(&config, CONFIG_RULES_NFT, false, "nft-fragments");
    expect(&config, CONFIG_RULES_NFT, true, "nft-1-remove");
    config.size_limit_count = sizeof(limits) / sizeof(limits[0]);
    expect(&config, CONFIG_RULES_IPTABLES, false, "iptables-fragments");
}

/* What comes from inside, and in mode firewall from outside, is asked for before routing. */
static void owner_scripts(void)
{
    static struct config_peer peers[] = {{.router = "b", .mark = 0x12}, {.router = "c", .mark = 0x3ffffff}};
    static struct config_owner owners[2];
    struct config firewall = ONE, pass = TWO, nat = NAT_STATIC;
    firewall.cluster_peers = nat.cluster_peers = pass.cluster_peers = peers;
    firewall.cluster_peer_count = nat.cluster_peer_count = pass.cluster_peer_count = 2;
    firewall.cluster_owners = nat.cluster_owners = pass.cluster_owners = owners;
    firewall.cluster_owner_count = nat.cluster_owner_count = pass.cluster_owner_count = 2;
    pass.mode = CONFIG_FIREWALL;
    expect(&firewall, CONFIG_RULES_IPTABLES, false, "iptables-owners");
    expect(&pass, CONFIG_RULES_IPTABLES, false, "iptables-owners-pass");
    expect(&nat, CONFIG_RULES_IPTABLES, false, "iptables-nat-owners");
    expect(&firewall, CONFIG_RULES_NFT, false, "nft-owners");
    expect(&nat, CONFIG_RULES_NFT, false, "nft-nat-owners");
    expect(&firewall, CONFIG_RULES_IPTABLES, true, "iptables-1-remove");
}

/* The configuration refuses to pass them, too. */
static void never_past_the_daemon(void)
{
    struct config config = NAT_STATIC;
    config.when_down = CONFIG_DOWN_PASS;
    expect(&config, CONFIG_RULES_IPTABLES, false, "iptables-nat-static");
    expect(&config, CONFIG_RULES_NFT, false, "nft-nat-static");
}

/* iptables takes 28 bytes. */
static void names_are_short(void)
{
    struct config config = NAT_STATIC;
    memcpy(config.instance, "abcdefgh", sizeof("abcdefgh"));
    char *text = printed(&config, CONFIG_RULES_IPTABLES, false), *rest = NULL;
    unsigned chains = 0;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        if (*line == ':') {
            CU_ASSERT_TRUE(strcspn(line + 1, " ") <= 28);
            chains++;
        }
    CU_ASSERT_EQUAL(chains, 19);
    free(text);
}

static bool shell_reads(const char *script)
{
    char check[65536], said[256];
    int len = snprintf(check, sizeof(check), "sh -n <<'SCRIPT'\n%sSCRIPT\n", script);
    return len > 0 && (size_t)len < sizeof(check) &&
           rules_run(check, (size_t)len, RULES_RUN_MS, -1, said, sizeof(said)) == 0 && said[0] == '\0';
}

static void are_shell_scripts(void)
{
    static const enum config_backend BACKENDS[] = {CONFIG_RULES_NFT, CONFIG_RULES_IPTABLES};
    for (unsigned i = 0; i < 8; i++) {
        char *text = printed(i < 4 ? &TWO : &NAT_STATIC, BACKENDS[i / 2 % 2], i % 2 == 1);
        CU_ASSERT_TRUE(shell_reads(text));
        free(text);
    }
    CU_ASSERT_FALSE(shell_reads("if true\n"));
}

static void backend_as_configured(void)
{
    struct config config = ONE;
    config.backend = CONFIG_RULES_NFT;
    CU_ASSERT_EQUAL(io_rules_backend(&config), CONFIG_RULES_NFT);
    config.backend = CONFIG_RULES_IPTABLES;
    CU_ASSERT_EQUAL(io_rules_backend(&config), CONFIG_RULES_IPTABLES);
    config.backend = CONFIG_RULES_AUTO;
    CU_ASSERT_NOT_EQUAL(io_rules_backend(&config), CONFIG_RULES_AUTO);
}

static int run(const char *script, char *said, size_t size)
{
    return rules_run(script, strlen(script), RULES_RUN_MS, -1, said, size);
}

static void tells_status_and_output(void)
{
    char said[16];
    CU_ASSERT_EQUAL(run("exit 0\n", said, sizeof(said)), 0);
    CU_ASSERT_STRING_EQUAL(said, "");
    CU_ASSERT_EQUAL(run("set -e\necho no >&2\nexit 7\n", said, sizeof(said)), 7);
    CU_ASSERT_STRING_EQUAL(said, "no\n");
    CU_ASSERT_EQUAL(run("kill -9 $$\n", said, sizeof(said)), 128 + 9);
}

static void long_output_is_cut(void)
{
    char said[16];
    CU_ASSERT_EQUAL(run("i=0\nwhile [ $i -lt 20000 ]; do echo 0123456789; i=$((i+1)); done\nexit 3\n", said,
                        sizeof(said)),
                    3);
    CU_ASSERT_STRING_EQUAL(said, "0123456789\n0123");
}

static void long_script_runs(void)
{
    static char script[1 << 18];
    char said[16];
    memset(script, '#', sizeof(script));
    memcpy(script + sizeof(script) - 9, "\necho end", 9);
    CU_ASSERT_EQUAL(rules_run(script, sizeof(script), RULES_RUN_MS, -1, said, sizeof(said)), 0);
    CU_ASSERT_STRING_EQUAL(said, "end\n");
}

void rules_suite(void)
{
    static const struct test TESTS[] = {
        {"S5: the iptables scripts are as recorded", iptables_scripts},
        {"S5: the nft scripts are as recorded", nft_scripts},
        {"S5, N1: the scripts of mode nat are as recorded", nat_scripts},
        {"N17 S5: the scripts with exceptions are as recorded", except_scripts},
        {"N15: the scripts with an address for each interface are as recorded", uplink_scripts},
        {"S4 S5: the scripts with patterns are as recorded", pattern_scripts},
        {"M6: size limits have fragments marked", fragment_scripts},
        {"K3 S5: with owners, whose a packet is is asked before routing", owner_scripts},
        {"S5: in mode nat nothing passes by a daemon that is down", never_past_the_daemon},
        {"the names of chains are as short as they must be", names_are_short},
        {"a shell can read every script", are_shell_scripts},
        {"the backend is the configured one, or a real one", backend_as_configured},
        {"a script's status and words come back", tells_status_and_output},
        {"words that are too many are cut", long_output_is_cut},
        {"a script longer than a pipe holds runs", long_script_runs},
    };
    TEST_SUITE("rules", TESTS);
}
