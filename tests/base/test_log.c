#include "suite.h"
#include "suites.h"
#include <errno.h>
#include <quicward/base/log.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Standard error, while a test reads what is written there. */
struct capture {
    int saved, read_end;
};

static struct capture capture_begin(void)
{
    int ends[2];
    CU_ASSERT_FATAL(pipe(ends) == 0);
    struct capture c = {.saved = dup(STDERR_FILENO), .read_end = ends[0]};
    CU_ASSERT_FATAL(c.saved >= 0 && dup2(ends[1], STDERR_FILENO) >= 0);
    close(ends[1]);
    return c;
}

/* Everything written since; returns its length. */
static size_t capture_end(struct capture c, char *out, size_t size)
{
    size_t len = 0;
    dup2(c.saved, STDERR_FILENO);
    close(c.saved);
    for (ssize_t got; len + 1 < size && (got = read(c.read_end, out + len, size - 1 - len)) > 0;)
        len += (size_t)got;
    close(c.read_end);
    out[len] = '\0';
    return len;
}

static void a_message_is_one_line(void)
{
    char text[4096];
    struct capture c = capture_begin();
    qw_log(QW_LOG_WARNING, "queue %d: %s", 7, "two\nlines\x1b[31m");
    capture_end(c, text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, "quicward: warning: queue 7: two?lines?[31m\n");
}

static void the_level_decides(void)
{
    char text[4096];
    struct capture c = capture_begin();
    qw_log(QW_LOG_DEBUG, "not yet");
    qw_log(QW_LOG_INFO, "one");
    qw_log_set_level(QW_LOG_DEBUG);
    qw_log(QW_LOG_DEBUG, "two");
    qw_log_set_level(QW_LOG_ERROR);
    qw_log(QW_LOG_WARNING, "no more");
    qw_log(QW_LOG_ERROR, "three");
    qw_log_set_level(QW_LOG_INFO);
    capture_end(c, text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, "quicward: info: one\nquicward: debug: two\nquicward: error: three\n");
}

static void a_long_message_is_cut(void)
{
    char message[3000], text[4096];
    memset(message, 'x', sizeof(message) - 1);
    message[sizeof(message) - 1] = '\0';
    struct capture c = capture_begin();
    qw_log(QW_LOG_ERROR, "%s", message);
    size_t len = capture_end(c, text, sizeof(text));
    CU_ASSERT_EQUAL(len, 1000);
    CU_ASSERT(text[len - 1] == '\n' && text[len - 2] == 'x');
}

static void errno_survives(void)
{
    char text[256];
    struct capture c = capture_begin();
    errno = ENOBUFS;
    qw_log(QW_LOG_ERROR, "%m");
    int after = errno;
    capture_end(c, text, sizeof(text));
    CU_ASSERT_EQUAL(after, ENOBUFS);
    CU_ASSERT_STRING_EQUAL(text, "quicward: error: No buffer space available\n");
}

void log_suite(void)
{
    static const struct test TESTS[] = {
        {"a message is one line, control characters or not", a_message_is_one_line},
        {"messages above the level are not written", the_level_decides},
        {"a long message is cut at 1,000 bytes", a_long_message_is_cut},
        {"errno survives a message", errno_survives},
    };
    TEST_SUITE("log", TESTS);
}
