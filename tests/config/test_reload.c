/* What a running daemon can take over. */
#include "load_text.h"
#include "suite.h"
#include "suites.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The lines of all keys that need a restart; the caller frees it. */
static char *told(const struct config *before, const struct config *after, unsigned *count)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    if (!out)
        abort();
    *count = config_fixed_differences(before, after, "x.conf", out);
    fclose(out);
    return text;
}

/* `key` is the first one that is told; NULL: none is. */
static void compare(struct loaded before, struct loaded after, const char *key)
{
    char start[64];
    unsigned count;
    CU_ASSERT_PTR_NOT_NULL_FATAL(before.config);
    CU_ASSERT_PTR_NOT_NULL_FATAL(after.config);
    char *text = told(before.config, after.config, &count);
    snprintf(start, sizeof(start), ": %s cannot change while running", key ? key : "");
    if (key)
        CU_ASSERT_PTR_NOT_NULL(strstr(text, start))
    else
        CU_ASSERT_STRING_EQUAL(text, "");
    CU_ASSERT_EQUAL(count > 0, key != NULL);
    free(text);
    loaded_free(&before);
    loaded_free(&after);
}

static void expect(const char *change, const char *key)
{
    compare(load_more("# no change"), load_more("%s", change), key);
}

/* What else the group nat has, before and after. */
static void expect_nat(const char *before, const char *after, const char *key)
{
    static const char NAT[] = "nat = { external = [\"198.51.100.7\", \"203.0.113.1\"]; %s };";
    char from[256], to[256];
    snprintf(from, sizeof(from), NAT, before);
    snprintf(to, sizeof(to), NAT, after);
    compare(load_nat("%s", from), load_nat("%s", to), key);
}

static void test_changeable(void)
{
    expect("timers = { attempt = 121; two_way = 301; confirmed = 302; }; log = \"debug\";", NULL);
    expect("queue = { first = 7400; };", NULL);
}

static void test_rules_changeable(void)
{
    expect("quic = \"block\"; default_out = \"reject\"; default_in = \"accept\";", NULL);
    expect("groups = { a = \"10.0.0.1\"; }; sni_lists = { b = \"/b\"; };", NULL);
    expect("rules = ( { name = \"a\"; action = \"drop\"; } );", NULL);
    expect("hold = { time = 100; datagrams = 4; };", NULL);
}

static void test_fixed(void)
{
    expect("queue = { first = 1; };", "queue.first");
    expect("queue = { workers = 2; };", "queue.workers");
    expect("queue = { length = 1; };", "queue.length");
    expect("queue = { copy_range = 1500; };", "queue.copy_range");
    expect("queue = { when_down = \"pass\"; };", "queue.when_down");
    expect("flows = { max = 1; };", "flows.max");
    expect("flows = { handshakes = 1; };", "flows.handshakes");
    expect("hold = { total = 64; };", "hold.total");
    expect("reject = { rate = 1; };", "reject.rate");
    expect("reject = { per_host = 1; };", "reject.per_host");
    expect("hello = { memory = 64; };", "hello.memory");
    expect("instance = \"other\";", "instance");
    expect("manage_rules = false;", "manage_rules");
    expect("rules_guard = false;", "rules_guard");
    expect("rules_fragments = false;", "rules_fragments");
    expect("rules_backend = \"nft\";", "rules_backend");
    expect("offload_unsolicited = false;", "offload_unsolicited");
    expect("offload_spin = false;", "offload_spin");
    expect("control = \"/run/other.sock\";", "control");
    expect("secret = \"/run/other\";", "secret");
    expect("secret = \"none\";", "secret");
    expect("state = \"/run/other\";", "state");
    expect("state = \"none\";", "state");
    expect("offload_pins = \"none\";", "offload_pins");
    expect("metrics = \"9477\";", "metrics");
    expect("control = \"/x\"; flows = { max = 1; };", "flows.max");
}

static void expect_required(const char *text, const char *key)
{
    compare(load_more("# no change"), load_text(text), key);
}

static void test_fixed_required(void)
{
    expect_required("mode = \"monitor\"; inside = [\"lan0\"]; outside = [\"wan0\"];", "mode");
    expect_required("mode = \"firewall\"; inside = [\"lan1\"]; outside = [\"wan0\"];", "inside");
    expect_required("mode = \"firewall\"; inside = [\"lan0\"]; outside = [\"wan0\", \"wan1\"];", "outside");
}

static void test_nat(void)
{
    expect_nat("", "exhausted = \"drop\";", NULL);
    expect_nat("", "ports = [\"1024-65535\"]; exclude = []; forwards = ();", NULL);
    expect_nat("", "ports = \"1025-65535\";", NULL);
    expect_nat("ports = \"1025-65535\";", "ports = \"1025-65534\";", NULL);
    expect_nat("exclude = [5000, 5060];", "exclude = [5060];", NULL);
    expect_nat("except = \"192.0.2.0/24\";", "except = [\"192.0.2.0/25\", \"10.0.7.0/24\"];", NULL);
    expect_nat("", "filtering = \"endpoint-independent\";", NULL);
    expect_nat("", "per_host = 1;", NULL);
    expect_nat("", "block = 512;", "nat.block");
    expect_nat("", "ipfix = \"udp:192.0.2.9:4739\";", "nat.ipfix");
    expect_nat("", "ipfix_domain = 7;", "nat.ipfix_domain");
    expect_nat("", "ipfix_ca = \"/ca\";", "nat.ipfix_ca");
    expect_nat("", "hold_down = 121;", NULL);
    expect_nat("", "choice = \"random\";", NULL);
    expect_nat("choice = \"keyed\";", "", NULL);
    expect_nat("", "masquerade = true;", NULL);
}

static void test_external(void)
{
    static const char ONE[] = "nat = { external = \"198.51.100.7\"; };";
    compare(load_nat("%s", ONE), load_nat("\n%s", ONE), NULL);
    compare(load_nat("%s", ONE), load_nat("nat = { external = \"auto\"; };"), "nat.external");
    compare(load_nat("nat = { external = \"auto\"; };"), load_nat("%s", ONE), "nat.external");
    compare(load_nat("%s", ONE), load_nat("nat = { external = \"198.51.100.8\"; };"), NULL);
    compare(load_nat("%s", ONE), load_nat("nat = { external = [\"198.51.100.7\", \"198.51.100.8\"]; };"),
            NULL);
}

#define FORWARDS(forwards) "forwards = (" forwards ");"
#define FORWARD "{ port = 443; to = \"10.0.0.2:443\"; }"

static void test_forwards(void)
{
    expect_nat(FORWARDS(FORWARD), "\n" FORWARDS(FORWARD), NULL);
    expect_nat("", FORWARDS(FORWARD), NULL);
    expect_nat(FORWARDS(FORWARD), "", NULL);
    expect_nat(FORWARDS(FORWARD), FORWARDS("{ port = \"444-450\"; to = \"10.0.0.2:443\"; }"), NULL);
    expect_nat(FORWARDS(FORWARD),
               FORWARDS("{ port = 443; to = \"10.0.0.2:443\"; external = \"203.0.113.1\"; }"), NULL);
}

static void expect_lines(struct loaded before, struct loaded after, const char *lines)
{
    unsigned count;
    CU_ASSERT_PTR_NOT_NULL_FATAL(before.config);
    CU_ASSERT_PTR_NOT_NULL_FATAL(after.config);
    struct config *copy = config_copy(after.config); /* has the lines, too */
    CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
    loaded_free(&after);
    char *text = told(before.config, copy, &count);
    CU_ASSERT_STRING_EQUAL(text, lines);
    free(text);
    config_free(copy);
    loaded_free(&before);
}

static void test_lines(void)
{
    expect_lines(load_more("# nothing"),
                 load_more("flows = {\n    handshakes = 5;\n    max = 7;\n};\nlog = \"debug\";\n"
                           "control = \"/x/y\"; state = \"/run/quicward\";"),
                 "x.conf:7: flows.max cannot change while running; restart quicward\n"
                 "x.conf:6: flows.handshakes cannot change while running; restart quicward\n"
                 "x.conf:10: control cannot change while running; restart quicward\n");
    expect_lines(
        load_more("offload = \"tc\";"), load_more("# nothing"),
        "x.conf: offload cannot change while running (it is missing in the file, so it would get its "
        "default); restart quicward\n");
}

static void test_limits(void)
{
    expect("throttles = ( { interface = \"wan0\"; direction = \"in\"; capacity = \"1M\"; } );", NULL);
    expect("throttle = { interval = 50; gain = 1; hysteresis = 0; floor = 1; ceiling = 2; };", NULL);
    expect("throttle = { spare_confirmed = false; spare_small = false; key = \"random\"; };", NULL);
    expect("size_limits = ( { class = \"quic\"; limit = 1400; } );", NULL);
    expect("throttle = { key = \"00000000000000000000000000000000\"; };", "throttle.key");
    expect("ptb = { rate = 1; };", "ptb.rate");
    expect("ptb = { per_host = 1; };", "ptb.per_host");
    compare(load_more("throttle = { key = \"00000000000000000000000000000000\"; };"),
            load_more("throttle = { key = \"00000000000000000000000000000001\"; };"), "throttle.key");
}

static const struct test TESTS[] = {
    {"S2: timers and log level change on reload", test_changeable},
    {"S2: everything about rules changes on reload", test_rules_changeable},
    {"S2: each fixed key that differs is named", test_fixed},
    {"S2: with the line where it stands", test_lines},
    {"S2: mode and interfaces are fixed", test_fixed_required},
    {"S2 N17: of nat all changes on reload but blocks and IPFIX", test_nat},
    {"S2 N11: external addresses change on reload, whether they follow an interface does not", test_external},
    {"S2 N17: forwards change on reload", test_forwards},
    {"P2 P4 M1: throttles and size limits change on reload, the key and PTB rates do not", test_limits},
};

void register_reload(void)
{
    TEST_SUITE("config: reload", TESTS);
}
