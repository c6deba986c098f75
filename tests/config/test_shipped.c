/* The files of conf/. */
#include "load_text.h"
#include "suite.h"
#include "suites.h"
#include <libconfig.h>
#include <stdlib.h>
#include <string.h>

#define CONF TEST_DATA "/../conf"

/* Whether the file says something of every key of this group that the canonical print has; returns how many.
 */
static unsigned same_keys(const config_setting_t *all, const config_setting_t *given)
{
    unsigned keys = 0;
    for (unsigned i = 0; i < (unsigned)config_setting_length(all); i++) {
        const config_setting_t *key = config_setting_get_elem(all, i);
        const config_setting_t *found = config_setting_get_member(given, config_setting_name(key));
        if (!found)
            printf("\nmissing: %s\n", config_setting_name(key));
        CU_ASSERT_PTR_NOT_NULL_FATAL(found);
        keys += config_setting_is_group(key) ? same_keys(key, found) : 1;
    }
    return keys;
}

/* Whether the line is "    # KEY = ..." of a key of nat. */
static bool is_key_of_nat(const char *line)
{
    static const char *const KEYS[] = {"external",  "ports",        "exclude",    "except",
                                       "filtering", "per_host",     "block",      "hold_down",
                                       "choice",    "exhausted",    "masquerade", "forwards",
                                       "ipfix",     "ipfix_domain", "ipfix_ca",   "ipfix_certificate",
                                       "ipfix_key"};
    for (unsigned i = 0; i < sizeof(KEYS) / sizeof(KEYS[0]); i++) {
        char begin[32];
        snprintf(begin, sizeof(begin), "    # %s = ", KEYS[i]);
        if (strncmp(line, begin, strlen(begin)) == 0)
            return true;
    }
    return false;
}

/* What stands in for a line of conf/quicward.conf where its interfaces are named, and it is for mode nat. */
static const char *line_in_place(const char *line, bool nat)
{
    if (strcmp(line, "inside = [];\n") == 0)
        return "inside = [\"lan0\"];\n";
    if (strcmp(line, "outside = [];\n") == 0)
        return "outside = [\"wan0\"];\n";
    if (nat && strcmp(line, "mode = \"monitor\";\n") == 0)
        return "mode = \"nat\";\n";
    return nat && is_key_of_nat(line) ? line + strlen("    # ") : line;
}

/* conf/quicward.conf with interfaces; with `nat`, for that mode, with the keys of nat that stand there as
 * comments. */
static char *text_with_interfaces(bool nat)
{
    char line[256], *text;
    size_t size;
    FILE *file = fopen(CONF "/quicward.conf", "r"), *out = open_memstream(&text, &size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    while (fgets(line, sizeof(line), file))
        fputs(line_in_place(line, nat), out);
    CU_ASSERT_EQUAL_FATAL(fclose(out), 0);
    CU_ASSERT_EQUAL_FATAL(fclose(file), 0);
    return text;
}

static void test_names_every_key(void)
{
    struct config config;
    config_defaults(&config);
    config.mode = CONFIG_NAT;
    char *text = printed(&config), *conf = text_with_interfaces(true);
    config_t all, given;
    config_init(&all);
    config_init(&given);
    CU_ASSERT_TRUE_FATAL(config_read_string(&all, text));
    CU_ASSERT_TRUE_FATAL(config_read_string(&given, conf));
    CU_ASSERT_EQUAL(same_keys(config_root_setting(&all), config_root_setting(&given)), 98);
    config_destroy(&all);
    config_destroy(&given);
    free(text);
    free(conf);
}

static void expect_defaults(struct loaded loaded)
{
    CU_ASSERT_STRING_EQUAL(loaded.messages, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(loaded.config);
    struct config defaults;
    config_defaults(&defaults);
    defaults.mode = loaded.config->mode;
    defaults.inside = loaded.config->inside;
    defaults.outside = loaded.config->outside;
    defaults.external_auto = loaded.config->external_auto;
    char *got = printed(loaded.config), *want = printed(&defaults);
    CU_ASSERT_STRING_EQUAL(got, want);
    free(got);
    free(want);
    loaded_free(&loaded);
}

static void test_values_are_defaults(void)
{
    for (int nat = 0; nat < 2; nat++) {
        char *text = text_with_interfaces(nat);
        expect_defaults(load_text(text));
        free(text);
    }
}

/* A package installs it: nothing is dropped, and nothing starts, before somebody has said what is inside. */
static void test_is_safe(void)
{
    struct config *known;
    struct loaded loaded = load_path(CONF "/quicward.conf");
    CU_ASSERT_EQUAL(loaded.error, QW_ERR_INVALID);
    CU_ASSERT_PTR_NULL(loaded.config);
    CU_ASSERT_PTR_NOT_NULL(strstr(loaded.messages, "inside = [] names none of the interfaces towards"));
    CU_ASSERT_PTR_NOT_NULL(strstr(loaded.messages, "outside = [] names none of the interfaces towards"));
    loaded_free(&loaded);
    CU_ASSERT_EQUAL(config_load_known(CONF "/quicward.conf", &known), QW_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(known);
    CU_ASSERT_EQUAL(known->mode, CONFIG_MONITOR);
    config_free(known);
}

static void test_defaults(void)
{
    struct config config;
    config_defaults(&config);
    CU_ASSERT_EQUAL(config.inside.count, 0);
    CU_ASSERT_EQUAL(config.queue_first, 7400);
    CU_ASSERT_EQUAL(config.workers, 1);
    CU_ASSERT_EQUAL(config.queue_length, 8192);
    CU_ASSERT_EQUAL(config.copy_range, 2048);
    CU_ASSERT_EQUAL(config.when_down, CONFIG_DOWN_DROP);
    CU_ASSERT_EQUAL(config.flows_max, 262144);
    CU_ASSERT_EQUAL(config.handshakes_max, 16384);
    CU_ASSERT_EQUAL(config.timer_attempt_s, 120);
    CU_ASSERT_EQUAL(config.timer_two_way_s, 300);
    CU_ASSERT_EQUAL(config.timer_confirmed_s, 300);
    CU_ASSERT_STRING_EQUAL(config.instance, "main");
    CU_ASSERT_TRUE(config.rules_guard);
    CU_ASSERT_TRUE(config.rules_fragments);
    CU_ASSERT_TRUE(config.manage_rules);
    CU_ASSERT_EQUAL(config.backend, CONFIG_RULES_AUTO);
    CU_ASSERT_STRING_EQUAL(config.control, "/run/quicward/control.sock");
    CU_ASSERT_STRING_EQUAL(config.secret, "/var/lib/quicward/secret");
    CU_ASSERT_STRING_EQUAL(config.state, "/run/quicward");
    CU_ASSERT_STRING_EQUAL(config.metrics, "off");
    CU_ASSERT_EQUAL(config.log_level, QW_LOG_INFO);
}

static void test_policy_defaults(void)
{
    struct config config;
    config_defaults(&config);
    CU_ASSERT_EQUAL(config.quic, CONFIG_QUIC_INSPECT);
    CU_ASSERT_EQUAL(config.default_out, CONFIG_ACCEPT);
    CU_ASSERT_EQUAL(config.default_in, CONFIG_DROP);
    CU_ASSERT_EQUAL(config.group_count, 0);
    CU_ASSERT_EQUAL(config.sni_list_count, 0);
    CU_ASSERT_EQUAL(config.rule_count, 0);
    CU_ASSERT_EQUAL(config.hold_ms, 200);
    CU_ASSERT_EQUAL(config.hold_datagrams, 8);
    CU_ASSERT_EQUAL(config.hold_total, 256);
    CU_ASSERT_EQUAL(config.reject_rate, 100);
    CU_ASSERT_EQUAL(config.reject_per_host, 10);
    CU_ASSERT_EQUAL(config.hello_memory_kib, 16384);
}

static void test_minimal(const char *path, enum config_mode mode)
{
    struct loaded loaded = load_path(path);
    CU_ASSERT_STRING_EQUAL(loaded.messages, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(loaded.config);
    CU_ASSERT_EQUAL(loaded.config->mode, mode);
    CU_ASSERT_EQUAL(loaded.config->inside.count, 1);
    CU_ASSERT_STRING_EQUAL(loaded.config->inside.names[0], "lan0");
    CU_ASSERT_EQUAL(loaded.config->outside.count, 1);
    CU_ASSERT_STRING_EQUAL(loaded.config->outside.names[0], "wan0");
    loaded_free(&loaded);
}

static void test_examples(void)
{
    test_minimal(CONF "/firewall.conf", CONFIG_FIREWALL);
    test_minimal(CONF "/monitor.conf", CONFIG_MONITOR);
    test_minimal(CONF "/nat.conf", CONFIG_NAT);
}

static const struct test TESTS[] = {
    {"conf/quicward.conf names every key", test_names_every_key},
    {"conf/quicward.conf has every default", test_values_are_defaults},
    {"S5: conf/quicward.conf starts nothing and closes nothing before interfaces are named", test_is_safe},
    {"T1: the defaults", test_defaults},
    {"F1 F3: the defaults of the rules", test_policy_defaults},
    {"the minimal examples load", test_examples},
};

void register_shipped(void)
{
    TEST_SUITE("config: shipped files", TESTS);
}
