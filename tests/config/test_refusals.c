/* What is refused, and what the message says of it. */
#include "load_text.h"
#include "suite.h"
#include "suites.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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
        "first of them a letter, a digit or \"_\"; a \"*\" at the end stands for any rest of a name\n"
        "x.conf:4: flows.max = 0 is too small: at least 1\n"
        "x.conf: \"inside\" is missing: the interfaces towards the protected network; allowed: a list of "
        "interface "
        "names such as [\"eth0\", \"ppp*\"]\n");
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
           "\"timers\", \"quic\", \"default_out\", \"default_in\", \"groups\", \"inside_prefixes\", "
           "\"sni_lists\", \"rules\", "
           "\"hold\", \"initials\", \"guard\", \"guard_factor\", "
           "\"reject\", \"hello\", \"nat\", \"throttles\", \"throttle\", \"size_limits\", \"ptb\", "
           "\"instance\", \"manage_rules\", \"rules_guard\", \"rules_fragments\", \"rules_backend\", "
           "\"offload\", \"offload_pins\", \"offload_unsolicited\", \"offload_spin\", \"control\", "
           "\"control_mode\", \"control_group\", \"user\", "
           "\"seccomp\", "
           "\"secret\", \"state\", \"metrics\", \"events\", \"anonymise\", \"cluster\", \"log\"\n");
}

/* The caller frees it. */
static struct config *known(const char *text)
{
    char path[64];
    struct config *config = NULL;
    int fd = memfd_create("known", MFD_CLOEXEC);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    CU_ASSERT_EQUAL(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    CU_ASSERT_EQUAL(config_load_known(path, &config), QW_OK);
    close(fd);
    if (!config)
        exit(1);
    return config;
}

static void test_known_sides(void)
{
    static const struct {
        const char *text;
        unsigned inside, outside;
    } CASES[] = {
        {REQUIRED_KEYS "nonsense = 1;\n", 1, 1},
        {REQUIRED_KEYS "timers = { attempt = 3; };\n", 1, 1},
        {REQUIRED_KEYS "@include \"/nonexistent/rules.conf\"\n", 1, 1},
        {REQUIRED_KEYS "flows = { max = 99999999999999999999; };\n", 1, 1},
        {"inside = [\"lan0\", \"lan1\"]; outside = [\"wan0\"];", 2, 1},
        {"inside = [\"lan0\", \"not/one\"]; outside = [\"wan0\"];", 0, 1},
        {"inside = [\"lan0\"]; outside = \"wan0\";", 1, 0},
        {"insde = [\"lan0\"]; outside = [\"wan0\"];", 0, 1},
        {REQUIRED_KEYS "flows = {", 0, 0},
        {REQUIRED_KEYS "\1", 0, 0},
        {"", 0, 0},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct config *config = known(CASES[i].text);
        CU_ASSERT_EQUAL(config->inside.count, CASES[i].inside);
        CU_ASSERT_EQUAL(config->outside.count, CASES[i].outside);
        config_free(config);
    }
}

/* What is not understood lets nothing pass. */
static void test_known_mode(void)
{
    static const struct {
        const char *text;
        enum config_mode mode;
        enum config_when_down when_down;
        bool manage_rules;
    } CASES[] = {
        {"mode = \"monitor\"; nonsense = 1;", CONFIG_MONITOR, CONFIG_DOWN_DROP, true},
        {"mode = \"monitr\"; queue = { when_down = \"pass\"; };", CONFIG_NAT, CONFIG_DOWN_PASS, true},
        {"queue = { when_down = \"pass\"; };", CONFIG_NAT, CONFIG_DOWN_PASS, true},
        {"mode = \"firewall\"; queue = { when_down = \"pas\"; };", CONFIG_FIREWALL, CONFIG_DOWN_DROP, true},
        {"mode = \"firewall\"; queue = { when_down = \"pass\"; };", CONFIG_FIREWALL, CONFIG_DOWN_PASS, true},
        {"mode = \"firewall\"; manage_rules = false; x = 1;", CONFIG_FIREWALL, CONFIG_DOWN_DROP, false},
        {"mode = \"firewall\"; manage_rules = 0;", CONFIG_FIREWALL, CONFIG_DOWN_DROP, true},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct config *config = known(CASES[i].text);
        CU_ASSERT_EQUAL(config->mode, CASES[i].mode);
        CU_ASSERT_EQUAL(config->when_down, CASES[i].when_down);
        CU_ASSERT_EQUAL(config->manage_rules, CASES[i].manage_rules);
        config_free(config);
    }
}

static void test_known_of_nothing(void)
{
    struct config *config = (struct config *)&config;
    CU_ASSERT_EQUAL(config_load_known("/nonexistent/quicward.conf", &config), QW_ERR_SYSTEM);
    CU_ASSERT_PTR_NULL(config);
}

static const struct test TESTS[] = {
    {"T1: idle timers below 120 s are refused with file and line", test_timers},
    {"T1: idle timers are 120, 300 and 300 s when the file says nothing", test_timer_defaults},
    {"words arrive in the struct, others are refused", test_words},
    {"S2: every error of a file is told in one go", test_all_errors_at_once},
    {"S2: no struct comes out of a refused file", test_nothing_of_a_wrong_file},
    {"the nearest known key is named, none for a far one", test_slips},
    {"an unknown group is one error", test_unknown_group},
    {"S5: of a file with mistakes the interfaces are known that are right", test_known_sides},
    {"S5: what a file with mistakes does not say lets nothing pass", test_known_mode},
    {"S5: nothing is known of a file that is not there", test_known_of_nothing},
};

void register_refusals(void)
{
    TEST_SUITE("config: refusals", TESTS);
}
