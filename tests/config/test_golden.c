/* tests/golden/config: good/X.conf prints as X.out, bad/X.conf is refused with X.err. */
#include "load_text.h"
#include "same_config.h"
#include "suite.h"
#include "suites.h"
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GOLDEN TEST_DATA "/golden/config"

/* Fails the running test, showing which file and what came out. */
static void compare(const char *name, const char *got, const char *want)
{
    bool same = strcmp(got, want) == 0;
    if (!same)
        printf("\n%s: got\n%swant\n%s", name, got, want);
    CU_ASSERT_TRUE(same);
}

static char *expected(const char *name, const char *suffix)
{
    char path[256];
    snprintf(path, sizeof(path), "%.*s.%s", (int)(strrchr(name, '.') - name), name, suffix);
    return file_text(path);
}

static void for_each(const char *folder, size_t at_least, void (*check)(const char *name))
{
    char before[4096];
    glob_t found;
    CU_ASSERT_PTR_NOT_NULL_FATAL(getcwd(before, sizeof(before)));
    CU_ASSERT_EQUAL_FATAL(chdir(folder), 0);
    CU_ASSERT_EQUAL_FATAL(glob("*.conf", 0, NULL, &found), 0);
    CU_ASSERT_TRUE(found.gl_pathc >= at_least);
    for (size_t i = 0; i < found.gl_pathc; i++)
        check(found.gl_pathv[i]);
    globfree(&found);
    CU_ASSERT_EQUAL_FATAL(chdir(before), 0);
}

static void check_good(const char *name)
{
    struct loaded loaded = load_path(name);
    compare(name, loaded.messages, "");
    CU_ASSERT_EQUAL(loaded.error, QW_OK);
    if (loaded.config) {
        char *got = printed(loaded.config), *want = expected(name, "out");
        compare(name, got, want);
        free(got);
        free(want);
    }
    loaded_free(&loaded);
}

static void check_bad(const char *name)
{
    struct loaded loaded = load_path(name);
    char *want = expected(name, "err");
    compare(name, loaded.messages, want);
    CU_ASSERT_EQUAL(loaded.error, QW_ERR_INVALID);
    CU_ASSERT_PTR_NULL(loaded.config);
    free(want);
    loaded_free(&loaded);
}

/* The messages of config_check, which says the same of every file without warnings. */
static void check_warned(const char *name)
{
    char *said = NULL, *want = expected(name, "err");
    size_t len = 0;
    unsigned warnings = 0, lines = 0;
    struct config *config;
    FILE *errors = open_memstream(&said, &len);
    CU_ASSERT_PTR_NOT_NULL_FATAL(errors);
    CU_ASSERT_EQUAL(config_check(name, errors, &warnings, &config), QW_OK);
    fclose(errors);
    for (size_t i = 0; i < len; i++)
        lines += said[i] == '\n';
    compare(name, said, want);
    CU_ASSERT_EQUAL(warnings, lines);
    free(said);
    free(want);
    config_free(config);
}

static void check_round_trip(const char *name)
{
    struct loaded loaded = load_path(name);
    CU_ASSERT_PTR_NOT_NULL_FATAL(loaded.config);
    char *text = printed(loaded.config);
    struct loaded again = load_text(text);
    compare(name, again.messages, "");
    if (again.config) {
        char *text_again = printed(again.config);
        compare(name, text_again, text);
        free(text_again);
        CU_ASSERT_TRUE(same_config(loaded.config, again.config));
    }
    loaded_free(&again);
    free(text);
    loaded_free(&loaded);
}

static void test_good(void)
{
    for_each(GOLDEN "/good", 11, check_good);
}

static void test_bad(void)
{
    for_each(GOLDEN "/bad", 64, check_bad);
}

static void test_warned(void)
{
    for_each(GOLDEN "/warn", 5, check_warned);
}

static void test_round_trip(void)
{
    for_each(GOLDEN "/good", 11, check_round_trip);
}

static const struct test TESTS[] = {
    {"good files print in canonical form", test_good},
    {"T1 S2: bad files are refused with exactly these messages", test_bad},
    {"S2: what is allowed and cannot be meant is warned of, in exactly these words", test_warned},
    {"the canonical form loads back to the same struct", test_round_trip},
};

void register_golden(void)
{
    TEST_SUITE("config: golden", TESTS);
}
