/* Both sides of every bound. */
#include "load_text.h"
#include "suite.h"
#include "suites.h"
#include <inttypes.h>
#include <libconfig.h>
#include <stdlib.h>
#include <string.h>

static const struct bound {
    const char *group, *name;
    int64_t min, max;
    const char *low, *high; /* what the messages say */
} BOUNDS[] = {
    {"queue", "first", 0, 65535, "too small: at least 0\n", "too large: at most 65535\n"},
    {"queue", "workers", 1, 64, "too small: at least 1\n", "too large: at most 64\n"},
    {"queue", "length", 1, 1048576, "too small: at least 1\n", "too large: at most 1048576\n"},
    {"queue", "copy_range", 576, 65531, "too small: at least 576 bytes\n",
     "too large: at most 65531 bytes\n"},
    {"flows", "max", 1, 16777216, "too small: at least 1\n", "too large: at most 16777216\n"},
    {"flows", "per_host", 0, 16777216, "too small: at least 0\n", "too large: at most 16777216\n"},
    {"flows", "handshakes", 1, 1048576, "too small: at least 1\n", "too large: at most 1048576\n"},
    {"timers", "attempt", 120, 86400, "too short: at least 120 seconds (RFC 4787 REQ-5)\n",
     "too long: at most 86400 seconds\n"},
    {"timers", "two_way", 120, 86400, "too short: at least 120 seconds (RFC 4787 REQ-5)\n",
     "too long: at most 86400 seconds\n"},
    {"timers", "confirmed", 120, 86400, "too short: at least 120 seconds (RFC 4787 REQ-5)\n",
     "too long: at most 86400 seconds\n"},
    {"timers", "dns", 2, 86400, "too short: at least 2 seconds\n", "too long: at most 86400 seconds\n"},
    {"hold", "time", 10, 1000, "too short: at least 10 milliseconds\n",
     "too long: at most 1000 milliseconds\n"},
    {"hold", "datagrams", 1, 8, "too small: at least 1\n", "too large: at most 8\n"},
    {"hold", "total", 8, 65536, "too small: at least 8\n", "too large: at most 65536\n"},
    {"initials", "rate", 0, 10000000, "too small: at least 0\n", "too large: at most 10000000\n"},
    {"initials", "per_source", 0, 10000000, "too small: at least 0\n", "too large: at most 10000000\n"},
    {"", "guard_factor", 1, 100, "too small: at least 1\n", "too large: at most 100\n"},
    {"reject", "rate", 1, 100000, "too small: at least 1\n", "too large: at most 100000\n"},
    {"reject", "per_host", 1, 10000, "too small: at least 1\n", "too large: at most 10000\n"},
    {"hello", "memory", 64, 65535, "too small: at least 64 KiB\n", "too large: at most 65535 KiB\n"},
    {"nat", "block", 0, 4096, "too small: at least 0\n", "too large: at most 4096\n"},
    {"nat", "ipfix_domain", 0, 2147483647, "too small: at least 0\n", "too large: at most 2147483647\n"},
    {"nat", "per_host", 1, 65535, "too small: at least 1\n", "too large: at most 65535\n"},
    {"nat", "hold_down", 120, 86400, "too short: at least 120 seconds (RFC 4787 REQ-5, RFC 6888 REQ-8)\n",
     "too long: at most 86400 seconds\n"},
    {"throttle", "interval", 50, 10000, "too short: at least 50 milliseconds\n",
     "too long: at most 10000 milliseconds\n"},
    {"throttle", "gain", 1, 100, "too small: at least 1 percent\n", "too large: at most 100 percent\n"},
    {"throttle", "hysteresis", 0, 50, "too small: at least 0 percent\n", "too large: at most 50 percent\n"},
    {"throttle", "floor", 0, 100, "too small: at least 0 percent\n", "too large: at most 100 percent\n"},
    {"throttle", "ceiling", 0, 100, "too small: at least 0 percent\n", "too large: at most 100 percent\n"},
    {"ptb", "rate", 1, 100000, "too small: at least 1\n", "too large: at most 100000\n"},
    {"ptb", "per_host", 1, 10000, "too small: at least 1\n", "too large: at most 10000\n"},
    {"cluster", "flush", 5, 1000, "too short: at least 5 milliseconds\n",
     "too long: at most 1000 milliseconds\n"},
    {"cluster", "refresh", 1, 60, "too short: at least 1 seconds\n", "too long: at most 60 seconds\n"},
};
#define BOUND_COUNT (sizeof(BOUNDS) / sizeof(BOUNDS[0]))

static struct loaded load_number(const struct bound *bound, int64_t value)
{
    if (bound->group[0] == '\0')
        return load_more("%s = %" PRId64 ";", bound->name, value);
    if (strcmp(bound->group, "nat") == 0)
        return load_nat("nat = { external = \"auto\"; %s = %" PRId64 "; };", bound->name, value);
    return load_more("%s = { %s = %" PRId64 "; };", bound->group, bound->name, value);
}

static void expect_taken(const struct bound *bound, int64_t value)
{
    struct loaded loaded = load_number(bound, value);
    CU_ASSERT_EQUAL(loaded.error, QW_OK);
    CU_ASSERT_STRING_EQUAL(loaded.messages, "");
    if (loaded.config) {
        char line[64], *text = printed(loaded.config);
        snprintf(line, sizeof(line), "%s%s = %" PRId64 ";\n", bound->group[0] ? "    " : "", bound->name,
                 value);
        CU_ASSERT_PTR_NOT_NULL(strstr(text, line));
        free(text);
    }
    loaded_free(&loaded);
}

static void expect_refused(const struct bound *bound, int64_t value, const char *why)
{
    char message[160];
    snprintf(message, sizeof(message), "x.conf:5: %s%s%s = %" PRId64 " is %s", bound->group,
             bound->group[0] ? "." : "", bound->name, value, why);
    struct loaded loaded = load_number(bound, value);
    CU_ASSERT_EQUAL(loaded.error, QW_ERR_INVALID);
    CU_ASSERT_PTR_NULL(loaded.config);
    CU_ASSERT_STRING_EQUAL(loaded.messages, message);
    loaded_free(&loaded);
}

static void test_numbers(void)
{
    for (unsigned i = 0; i < BOUND_COUNT; i++) {
        expect_taken(&BOUNDS[i], BOUNDS[i].min);
        expect_taken(&BOUNDS[i], BOUNDS[i].max);
        expect_refused(&BOUNDS[i], BOUNDS[i].min - 1, BOUNDS[i].low);
        expect_refused(&BOUNDS[i], BOUNDS[i].max + 1, BOUNDS[i].high);
    }
}

/* Values that end in an allowed number when cut to 16 or 32 bits, or lie at the ends of what can be written.
 */
static void test_wide_numbers(void)
{
    for (unsigned i = 0; i < BOUND_COUNT; i++) {
        const struct bound *bound = &BOUNDS[i];
        expect_refused(bound, (INT64_C(1) << 32) + bound->min, bound->high);
        expect_refused(bound, (INT64_C(1) << 32) - 1, bound->high);
        expect_refused(bound, INT64_C(1) << 31, bound->high);
        expect_refused(bound, INT64_MAX, bound->high);
        expect_refused(bound, bound->max - (INT64_C(1) << 32), bound->low);
        expect_refused(bound, INT32_MIN, bound->low);
        expect_refused(bound, INT64_MIN, bound->low);
    }
    struct bound first = BOUNDS[0];
    expect_refused(&first, 65536 + 7400, first.high);
}

/* The numbers of the canonical print are the numbers of the table above. */
static void test_no_number_forgotten(void)
{
    struct config config;
    config_defaults(&config);
    config.mode = CONFIG_NAT;
    char *text = printed(&config);
    config_t file;
    config_init(&file);
    CU_ASSERT_TRUE_FATAL(config_read_string(&file, text));
    unsigned numbers = 0;
    for (unsigned i = 0; i < (unsigned)config_setting_length(config_root_setting(&file)); i++) {
        const config_setting_t *group = config_setting_get_elem(config_root_setting(&file), i);
        numbers += config_setting_type(group) == CONFIG_TYPE_INT;
        for (unsigned j = 0; config_setting_is_group(group) && j < (unsigned)config_setting_length(group);
             j++)
            numbers += config_setting_type(config_setting_get_elem(group, j)) == CONFIG_TYPE_INT;
    }
    CU_ASSERT_EQUAL(numbers, BOUND_COUNT);
    config_destroy(&file);
    free(text);
}

static void expect(struct loaded loaded, const char *messages)
{
    CU_ASSERT_EQUAL(loaded.error, *messages ? QW_ERR_INVALID : QW_OK);
    CU_ASSERT_STRING_EQUAL(loaded.messages, messages);
    loaded_free(&loaded);
}

static void test_last_queue(void)
{
    expect(load_more("queue = { first = 65535; };"), "");
    expect(load_more("queue = { first = 65472; workers = 64; };"), "");
    expect(load_more("queue = {\n first = 65473;\n workers = 64; };"),
           "x.conf:7: queue.first = 65473 with queue.workers = 64 needs queue 65536; allowed: queues up to "
           "65535\n");
}

static void test_interface_lengths(void)
{
    expect(load_text("mode = \"monitor\"; inside = [\"fifteen-bytes-x\"]; outside = [\"w\"];"), "");
    expect(load_text("mode = \"monitor\"; inside = [\"sixteen-bytes-xx\"]; outside = [\"w\"];"),
           "x.conf:1: inside: \"sixteen-bytes-xx\" is too long with 16 bytes: at most 15\n");
}

static void load_interfaces(unsigned count, const char *messages)
{
    char text[4096] = "mode = \"monitor\"; outside = [\"wan0\"]; inside = [\"i0\"";
    for (unsigned i = 1; i < count; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), ", \"i%u\"", i);
    snprintf(text + strlen(text), sizeof(text) - strlen(text), "];");
    expect(load_text(text), messages);
}

static void test_interface_counts(void)
{
    load_interfaces(1, "");
    load_interfaces(CONFIG_INTERFACES_MAX, "");
    load_interfaces(CONFIG_INTERFACES_MAX + 1,
                    "x.conf:1: inside: \"i256\" is one too many: at most 256 interfaces; a pattern such as "
                    "\"ppp*\" is one, whatever it matches\n");
}

static void test_control_lengths(void)
{
    char path[CONFIG_PATH_MAX + 1] = "/";
    memset(path + 1, 'x', CONFIG_PATH_MAX - 2);
    struct loaded loaded = load_more("control = \"%s\";", path);
    CU_ASSERT_EQUAL(loaded.error, QW_OK);
    if (loaded.config)
        CU_ASSERT_STRING_EQUAL(loaded.config->control, path);
    loaded_free(&loaded);
    path[CONFIG_PATH_MAX - 1] = 'x';
    loaded = load_more("control = \"%s\";", path);
    CU_ASSERT_EQUAL(loaded.error, QW_ERR_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(loaded.messages, "is too long with 108 bytes: at most 107\n"));
    loaded_free(&loaded);
}

/* Chains have the name in theirs, and iptables takes 28 bytes of those. */
static void test_instance(void)
{
    static const char *const GOOD[] = {"a", "main", "second_2", "abcdefgh"};
    static const char *const BAD[] = {"", "abcdefghi", "7400", "_a", "A", "a-b", "a b", "a.b", "a/b", "ä"};
    for (size_t i = 0; i < sizeof(GOOD) / sizeof(GOOD[0]); i++) {
        struct loaded loaded = load_more("instance = \"%s\";", GOOD[i]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(loaded.config);
        CU_ASSERT_STRING_EQUAL(loaded.config->instance, GOOD[i]);
        loaded_free(&loaded);
    }
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        struct loaded loaded = load_more("instance = \"%s\";", BAD[i]);
        CU_ASSERT_EQUAL(loaded.error, QW_ERR_INVALID);
        CU_ASSERT_PTR_NOT_NULL(strstr(loaded.messages, "is no name; allowed: 1 to 8 lower-case letters"));
        loaded_free(&loaded);
    }
}

static void expect_control(const char *text, const char *path)
{
    struct loaded loaded = load_more("%s", text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(loaded.config);
    CU_ASSERT_STRING_EQUAL(loaded.config->control, path);
    loaded_free(&loaded);
}

static void test_instance_control(void)
{
    expect_control("instance = \"main\";", "/run/quicward/control.sock");
    expect_control("instance = \"guests\";", "/run/quicward-guests/control.sock");
    expect_control("instance = \"guests\"; control = \"/x\";", "/x");
    expect_control("control = \"/run/quicward/control.sock\"; instance = \"guests\";",
                   "/run/quicward/control.sock");
}

static void expect_state(const char *text, const char *path)
{
    struct loaded loaded = load_more("%s", text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(loaded.config);
    CU_ASSERT_STRING_EQUAL(loaded.config->state, path);
    loaded_free(&loaded);
}

/* What is printed must be readable, also where the socket stands in the root. */
static void test_state_folder(void)
{
    expect_state("control = \"/run/a/control.sock\";", "/run/a");
    expect_state("control = \"/control.sock\";", "/");
    expect_state("state = \"/\";", "/");
    struct loaded loaded = load_more("state = \"/run/\";");
    CU_ASSERT_EQUAL(loaded.error, QW_ERR_INVALID);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(loaded.messages, "state = \"/run/\" ends with \"/\"; allowed: the path of a folder"));
    loaded_free(&loaded);
}

static const struct test TESTS[] = {
    {"T1 S3: every number at both of its bounds and one beyond", test_numbers},
    {"numbers beyond 16, 32 and 63 bits are refused, not wrapped", test_wide_numbers},
    {"every number of the schema is in this file's table", test_no_number_forgotten},
    {"the last queue is at most 65535", test_last_queue},
    {"S6: names of instances", test_instance},
    {"S6: the control socket of another instance", test_instance_control},
    {"S1: the folder of the state is that of the control socket", test_state_folder},
    {"interface names have 1 to 15 bytes", test_interface_lengths},
    {"1 to 32 interfaces", test_interface_counts},
    {"the control path has at most 107 bytes", test_control_lengths},
};

void register_bounds(void)
{
    TEST_SUITE("config: bounds", TESTS);
}
