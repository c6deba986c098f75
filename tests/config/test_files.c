/* Files that are no configuration at all. */
#include "load_text.h"
#include "suite.h"
#include "suites.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void expect_path(const char *path, enum qw_error error, const char *messages)
{
    struct loaded loaded = load_path(path);
    CU_ASSERT_EQUAL(loaded.error, error);
    CU_ASSERT_PTR_NULL(loaded.config);
    CU_ASSERT_STRING_EQUAL(loaded.messages, messages);
    loaded_free(&loaded);
}

static void test_unreadable(void)
{
    expect_path("/nonexistent/x.conf", QW_ERR_SYSTEM, "/nonexistent/x.conf: No such file or directory\n");
    expect_path(TEST_DATA, QW_ERR_SYSTEM, TEST_DATA ": Is a directory\n");
    expect_path("", QW_ERR_SYSTEM, ": No such file or directory\n");
}

static void test_endless(void)
{
    expect_path("/dev/zero", QW_ERR_INVALID,
                "/dev/zero: larger than 1048576 bytes: not a configuration file\n");
}

static void test_every_byte(void)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        char text[] = "mode = \"firewall\";\ninside = [\"lan0\"];\noutside = [\"wan0\"]; # ?\n";
        *strchr(text, '?') = (char)byte;
        struct loaded loaded = load_bytes(text, sizeof(text) - 1);
        bool fine =
            (byte >= 0x20 && byte < 0x7f) || byte == '\t' || byte == '\n' || byte == '\r' || byte == '\f';
        CU_ASSERT_EQUAL(loaded.error, fine ? QW_OK : QW_ERR_INVALID);
        char message[100] = "";
        if (!fine)
            snprintf(message, sizeof(message),
                     "x.conf:3: byte 0x%02x is not text; allowed: UTF-8 without control characters\n", byte);
        CU_ASSERT_STRING_EQUAL(loaded.messages, message);
        loaded_free(&loaded);
    }
}

static void test_utf8(void)
{
    static const struct {
        const char *bytes;
        bool fine;
    } CASES[] = {
        {"\xc3\xa9", true},         {"\xe2\x82\xac", true},      {"\xf0\x9f\x8c\x8d", true},
        {"\xf4\x8f\xbf\xbf", true}, {"\xed\x9f\xbf", true},      {"\xc0\xaf", false},
        {"\xc1\xbf", false},        {"\xe0\x9f\xbf", false},     {"\xf0\x8f\xbf\xbf", false},
        {"\xed\xa0\x80", false},    {"\xf4\x90\x80\x80", false}, {"\xf5\x80\x80\x80", false},
        {"\xe2\x82", false},        {"\xc2\x85", false},         {"\xe2\x28\xa1", false},
    };
    for (unsigned i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct loaded loaded = load_more("# %s", CASES[i].bytes);
        CU_ASSERT_EQUAL(loaded.error, CASES[i].fine ? QW_OK : QW_ERR_INVALID);
        loaded_free(&loaded);
    }
}

/* Cutting a valid file anywhere gives a message or a valid file, never anything else. */
static void cut_file(const char *path)
{
    char *text = file_text(path);
    for (size_t len = 0; len < strlen(text); len++) {
        struct loaded loaded = load_bytes(text, len);
        CU_ASSERT_EQUAL(loaded.error == QW_OK, loaded.messages[0] == '\0');
        CU_ASSERT(loaded.error == QW_OK || loaded.error == QW_ERR_INVALID);
        loaded_free(&loaded);
    }
    free(text);
}

static void test_cut_files(void)
{
    cut_file(TEST_DATA "/golden/config/good/everything.conf");
    cut_file(TEST_DATA "/golden/config/good/rules.conf");
}

static void test_line_limit(void)
{
    size_t newlines = 65600;
    char *text = malloc(newlines + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    memset(text, '\n', newlines);
    text[newlines] = 'x';
    struct loaded loaded = load_bytes(text, newlines + 1);
    CU_ASSERT_EQUAL(loaded.error, QW_ERR_INVALID);
    CU_ASSERT_STRING_EQUAL(loaded.messages,
                           "x.conf:65535: too much text; allowed: 1048576 bytes and 65535 lines, "
                           "includes counted\n");
    loaded_free(&loaded);
    loaded = load_bytes(text, 65534);
    CU_ASSERT_PTR_NOT_NULL(strstr(loaded.messages, "x.conf: \"mode\" is missing"));
    loaded_free(&loaded);
    free(text);
}

static void test_deep_nesting(void)
{
    size_t depth = 200000;
    char *text = malloc(depth + 3);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    memset(text, '(', depth + 2);
    text[0] = 'a';
    text[1] = '=';
    struct loaded loaded = load_bytes(text, depth);
    CU_ASSERT_EQUAL(loaded.error, QW_ERR_INVALID);
    CU_ASSERT_NOT_EQUAL(loaded.messages[0], '\0');
    loaded_free(&loaded);
    free(text);
}

static void test_absolute_include(void)
{
    struct loaded loaded =
        load_text("@include \"" TEST_DATA "/golden/config/good/minimal.conf\"\nlog = \"debug\";");
    CU_ASSERT_EQUAL(loaded.error, QW_OK);
    CU_ASSERT_STRING_EQUAL(loaded.messages, "");
    if (loaded.config)
        CU_ASSERT_EQUAL(loaded.config->log_level, QW_LOG_DEBUG);
    loaded_free(&loaded);
    loaded = load_text("\n@include \"/nonexistent/y.conf\"\n");
    CU_ASSERT_STRING_EQUAL(loaded.messages,
                           "x.conf:2: cannot include \"/nonexistent/y.conf\": No such file or directory\n");
    loaded_free(&loaded);
}

static void test_include_beside_the_file(void)
{
    struct loaded loaded = load_path(TEST_DATA "/golden/config/good/includes.conf");
    CU_ASSERT_EQUAL(loaded.error, QW_OK);
    loaded_free(&loaded);
    expect_path(
        TEST_DATA "/golden/config/bad/include-syntax.conf", QW_ERR_INVALID,
        TEST_DATA
        "/golden/config/bad/include/syntax.conf:2: \"]\" closes nothing; allowed here: NAME = "
        "VALUE;\n" TEST_DATA
        "/golden/config/bad/include/syntax.conf:2: outside = \"wan0\" is a string; allowed: a list of "
        "interface names such as [\"eth0\", \"ppp*\"]\n");
}

/* What libconfig itself would say of a file. */
static bool is_of_libconfig(const char *messages)
{
    static const char *const TEXTS[] = {"syntax error", "duplicate setting", "mismatched element"};
    for (unsigned i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++)
        if (strstr(messages, TEXTS[i]))
            return true;
    return false;
}

/* Each byte of a valid file becomes one that the grammar knows: what is mended is something that libconfig
 * reads. */
static void test_changed_files(void)
{
    static const char BYTES[] = "\"'{}[](),;=:x5 \n";
    char *text = file_text(TEST_DATA "/golden/config/good/rules.conf");
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++) {
        char kept = text[i];
        text[i] = BYTES[i % (sizeof(BYTES) - 1)];
        struct loaded loaded = load_bytes(text, len);
        CU_ASSERT_EQUAL(loaded.error == QW_OK, loaded.messages[0] == '\0');
        if (is_of_libconfig(loaded.messages))
            printf("\nbyte %zu as '%c': %s", i, text[i], loaded.messages);
        CU_ASSERT_FALSE(is_of_libconfig(loaded.messages));
        loaded_free(&loaded);
        text[i] = kept;
    }
    free(text);
}

static const struct test TESTS[] = {
    {"files that cannot be read are one line and a system error", test_unreadable},
    {"a file without end is refused", test_endless},
    {"any byte that is no text is named with its line", test_every_byte},
    {"UTF-8 is told from what only looks like it", test_utf8},
    {"S7: a file cut anywhere is loaded or refused with a message", test_cut_files},
    {"S2, S7: a file with any byte changed is read to its end", test_changed_files},
    {"more lines than can be counted are refused", test_line_limit},
    {"S7: absurd nesting is refused", test_deep_nesting},
    {"includes with an absolute path", test_absolute_include},
    {"includes are found beside the file that names them", test_include_beside_the_file},
};

void register_files(void)
{
    TEST_SUITE("config: files", TESTS);
}
