/* What is refused, and what the message says of it. */
#include "load_text.h"
#include "suite.h"
#include "suites.h"
#include <string.h>

static void expect(struct loaded loaded, const char *messages)
{
    CU_ASSERT_EQUAL(loaded.error, *messages ? QW_ERR_INVALID : QW_OK);
    CU_ASSERT_EQUAL(loaded.config == NULL, *messages != '\0');
    CU_ASSERT_STRING_EQUAL(loaded.messages, messages);
    loaded_free(&loaded);
}

static void test_timers(void)
{
    expect(load_more("timers = {\n  attempt = 30;\n  two_way = 119;\n  confirmed = 0;\n};"),
           "x.conf:6: timers.attempt = 30 is too short: at least 120 seconds (RFC 4787 REQ-5)\n"
           "x.conf:7: timers.two_way = 119 is too short: at least 120 seconds (RFC 4787 REQ-5)\n"
           "x.conf:8: timers.confirmed = 0 is too short: at least 120 seconds (RFC 4787 REQ-5)\n");
}

static void test_timer_defaults(void)
{
    struct loaded loaded = load_more("timers = {};");
    CU_ASSERT_PTR_NOT_NULL_FATAL(loaded.config);
    CU_ASSERT_EQUAL(loaded.config->timer_attempt_s, 120);
    CU_ASSERT_EQUAL(loaded.config->timer_two_way_s, 300);
    CU_ASSERT_EQUAL(loaded.config->timer_confirmed_s, 300);
    loaded_free(&loaded);
}

static void test_words(void)
{
    struct loaded loaded =
        load_text("mode = \"monitor\"; inside = [\"a\"]; outside = [\"b\"]; log = \"error\";"
                  "queue = { when_down = \"pass\"; }; rules_backend = \"nft\";");
    CU_ASSERT_PTR_NOT_NULL_FATAL(loaded.config);
    CU_ASSERT_EQUAL(loaded.config->mode, CONFIG_MONITOR);
    CU_ASSERT_EQUAL(loaded.config->log_level, QW_LOG_ERROR);
    CU_ASSERT_EQUAL(loaded.config->when_down, CONFIG_DOWN_PASS);
    CU_ASSERT_EQUAL(loaded.config->backend, CONFIG_RULES_NFT);
    CU_ASSERT_STRING_EQUAL(loaded.config->inside.names[0], "a");
    CU_ASSERT_STRING_EQUAL(loaded.config->outside.names[0], "b");
    loaded_free(&loaded);
    expect(
        load_more("log = \"verbose\";"),
        "x.conf:5: log = \"verbose\" is not known; allowed: \"error\", \"warning\", \"info\", \"debug\"\n");
}

static void test_all_errors_at_once(void)
{
    expect(
        load_text("mode = \"bridge\";\ninsde = [\"lan0\"];\noutside = [\"wan/0\"];\nflows = { max = 0; };\n"),
        "x.conf:1: mode = \"bridge\" is not known; allowed: \"firewall\", \"monitor\", \"nat\"\n"
        "x.conf:2: unknown key \"insde\"; did you mean \"inside\"?\n"
        "x.conf:3: outside: \"wan/0\" is no interface name; allowed: letters, digits, \".\", \"_\" and "
        "\"-\", the "
        "first of them a letter, a digit or \"_\"\n"
        "x.conf:4: flows.max = 0 is too small: at least 1\n"
        "x.conf: \"inside\" is missing: the interfaces towards the protected network; allowed: a list of "
        "interface "
        "names such as [\"eth0\"]\n");
}

static void test_nothing_of_a_wrong_file(void)
{
    struct config *config = (struct config *)&config;
    FILE *errors = fopen("/dev/null", "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(errors);
    CU_ASSERT_EQUAL(config_load("/nonexistent/quicward.conf", errors, &config), QW_ERR_SYSTEM);
    CU_ASSERT_PTR_NULL(config);
    fclose(errors);
}

static void test_slips(void)
{
    static const char *const SLIPS[][2] = {
        {"lgo", "log"},
        {"mod", "mode"},
        {"MODE", "mode"},
        {"outsied", "outside"},
        {"timer", "timers"},
        {"contol", "control"},
        {"manage-rules", "manage_rules"},
        {"confirmed", "timers.confirmed"},
        {"when_down", "queue.when_down"},
    };
    for (unsigned i = 0; i < sizeof(SLIPS) / sizeof(SLIPS[0]); i++) {
        char message[128];
        snprintf(message, sizeof(message), "x.conf:5: unknown key \"%s\"; did you mean \"%s\"?\n",
                 SLIPS[i][0], SLIPS[i][1]);
        expect(load_more("%s = 1;", SLIPS[i][0]), message);
    }
    char name[200] = "x";
    memset(name + 1, 'y', sizeof(name) - 2);
    struct loaded loaded = load_more("queue = { %s = 1; };", name);
    CU_ASSERT_PTR_NULL(strstr(loaded.messages, "did you mean"));
    CU_ASSERT_PTR_NOT_NULL(strstr(loaded.messages,
                                  "; allowed in \"queue\": \"first\", \"workers\", \"length\", "
                                  "\"copy_range\", \"when_down\"\n"));
    loaded_free(&loaded);
}

static void test_unknown_group(void)
{
    expect(load_more("policer = {\n a = 1;\n b = { c = 2; };\n};"),
           "x.conf:5: unknown key \"policer\"; allowed: \"mode\", \"inside\", \"outside\", \"queue\", "
           "\"flows\", "
           "\"timers\", \"quic\", \"default_out\", \"default_in\", \"groups\", \"sni_lists\", \"rules\", "
           "\"hold\", "
           "\"reject\", \"hello\", \"nat\", \"throttles\", \"throttle\", \"size_limits\", \"ptb\", "
           "\"manage_rules\", \"rules_backend\", \"control\", \"log\"\n");
}

static const struct test TESTS[] = {
    {"T1: idle timers below 120 s are refused with file and line", test_timers},
    {"T1: idle timers are 120, 300 and 300 s when the file says nothing", test_timer_defaults},
    {"words arrive in the struct, others are refused", test_words},
    {"S2: every error of a file is told in one go", test_all_errors_at_once},
    {"S2: no struct comes out of a refused file", test_nothing_of_a_wrong_file},
    {"the nearest known key is named, none for a far one", test_slips},
    {"an unknown group is one error", test_unknown_group},
};

void register_refusals(void)
{
    TEST_SUITE("config: refusals", TESTS);
}
