#include "scan.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>

static const char INCLUDE[] = "@include";

void scan_begin(struct scan *scan, const char *text, size_t len)
{
    *scan = (struct scan){.at = text, .end = text + len, .line = 1, .at_line_start = true};
}

static size_t left(const struct scan *scan)
{
    return (size_t)(scan->end - scan->at);
}

static bool starts(const struct scan *scan, const char *text)
{
    size_t len = strlen(text);
    return left(scan) >= len && memcmp(scan->at, text, len) == 0;
}

static size_t blanks(const char *at, const char *end)
{
    size_t len = 0;
    while (at + len < end && (at[len] == ' ' || at[len] == '\t'))
        len++;
    return len;
}

/* Length of an include directive, or 0. libconfig knows them at the start of a line only. */
static size_t include_length(const struct scan *scan)
{
    const char *at = scan->at + blanks(scan->at, scan->end);
    if (!scan->at_line_start || (size_t)(scan->end - at) < strlen(INCLUDE) ||
        memcmp(at, INCLUDE, strlen(INCLUDE)) != 0)
        return 0;
    at += strlen(INCLUDE);
    size_t gap = blanks(at, scan->end);
    at += gap;
    if (gap == 0 || at == scan->end || *at != '"')
        return 0;
    const char *line_end = memchr(at, '\n', (size_t)(scan->end - at));
    const char *close = memchr(at + 1, '"', (size_t)((line_end ? line_end : scan->end) - at - 1));
    return close ? (size_t)(close + 1 - scan->at) : 0;
}

static size_t line_comment_length(const struct scan *scan)
{
    const char *newline = memchr(scan->at, '\n', left(scan));
    return newline ? (size_t)(newline - scan->at) : left(scan);
}

static struct lexeme block_comment(const struct scan *scan)
{
    const char *close = memmem(scan->at + 2, left(scan) - 2, "*/", 2);
    if (!close)
        return (struct lexeme){LEXEME_OPEN_COMMENT, scan->at, left(scan), scan->line};
    return (struct lexeme){LEXEME_OTHER, scan->at, (size_t)(close + 2 - scan->at), scan->line};
}

/* A string ends on its line, unlike libconfig's: a forgotten quote is then found where it is. */
static struct lexeme string(const struct scan *scan)
{
    struct lexeme lexeme = {LEXEME_OTHER, scan->at, 0, scan->line};
    const char *at = scan->at + 1;
    for (; at < scan->end && *at != '"' && *at != '\n'; at++) {
        if (*at != '\\' || at + 1 == scan->end || at[1] == '\n')
            continue;
        if (scan->end - at >= 4 && strncasecmp(at, "\\x00", 4) == 0)
            lexeme.type = LEXEME_NUL_STRING;
        at++;
    }
    bool closed = at < scan->end && *at == '"';
    if (!closed)
        lexeme.type = LEXEME_OPEN_STRING;
    lexeme.len = (size_t)(at - scan->at) + closed;
    return lexeme;
}

static size_t name_length(const struct scan *scan)
{
    size_t len = 1;
    while (len < left(scan) && (isalnum((unsigned char)scan->at[len]) || strchr("-_*", scan->at[len])))
        len++;
    return len;
}

static bool starts_number(const struct scan *scan)
{
    const char *at = scan->at;
    if (left(scan) > 1 && (*at == '-' || *at == '+'))
        at++;
    return isdigit((unsigned char)*at) || (*at == '.' && at + 1 < scan->end && isdigit((unsigned char)at[1]));
}

/* Everything that cannot be the start of something else belongs to the number: "1.5e-3" is one lexeme. */
static struct lexeme number(const struct scan *scan)
{
    size_t sign = *scan->at == '-' || *scan->at == '+', len = sign + 1;
    bool hex = left(scan) > sign + 1 && scan->at[sign] == '0' && (scan->at[sign + 1] | 0x20) == 'x';
    bool whole = scan->at[sign] != '.';
    for (; len < left(scan); len++) {
        char c = scan->at[len];
        bool exponent = !hex && (scan->at[len - 1] | 0x20) == 'e';
        if (!isalnum((unsigned char)c) && c != '.' && !(exponent && (c == '-' || c == '+')))
            break;
        if (c == '.' || (!hex && (c | 0x20) == 'e'))
            whole = false;
    }
    return (struct lexeme){whole ? LEXEME_NUMBER : LEXEME_OTHER, scan->at, len, scan->line};
}

static struct lexeme lexeme_at(const struct scan *scan)
{
    size_t include = include_length(scan);
    if (include > 0)
        return (struct lexeme){LEXEME_INCLUDE, scan->at, include, scan->line};
    if (*scan->at == '#' || starts(scan, "//"))
        return (struct lexeme){LEXEME_OTHER, scan->at, line_comment_length(scan), scan->line};
    if (starts(scan, "/*"))
        return block_comment(scan);
    if (*scan->at == '"')
        return string(scan);
    if (isalpha((unsigned char)*scan->at) || *scan->at == '*')
        return (struct lexeme){LEXEME_NAME, scan->at, name_length(scan), scan->line};
    if (starts_number(scan))
        return number(scan);
    return (struct lexeme){LEXEME_OTHER, scan->at, 1, scan->line};
}

struct lexeme scan_next(struct scan *scan)
{
    if (scan->at == scan->end)
        return (struct lexeme){LEXEME_END, scan->at, 0, scan->line};
    struct lexeme lexeme = lexeme_at(scan);
    scan->at += lexeme.len;
    for (size_t i = 0; i < lexeme.len; i++)
        scan->line += lexeme.text[i] == '\n';
    scan->at_line_start = scan->at[-1] == '\n';
    return lexeme;
}

const char *scan_include_path(const struct lexeme *lexeme, size_t *len)
{
    const char *quote = memchr(lexeme->text, '"', lexeme->len);
    *len = (size_t)(lexeme->text + lexeme->len - 1 - (quote + 1));
    return quote + 1;
}
