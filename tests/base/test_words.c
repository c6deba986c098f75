#include "suite.h"
#include "suites.h"
#include <quicward/base/error.h>
#include <quicward/base/reason.h>
#include <quicward/base/time.h>
#include <string.h>

static void every_error_has_its_sentence(void)
{
    CU_ASSERT_EQUAL(QW_OK, 0);
    CU_ASSERT_STRING_EQUAL(qw_error_text(QW_OK), "success");
    CU_ASSERT_STRING_EQUAL(qw_error_text(QW_ERR_SYSTEM), "the operating system refused");
    for (unsigned i = 0; i < QW_ERROR_COUNT; i++)
        CU_ASSERT(strlen(qw_error_text((enum qw_error)i)) > 0);
    CU_ASSERT_STRING_EQUAL(qw_error_text(QW_ERROR_COUNT), "unknown error");
}

/* The words are metric labels: lower case, hyphens, no two alike. */
static void every_reason_is_a_label_of_its_own(void)
{
    for (unsigned i = 0; i < QW_REASON_COUNT; i++) {
        const char *word = qw_reason_word((enum qw_reason)i);
        CU_ASSERT(word[0] != '\0' && word[strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0');
        CU_ASSERT(strlen(qw_reason_meaning((enum qw_reason)i)) > 0);
        for (unsigned j = 0; j < i; j++)
            CU_ASSERT_STRING_NOT_EQUAL(word, qw_reason_word((enum qw_reason)j));
    }
    CU_ASSERT_STRING_EQUAL(qw_reason_word(QW_REASON_MALFORMED), "malformed");
    CU_ASSERT_STRING_EQUAL(qw_reason_word(QW_REASON_COUNT), "unknown");
    CU_ASSERT_STRING_EQUAL(qw_reason_meaning(QW_REASON_COUNT), "unknown");
}

static void time_that_jumps_back_is_no_time(void)
{
    struct qw_time early = {5}, late = qw_time_add(early, QW_NS_PER_MS);
    CU_ASSERT_EQUAL(qw_time_since(late, early), QW_NS_PER_MS);
    CU_ASSERT_EQUAL(qw_time_since(early, late), 0);
}

void words_suite(void)
{
    static const struct test TESTS[] = {
        {"every error has its sentence", every_error_has_its_sentence},
        {"O5: every reason is a label of its own", every_reason_is_a_label_of_its_own},
        {"time that jumps back is no time", time_that_jumps_back_is_no_time},
    };
    TEST_SUITE("words", TESTS);
}
