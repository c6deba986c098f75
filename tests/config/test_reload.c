/* What a running daemon can take over. */
#include "load_text.h"
#include "suite.h"
#include "suites.h"

static void expect(const char *change, const char *key)
{
    struct loaded before = load_more("# no change"), after = load_more("%s", change);
    CU_ASSERT_PTR_NOT_NULL_FATAL(before.config);
    CU_ASSERT_PTR_NOT_NULL_FATAL(after.config);
    const char *found = config_fixed_difference(before.config, after.config);
    if (key) {
        CU_ASSERT_PTR_NOT_NULL_FATAL(found);
        CU_ASSERT_STRING_EQUAL(found, key);
    } else {
        CU_ASSERT_PTR_NULL(found);
    }
    loaded_free(&before);
    loaded_free(&after);
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
    expect("manage_rules = false;", "manage_rules");
    expect("rules_backend = \"nft\";", "rules_backend");
    expect("control = \"/run/other.sock\";", "control");
    expect("control = \"/x\"; flows = { max = 1; };", "flows.max");
}

static void expect_required(const char *text, const char *key)
{
    struct loaded before = load_more("# no change"), after = load_text(text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(before.config);
    CU_ASSERT_PTR_NOT_NULL_FATAL(after.config);
    const char *found = config_fixed_difference(before.config, after.config);
    CU_ASSERT_PTR_NOT_NULL_FATAL(found);
    CU_ASSERT_STRING_EQUAL(found, key);
    loaded_free(&before);
    loaded_free(&after);
}

static void test_fixed_required(void)
{
    expect_required("mode = \"monitor\"; inside = [\"lan0\"]; outside = [\"wan0\"];", "mode");
    expect_required("mode = \"firewall\"; inside = [\"lan1\"]; outside = [\"wan0\"];", "inside");
    expect_required("mode = \"firewall\"; inside = [\"lan0\"]; outside = [\"wan0\", \"wan1\"];", "outside");
}

static const struct test TESTS[] = {
    {"S2: timers and log level change on reload", test_changeable},
    {"S2: everything about rules changes on reload", test_rules_changeable},
    {"S2: the first fixed key that differs is named", test_fixed},
    {"S2: mode and interfaces are fixed", test_fixed_required},
};

void register_reload(void)
{
    TEST_SUITE("config: reload", TESTS);
}
