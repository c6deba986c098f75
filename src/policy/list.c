/* Files of host names. */
#include "say.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <quicward/policy.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ERRORS_SHOWN 20u
#define LINE_SIZE 1024 /* a host name has 253 bytes; blanks and a comment may stand beside it */
/* As large as the longest names make POLICY_NAMES_MAX of them. */
#define BYTES_MAX ((off_t)POLICY_NAMES_MAX * 256)

struct list {
    struct policy_names *names;
    const char *path, *asked;
    FILE *errors;
    uint64_t line, bad;
    enum qw_error error;
};

static void say_bad(struct list *list, const char *text, const char *why)
{
    list->error = QW_ERR_INVALID;
    if (++list->bad > ERRORS_SHOWN)
        return;
    fprintf(list->errors, "%s:%" PRIu64 ": ", list->path, list->line);
    say_text(list->errors, text);
    fprintf(list->errors, " %s\n", why);
}

/* Cuts the comment and the blanks off. */
static char *trim(char *line)
{
    line[strcspn(line, "#\n")] = '\0';
    line += strspn(line, " \t");
    size_t len = strlen(line);
    while (len > 0 && strchr(" \t\r", line[len - 1]))
        line[--len] = '\0';
    return line;
}

static void add(struct list *list, char *line)
{
    const char *name = trim(line);
    enum qw_error error = *name ? policy_names_add(list->names, name) : QW_OK;
    if (error == QW_ERR_INVALID)
        say_bad(
            list, name,
            "is no host name; allowed: \"www.example.org\" for this name, \"*.example.org\" for those below, "
            "\".example.org\" for both");
    else if (error != QW_OK)
        list->error = error;
}

/* The next line without its newline, of which the first LINE_SIZE - 1 bytes are kept; false at the end. */
static bool next_line(FILE *file, char out[static LINE_SIZE], size_t *len)
{
    int c;
    *len = 0;
    while ((c = getc_unlocked(file)) != EOF && c != '\n') {
        if (*len < LINE_SIZE - 1)
            out[*len] = (char)c;
        ++*len;
    }
    out[*len < LINE_SIZE ? *len : LINE_SIZE - 1] = '\0';
    return c != EOF || *len > 0;
}

static void read_lines(struct list *list, FILE *file)
{
    char line[LINE_SIZE];
    size_t len;
    while (list->error != QW_ERR_NO_MEMORY && list->error != QW_ERR_FULL && next_line(file, line, &len)) {
        list->line++;
        if (strlen(line) < len && len < LINE_SIZE)
            say_bad(list, line, "is followed by a NUL byte; allowed: text");
        else if (len >= LINE_SIZE && !memchr(line, '#', LINE_SIZE - 1))
            say_bad(list, line, "is too long a line: at most 1023 bytes");
        else
            add(list, line);
    }
}

static enum qw_error say_system(const struct list *list, const char *why)
{
    if (list->asked)
        fprintf(list->errors, "%s: the list ", list->asked);
    fprintf(list->errors, "%s: %s\n", list->path, why);
    return QW_ERR_INVALID;
}

static enum qw_error read_file(struct list *list, FILE *file)
{
    errno = 0;
    read_lines(list, file);
    if (ferror(file))
        return say_system(list, strerror(errno));
    if (list->bad > ERRORS_SHOWN)
        fprintf(list->errors, "%s: and %" PRIu64 " lines more like these\n", list->path,
                list->bad - ERRORS_SHOWN);
    if (list->error != QW_ERR_FULL)
        return list->error;
    fprintf(list->errors, "%s:%" PRIu64 ": one name too many: at most %u\n", list->path, list->line,
            POLICY_NAMES_MAX);
    return QW_ERR_INVALID;
}

enum qw_error policy_names_load(struct policy_names *names, const char *path, const char *asked, FILE *errors)
{
    struct list list = {.names = names, .path = path, .asked = asked, .errors = errors};
    struct stat about;
    /* Not to be stopped by a pipe that nobody writes to. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return say_system(&list, strerror(errno));
    FILE *file = fstat(fd, &about) == 0 ? fdopen(fd, "r") : NULL;
    enum qw_error error;
    if (!file)
        error = say_system(&list, strerror(errno));
    else if (!S_ISREG(about.st_mode))
        error = say_system(&list, "not a file of host names");
    else if (about.st_size > BYTES_MAX)
        error = say_system(&list, "too large to be a file of host names");
    else
        error = read_file(&list, file);
    if (file)
        fclose(file);
    else
        close(fd);
    return error;
}
