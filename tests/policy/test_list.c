/* Files of host names. */
#include "suite.h"
#include "suites.h"
#include "world.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct loaded {
    enum qw_error error;
    size_t count;
    char *messages;
};

static struct loaded load_path(const char *path)
{
    struct loaded loaded;
    size_t size;
    struct policy_names *names = policy_names_new(WORLD_SECRET);
    FILE *errors = open_memstream(&loaded.messages, &size);
    need(names && errors, "open_memstream");
    loaded.error = policy_names_load(names, path, NULL, errors);
    loaded.count = policy_names_count(names);
    need(fclose(errors) == 0, "fclose");
    policy_names_free(names);
    return loaded;
}

/* Asserts what loading these bytes gives; in `messages` the file is called "F". */
static void expect_bytes(const char *text, size_t len, size_t count, const char *messages)
{
    char want[4096] = "";
    const char *path = file_make(text, len);
    for (const char *at = messages; *at; at++)
        snprintf(want + strlen(want), sizeof(want) - strlen(want), *at == 'F' ? "%s" : "%.1s",
                 *at == 'F' ? path : at);
    struct loaded loaded = load_path(path);
    CU_ASSERT_EQUAL(loaded.error, *messages ? QW_ERR_INVALID : QW_OK);
    CU_ASSERT_EQUAL(loaded.count, count);
    CU_ASSERT_STRING_EQUAL(loaded.messages, want);
    free(loaded.messages);
    file_remove();
}

static void expect(const char *text, size_t count, const char *messages)
{
    expect_bytes(text, strlen(text), count, messages);
}

static void test_lines(void)
{
    expect("", 0, "");
    expect("a.org\nb.org", 2, "");
    expect("# nothing\n\n   \n\t a.org \t# why\r\n*.b.org\r\n.c.org#x\n", 3, "");
    expect("a.org\nA.ORG.\n", 1, "");
}

#define ALLOWED                                                                                              \
    " is no host name; allowed: \"www.example.org\" for this name, \"*.example.org\" for those below, "      \
    "\".example.org\" for both\n"

static void test_bad_lines(void)
{
    expect("a.org\n0.0.0.0 b.org\nc.org\nhttp://d/\n", 2,
           "F:2: \"0.0.0.0 b.org\"" ALLOWED "F:4: \"http://d/\"" ALLOWED);
    expect("\xef\xbb\xbf"
           "a.org\n\"\n",
           0, "F:1: \"\\xef\\xbb\\xbfa.org\"" ALLOWED "F:2: \"\\\"\"" ALLOWED);
    expect_bytes("a\0b\nc\n", 6, 1, "F:1: \"a\" is followed by a NUL byte; allowed: text\n");
}

static void test_long_lines(void)
{
    char text[4000], want[256];
    memset(text, 'x', sizeof(text));
    memcpy(text + sizeof(text) - 7, "\nb.org\n", 7);
    snprintf(want, sizeof(want), "F:1: \"%.80s...\" is too long a line: at most 1023 bytes\n", text);
    expect_bytes(text, sizeof(text), 1, want);
    memcpy(text, "a.org #", 7);
    expect_bytes(text, sizeof(text), 2, "");
}

static void test_many_bad_lines(void)
{
    char text[400] = "";
    for (unsigned i = 0; i < 23; i++)
        strcat(text, "a b\n");
    strcat(text, "c.org\n");
    const char *path = file_make(text, strlen(text));
    struct loaded loaded = load_path(path);
    unsigned lines = 0;
    for (const char *at = loaded.messages; (at = strchr(at, '\n')); at++)
        lines++;
    CU_ASSERT_EQUAL(lines, 21);
    CU_ASSERT_PTR_NOT_NULL(strstr(loaded.messages, ":20: \"a b\""));
    CU_ASSERT_PTR_NULL(strstr(loaded.messages, ":21: "));
    CU_ASSERT_PTR_NOT_NULL(strstr(loaded.messages, ": and 3 lines more like these\n"));
    CU_ASSERT_EQUAL(loaded.error, QW_ERR_INVALID);
    CU_ASSERT_EQUAL(loaded.count, 1);
    free(loaded.messages);
    file_remove();
}

static void expect_path(const char *path, const char *why)
{
    char want[256];
    struct loaded loaded = load_path(path);
    snprintf(want, sizeof(want), "%s: %s\n", path, why);
    CU_ASSERT_EQUAL(loaded.error, QW_ERR_INVALID);
    CU_ASSERT_STRING_EQUAL(loaded.messages, want);
    free(loaded.messages);
}

static void test_no_files(void)
{
    char pipe[64];
    expect_path("/nonexistent/names", "No such file or directory");
    expect_path("/tmp", "not a file of host names");
    expect_path("/dev/zero", "not a file of host names");
    snprintf(pipe, sizeof(pipe), "%s.pipe", file_make("", 0));
    need(mkfifo(pipe, 0600) == 0, pipe);
    expect_path(pipe, "not a file of host names");
    need(unlink(pipe) == 0, pipe);
    file_remove();
}

/* Each list of a configuration is read, and every mistake in any is told. */
static void test_policy_lists(void)
{
    char text[512], *messages;
    size_t size;
    struct config *config;
    struct policy *policy;
    const char *path = file_make("a b\n", 4);
    snprintf(text, sizeof(text),
             WORLD_KEYS "sni_lists = { a = \"%s\"; b = \"/nonexistent/b\"; c = \"%s\"; };", path, path);
    char file[64];
    snprintf(file, sizeof(file), "%s.conf", path);
    FILE *out = fopen(file, "w"), *errors = open_memstream(&messages, &size);
    need(out && errors && fputs(text, out) >= 0 && fclose(out) == 0, file);
    need(config_load(file, stderr, &config) == QW_OK, file);
    CU_ASSERT_EQUAL(policy_new(config, WORLD_SECRET, errors, &policy), QW_ERR_INVALID);
    CU_ASSERT_PTR_NULL(policy);
    unsigned line = 1; /* of sni_lists, behind what WORLD_KEYS has */
    for (const char *at = WORLD_KEYS; *at; at++)
        line += *at == '\n';
    need(fclose(errors) == 0, "fclose");
    snprintf(text, sizeof(text),
             "%s:1: \"a b\"" ALLOWED
             "%s:%u: the list /nonexistent/b: No such file or directory\n%s:1: \"a b\"" ALLOWED,
             path, file, line, path);
    CU_ASSERT_STRING_EQUAL(messages, text);
    config_free(config);
    free(messages);
    need(unlink(file) == 0, file);
    file_remove();
}

static const struct test TESTS[] = {
    {"F2: one name a line, comments and blanks aside", test_lines},
    {"S2: bad lines are quoted with their number", test_bad_lines},
    {"S3: lines of any length", test_long_lines},
    {"S2: the first twenty bad lines are told, the rest counted", test_many_bad_lines},
    {"S2: what is no file is said, and nothing waits for a pipe", test_no_files},
    {"S2: the mistakes of all lists are told in one go", test_policy_lists},
};

void list_suite(void)
{
    TEST_SUITE("policy: lists", TESTS);
}
