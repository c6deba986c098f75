/* What the grammar reads from, what it writes, and what it says. */
#include "syntax_state.h"
#include <stdarg.h>
#include <string.h>

void syntax_put(struct syntax *syntax, const char *text, size_t len)
{
    if (len > syntax->made_room - syntax->made_len)
        return;
    memcpy(syntax->made + syntax->made_len, text, len);
    syntax->made_len += len;
}

void syntax_skip(struct syntax *syntax, size_t len)
{
    for (size_t i = 0; i < len; i++)
        syntax->line += syntax->at[i] == '\n';
    syntax->at += len;
}

void syntax_take(struct syntax *syntax, size_t len)
{
    syntax_put(syntax, syntax->at, len);
    syntax_skip(syntax, len);
}

static bool starts(const struct syntax *syntax, const char *text)
{
    size_t len = strlen(text);
    return (size_t)(syntax->end - syntax->at) >= len && memcmp(syntax->at, text, len) == 0;
}

/* Length of the comment that begins here, or 0. None is open: the source has seen to that. */
static size_t comment_length(const struct syntax *syntax)
{
    size_t left = (size_t)(syntax->end - syntax->at);
    if (starts(syntax, "/*")) {
        const char *close = memmem(syntax->at + 2, left - 2, "*/", 2);
        return close ? (size_t)(close + 2 - syntax->at) : left;
    }
    if (*syntax->at != '#' && !starts(syntax, "//"))
        return 0;
    const char *newline = memchr(syntax->at, '\n', left);
    return newline ? (size_t)(newline - syntax->at) : left;
}

void syntax_blanks(struct syntax *syntax)
{
    while (syntax->at < syntax->end) {
        size_t len = strchr(" \t\f\r\n", *syntax->at) ? 1 : comment_length(syntax);
        if (len == 0)
            return;
        syntax_take(syntax, len);
    }
}

struct syntax_level *syntax_top(struct syntax *syntax)
{
    return &syntax->levels[syntax->depth - 1];
}

void syntax_say(struct syntax *syntax, unsigned line, const char *format, ...)
{
    char text[512];
    va_list args;
    if (syntax->said++ >= SYNTAX_SHOWN) {
        syntax->report->count++;
        return;
    }
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    report_at(syntax->report, source_place(syntax->source, line), "%s", text);
}

char *syntax_path(const struct syntax *syntax, char out[static SYNTAX_PATH_SIZE])
{
    size_t used = 0;
    bool in_list = false;
    out[0] = '\0';
    for (unsigned i = 0; i < syntax->depth && used + 70 < SYNTAX_PATH_SIZE; i++) {
        const struct syntax_level *level = &syntax->levels[i];
        in_list |= level->open == '[' || level->open == '(';
        if (level->name)
            used += (size_t)snprintf(out + used, SYNTAX_PATH_SIZE - used, "%s%.*s",
                                     used == 0 ? ""
                                     : in_list ? ": "
                                               : ".",
                                     level->name_len < 63 ? (int)level->name_len : 63, level->name);
    }
    return out;
}

static size_t hash(const char *name, size_t len, unsigned scope)
{
    size_t value = scope * 2654435761u + 1469598103u;
    for (size_t i = 0; i < len; i++)
        value = (value ^ (unsigned char)name[i]) * 16777619u;
    return value ^ value >> 15;
}

unsigned syntax_name_line(struct syntax *syntax, const char *name, size_t len)
{
    unsigned scope = syntax_top(syntax)->scope;
    for (size_t i = hash(name, len, scope);; i++) {
        struct syntax_name *entry = &syntax->names[i & syntax->names_mask];
        if (!entry->text) {
            *entry = (struct syntax_name){name, len, scope, syntax->line};
            return 0;
        }
        if (entry->scope == scope && entry->len == len && memcmp(entry->text, name, len) == 0)
            return entry->line;
    }
}

void syntax_lose(struct syntax *syntax)
{
    struct syntax_lost *lost = syntax->lost;
    unsigned lines = 0;
    size_t from = syntax_top(syntax)->made_name;
    if (lost->count < SYNTAX_LOST_MAX)
        syntax_path(syntax, lost->paths[lost->count++]);
    for (size_t i = from; i < syntax->made_len; i++)
        lines += syntax->made[i] == '\n';
    syntax->made_len = from;
    while (lines-- > 0)
        syntax_put(syntax, "\n", 1);
}

bool syntax_is_lost(const struct syntax_lost *lost, const char *path)
{
    size_t len = strlen(path);
    for (unsigned i = 0; i < lost->count; i++) {
        size_t whole = strlen(lost->paths[i]);
        /* "nat" lost: so is "nat.external". */
        if (strncmp(lost->paths[i], path, whole) == 0 && (whole == len || path[whole] == '.'))
            return true;
    }
    return false;
}
