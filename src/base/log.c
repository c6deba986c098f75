#include <errno.h>
#include <quicward/base/log.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A line must reach a pipe or the journal whole: well under PIPE_BUF (4,096 on Linux). */
#define LINE_MAX_BYTES 1000

static atomic_int max_level = QW_LOG_INFO;

void qw_log_set_level(enum qw_log_level level)
{
    atomic_store_explicit(&max_level, (int)level, memory_order_relaxed);
}

static const char *level_word(enum qw_log_level level)
{
    static const char *const WORD[] = {"error", "warning", "info", "debug"};
    return (unsigned)level < sizeof(WORD) / sizeof(WORD[0]) ? WORD[level] : "unknown";
}

/* What snprintf would have written, cut to what `size` holds with its NUL. */
static size_t fitted(int wanted, size_t size)
{
    if (wanted < 0)
        return 0;
    return (size_t)wanted < size ? (size_t)wanted : size - 1;
}

/* A text from outside (a file name, a server's name) must not forge a second line or reach the terminal. */
static void make_printable(char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            text[i] = '?';
}

void qw_log(enum qw_log_level level, const char *format, ...)
{
    if ((int)level > atomic_load_explicit(&max_level, memory_order_relaxed))
        return;
    int saved_errno = errno;
    char line[LINE_MAX_BYTES];
    size_t len = fitted(snprintf(line, sizeof(line), "quicward: %s: ", level_word(level)), sizeof(line));
    errno = saved_errno;
    va_list args;
    va_start(args, format);
    len += fitted(vsnprintf(line + len, sizeof(line) - len, format, args), sizeof(line) - len);
    va_end(args);
    make_printable(line, len);
    line[len++] = '\n';
    ssize_t written;
    do
        written = write(STDERR_FILENO, line, len);
    while (written < 0 && errno == EINTR);
    errno = saved_errno;
}
