#include "doctor_ask.h"
#include "doctor_text.h"
#include "suite.h"
#include "test_command.h"
#include <quicward/control.h>
#include <stdlib.h>
#include <string.h>

/* The line that a daemon of this release writes. */
static char *stats_line(const struct io_rules_stats *rules)
{
    struct engine *engine = command_engine((struct qw_time){1});
    struct engine_stats stats;
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    engine_stats(engine, &stats);
    stats.counters.packets = 42;
    CU_ASSERT_TRUE(control_stats_json(&stats, engine, NULL, 0, rules, NULL, 0, out));
    fclose(out);
    engine_free(engine);
    return text;
}

static void what_a_daemon_writes_is_read(void)
{
    struct survey_daemon daemon = {0};
    const struct io_rules_stats rules = {.managed = true, .standing = true, .put_back = 3};
    char *line = stats_line(&rules);
    CU_ASSERT_TRUE(doctor_read_stats(line, &daemon));
    CU_ASSERT_TRUE(daemon.answers && daemon.keeps_rules && daemon.rules_stand && !daemon.no_external);
    CU_ASSERT_EQUAL(daemon.mode, CONFIG_MONITOR);
    CU_ASSERT_EQUAL(daemon.packets, 42);
    CU_ASSERT_EQUAL(daemon.put_back, 3);
    free(line);
    line = stats_line(NULL);
    daemon = (struct survey_daemon){0};
    CU_ASSERT_TRUE(doctor_read_stats(line, &daemon));
    CU_ASSERT_FALSE(daemon.keeps_rules);
    free(line);
}

static void an_external_address(void)
{
    struct survey_daemon daemon = {0};
    CU_ASSERT_TRUE(
        doctor_read_stats("{\"stats\":{\"mode\":\"nat\",\"nat\":{\"external\":[\"192.0.2.1\"]}}}", &daemon));
    CU_ASSERT_FALSE(daemon.no_external);
    CU_ASSERT_TRUE(
        doctor_read_stats("{\"stats\":{\"mode\":\"nat\",\"nat\":{\"external\":[null]}}}", &daemon));
    CU_ASSERT_TRUE(daemon.no_external);
}

static void anything_else_is_not(void)
{
    static const char *const LINES[] = {
        "", "{", "[]", "{\"ok\":true}", "{\"stats\":7}", "{\"stats\":{\"mode\":7}}"};
    for (unsigned i = 0; i < sizeof(LINES) / sizeof(LINES[0]); i++) {
        struct survey_daemon daemon = {.packets = 9};
        CU_ASSERT_FALSE(doctor_read_stats(LINES[i], &daemon));
        CU_ASSERT_EQUAL(daemon.packets, 9);
        CU_ASSERT_FALSE(daemon.answers);
    }
}

static void nobody_answers(void)
{
    struct survey_daemon daemon = {.runs = true, .pid = 3};
    doctor_ask("/nonexistent/quicward.sock", &daemon);
    CU_ASSERT_FALSE(daemon.answers);
    CU_ASSERT_PTR_NOT_NULL(strstr(daemon.problem, "/nonexistent/quicward.sock"));
    CU_ASSERT_EQUAL(daemon.pid, 3);
}

static char *printed(bool (*print)(const struct survey_findings *, bool, FILE *),
                     const struct survey_findings *found, bool rules_seen)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    CU_ASSERT_TRUE(print(found, rules_seen, out));
    fclose(out);
    return text;
}

static void text_and_json(void)
{
    static struct survey_findings found;
    char *text = printed(doctor_print_text, &found, true);
    CU_ASSERT_STRING_EQUAL(text, "all is well\n");
    free(text);
    text = printed(doctor_print_text, &found, false);
    CU_ASSERT_PTR_NULL(strstr(text, "all is well"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "needs root"));
    free(text);
    survey_add(&found, SURVEY_ABOUT_MTU, false, "\"do it\"", "it is \"%s\"", "small");
    survey_add(&found, SURVEY_ABOUT_CLOCK, true, "", "a \xff byte");
    text = printed(doctor_print_text, &found, true);
    CU_ASSERT_STRING_EQUAL(text, "fault: mtu: it is \"small\"\n       do: \"do it\"\n"
                                 "note:  clock: a \xff byte\n1 fault, 1 note\n");
    free(text);
    text = printed(doctor_print_json, &found, true);
    CU_ASSERT_STRING_EQUAL(
        text, "{\"finding\":{\"topic\":\"mtu\",\"level\":\"fault\",\"what\":\"it is "
              "\\\"small\\\"\",\"do\":\"\\\"do "
              "it\\\"\"}}\n"
              "{\"finding\":{\"topic\":\"clock\",\"level\":\"note\",\"what\":\"a ? byte\",\"do\":null}}\n"
              "{\"doctor\":{\"faults\":1,\"notes\":1,\"rules_seen\":true}}\n");
    free(text);
}

void suite_doctor(void)
{
    static const struct test TESTS[] = {
        {"I2: what a daemon says of itself is read", what_a_daemon_writes_is_read},
        {"I2: whether it knows an external address", an_external_address},
        {"I2: another line is not taken for it", anything_else_is_not},
        {"I2: a daemon that nobody hears", nobody_answers},
        {"I2: findings as text and as JSON", text_and_json},
    };
    TEST_SUITE("doctor", TESTS);
}
