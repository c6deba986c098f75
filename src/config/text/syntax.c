#include "schema.h"
#include "syntax_state.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- levels ---- */

static char close_of(char open)
{
    return open == '{' ? '}' : open == '[' ? ']' : ')';
}

static bool is_list(const struct syntax_level *level)
{
    return level->open == '[' || level->open == '(';
}

static void push(struct syntax *syntax, char open)
{
    if (syntax->depth == SYNTAX_DEPTH) {
        syntax_say(syntax, syntax->line, "groups and lists stand more than %u deep in one another",
                   SYNTAX_DEPTH - 1);
        syntax->too_deep = true;
        return;
    }
    syntax->levels[syntax->depth++] = (struct syntax_level){.open = open,
                                                            .close = close_of(open),
                                                            .line = syntax->line,
                                                            .scope = ++syntax->scopes,
                                                            .made_open = syntax->made_len,
                                                            .wants_value = true};
    syntax_take(syntax, 1);
}

/* An array becomes a list, which holds everything. */
static void make_list(struct syntax *syntax, struct syntax_level *level)
{
    syntax->made[level->made_open] = '(';
    level->close = ')';
    level->type = '\0';
}

/* The value of the level is whole: its setting ends, or the list may go on. */
static void end_value(struct syntax *syntax)
{
    struct syntax_level *level = syntax_top(syntax);
    if (is_list(level)) {
        level->values++;
        level->wants_value = false;
        return;
    }
    syntax_blanks(syntax);
    if (syntax->at < syntax->end && (*syntax->at == ';' || *syntax->at == ','))
        syntax_take(syntax, 1);
    if (level->twice)
        syntax_lose(syntax);
    level->name = NULL;
    level->twice = false;
}

static void pop(struct syntax *syntax)
{
    struct syntax_level *level = syntax_top(syntax);
    if (is_list(level) && level->wants_value && level->values)
        syntax->made[level->made_comma] = ' ';
    syntax_put(syntax, &level->close, 1);
    syntax->depth--;
    end_value(syntax);
}

static void say_open(struct syntax *syntax, const char *why)
{
    const struct syntax_level *level = syntax_top(syntax);
    const struct syntax_level *owner = level - 1;
    syntax->lost->brackets |= level->open == '{';
    syntax_say(syntax, level->line, "the \"%c\" of %.*s is not closed%s; allowed: \"%c\"", level->open,
               owner->name ? syntax_cut(owner->name_len) : 6, owner->name ? owner->name : "a list", why,
               close_of(level->open));
}

/* `close` stands here. Whom does it close? Those within that one were forgotten. */
static void close_level(struct syntax *syntax, char close)
{
    unsigned depth = syntax->depth;
    while (depth > 1 && close_of(syntax->levels[depth - 1].open) != close)
        depth--;
    if (depth == 1 && syntax->depth == 1) {
        syntax_say(syntax, syntax->line, "\"%c\" closes nothing; allowed here: NAME = VALUE;", close);
        syntax_skip(syntax, 1);
        return;
    }
    if (depth == 1) {
        const struct syntax_level *level = syntax_top(syntax);
        struct place place = source_place(syntax->source, level->line);
        syntax_say(syntax, syntax->line, "\"%c\" does not close the \"%c\" of %s:%u; allowed: \"%c\"", close,
                   level->open, place.file, place.line, close_of(level->open));
        depth = syntax->depth;
    }
    syntax_skip(syntax, 1);
    while (syntax->depth > depth) {
        say_open(syntax, "");
        pop(syntax);
    }
    pop(syntax);
}

/* ---- values ---- */

static void say_mixture(struct syntax *syntax, struct syntax_level *level, const char *what)
{
    char path[SYNTAX_PATH_SIZE];
    syntax_say(syntax, syntax->line, "%s: [ ] holds %s; allowed: ( ) in its place", syntax_path(syntax, path),
               what);
    make_list(syntax, level);
}

/* What an array holds is of one type to libconfig. */
static void check_type(struct syntax *syntax, struct syntax_level *level, char type)
{
    if (level->open != '[' || level->close != ']')
        return;
    if (level->type && level->type != type)
        say_mixture(syntax, level, "values of one type, all numbers or all strings");
    else
        level->type = type;
}

/* False when nothing here could be a value. */
static bool read_value(struct syntax *syntax)
{
    struct syntax_level *level = syntax_top(syntax);
    char c = syntax->at < syntax->end ? *syntax->at : '\0';
    if (c && strchr("{[(", c)) {
        if (level->open == '[' && level->close == ']')
            say_mixture(syntax, level, "single values, no groups and no lists");
        push(syntax, c);
        return true;
    }
    size_t errors = syntax->said;
    char type = syntax_scalar(syntax);
    if (!type)
        return false;
    /* One message for one mistake: what was mended may be of another type. */
    if (syntax->said == errors || level->type == '\0')
        check_type(syntax, level, type);
    else if (level->open == '[' && level->type != type)
        make_list(syntax, level);
    end_value(syntax);
    return true;
}

/* ---- settings ---- */

static size_t name_length(const struct syntax *syntax)
{
    const char *at = syntax->at;
    if (at == syntax->end || (!isalpha((unsigned char)*at) && *at != '*'))
        return 0;
    while (at < syntax->end && (isalnum((unsigned char)*at) || strchr("-_*", *at)))
        at++;
    return (size_t)(at - syntax->at);
}

/* What cannot begin a setting, up to where one may begin. */
static void unexpected(struct syntax *syntax)
{
    size_t len = 0, most = (size_t)(syntax->end - syntax->at);
    while (len < most && !strchr(";\n{}()[]", syntax->at[len]))
        len++;
    len += len == 0;
    if (len > 8 && memcmp(syntax->at, "@include", 8) == 0) {
        syntax_say(syntax, syntax->line,
                   "@include must begin a line; allowed: @include \"FILE\" on a line of its own");
        syntax->lost->brackets = true;
    } else {
        syntax_say(syntax, syntax->line, "\"%.*s\" is not expected here; allowed: NAME = VALUE;",
                   syntax_cut(len), syntax->at);
    }
    syntax_skip(syntax, len);
    if (syntax->at < syntax->end && *syntax->at == ';')
        syntax_skip(syntax, 1);
}

static void check_twice(struct syntax *syntax, struct syntax_level *level)
{
    char path[SYNTAX_PATH_SIZE];
    unsigned before = syntax_name_line(syntax, level->name, level->name_len);
    if (!before)
        return;
    struct place place = source_place(syntax->source, before);
    syntax_say(syntax, syntax->line, "%s is already set (%s:%u); allowed: each key once",
               syntax_path(syntax, path), place.file, place.line);
    level->twice = true;
}

/* The "=", or ":" which is the same to libconfig. False when there is no value either. */
static bool read_equals(struct syntax *syntax)
{
    char path[SYNTAX_PATH_SIZE];
    char c = syntax->at < syntax->end ? *syntax->at : ';';
    if (c == '=' || c == ':') {
        syntax_take(syntax, 1);
        return true;
    }
    if (strchr(";,)]}", c))
        return false;
    syntax_say(syntax, syntax->line, "\"=\" is missing behind %s; allowed: NAME = VALUE;",
               syntax_path(syntax, path));
    syntax_put(syntax, "=", 1);
    return true;
}

static void say_no_value(struct syntax *syntax, unsigned line)
{
    char path[SYNTAX_PATH_SIZE], allowed[SCHEMA_TEXT_SIZE];
    const struct key *key = schema_find(syntax_path(syntax, path));
    syntax_say(syntax, line, "%s has no value; allowed: %s", path,
               key ? schema_allowed(key, allowed) : "NAME = VALUE;");
    syntax_lose(syntax);
    struct syntax_level *level = syntax_top(syntax);
    level->twice = false;
    if (syntax->at < syntax->end && (*syntax->at == ';' || *syntax->at == ','))
        syntax_skip(syntax, 1);
    level->name = NULL;
}

/* The name stands in `level`; the source stands behind it. */
static void read_rest(struct syntax *syntax, struct syntax_level *level)
{
    unsigned line = syntax->line;
    check_twice(syntax, level);
    syntax_blanks(syntax);
    bool assigned = read_equals(syntax);
    syntax_blanks(syntax);
    if (assigned && syntax->at < syntax->end && *syntax->at == '=') {
        syntax_say(syntax, syntax->line, "\"=\" stands twice behind %.*s; allowed: NAME = VALUE;",
                   syntax_cut(level->name_len), level->name);
        syntax_skip(syntax, 1);
        syntax_blanks(syntax);
    }
    if (!assigned || !read_value(syntax))
        say_no_value(syntax, line);
}

/* People who know JSON quote names. */
static bool read_quoted_name(struct syntax *syntax, struct syntax_level *level)
{
    const char *text = syntax->at + 1;
    const char *close = *syntax->at == '"' ? memchr(text, '"', (size_t)(syntax->end - text)) : NULL;
    size_t len = close ? (size_t)(close - text) : 0;
    struct syntax inner = *syntax;
    inner.at = text;
    if (len == 0 || name_length(&inner) != len)
        return false;
    syntax_say(syntax, syntax->line, "\"%.*s\" is a name in quotes; did you mean %.*s = ...?",
               syntax_cut(len), text, syntax_cut(len), text);
    level->made_name = syntax->made_len;
    level->name = text;
    level->name_len = len;
    syntax_put(syntax, text, len);
    syntax_skip(syntax, len + 2);
    return true;
}

static void read_setting(struct syntax *syntax)
{
    struct syntax_level *level = syntax_top(syntax);
    size_t len = name_length(syntax);
    if (strchr("}])", *syntax->at)) {
        close_level(syntax, *syntax->at);
        return;
    }
    if (len) {
        level->made_name = syntax->made_len;
        level->name = syntax->at;
        level->name_len = len;
        syntax_take(syntax, len);
    } else if (!read_quoted_name(syntax, level)) {
        unexpected(syntax);
        return;
    }
    read_rest(syntax, level);
}

/* ---- lists ---- */

/* Does a setting begin here, so that the end of the list was forgotten? */
static bool is_setting(const struct syntax *syntax)
{
    const char *at = syntax->at + name_length(syntax);
    if (at == syntax->at)
        return false;
    while (at < syntax->end && (*at == ' ' || *at == '\t'))
        at++;
    return at < syntax->end && *at == '=';
}

static void read_comma(struct syntax *syntax, struct syntax_level *level)
{
    char path[SYNTAX_PATH_SIZE];
    if (level->wants_value) {
        syntax_say(syntax, syntax->line,
                   "%s: a comma without a value before it; allowed: one comma between two values",
                   syntax_path(syntax, path));
        syntax_skip(syntax, 1);
        return;
    }
    level->made_comma = syntax->made_len;
    level->wants_value = true;
    syntax_take(syntax, 1);
}

static void check_trailing(struct syntax *syntax, const struct syntax_level *level)
{
    char path[SYNTAX_PATH_SIZE];
    if (level->wants_value && level->values)
        syntax_say(syntax, syntax->line, "%s: a comma before \"%c\"; allowed: commas between values only",
                   syntax_path(syntax, path), *syntax->at);
}

static void read_next_value(struct syntax *syntax, struct syntax_level *level)
{
    char path[SYNTAX_PATH_SIZE];
    if (!level->wants_value && level->values) {
        syntax_say(syntax, syntax->line, "%s: a comma is missing between two values",
                   syntax_path(syntax, path));
        level->made_comma = syntax->made_len;
        level->wants_value = true;
        syntax_put(syntax, ",", 1);
    }
    if (read_value(syntax))
        return;
    syntax_say(syntax, syntax->line, "%s: \"%c\" is not expected here; allowed: a value, \",\" or \"%c\"",
               syntax_path(syntax, path), *syntax->at, close_of(level->open));
    syntax_skip(syntax, 1);
}

static void read_element(struct syntax *syntax)
{
    struct syntax_level *level = syntax_top(syntax);
    if (*syntax->at == ',') {
        read_comma(syntax, level);
    } else if (strchr("}])", *syntax->at)) {
        check_trailing(syntax, level);
        close_level(syntax, *syntax->at);
    } else if (*syntax->at == ';' || is_setting(syntax)) {
        say_open(syntax, *syntax->at == ';' ? " before \";\"" : "");
        pop(syntax);
    } else {
        read_next_value(syntax, level);
    }
}

/* ---- the file ---- */

static void read_all(struct syntax *syntax)
{
    syntax_blanks(syntax);
    while (syntax->at < syntax->end && !syntax->too_deep) {
        if (is_list(syntax_top(syntax)))
            read_element(syntax);
        else
            read_setting(syntax);
        syntax_blanks(syntax);
    }
    while (syntax->depth > 1 && !syntax->too_deep) {
        say_open(syntax, " at the end of the file");
        pop(syntax);
    }
    if (syntax->said > SYNTAX_SHOWN && syntax->report->out)
        fprintf(syntax->report->out, "%s: and %u mistakes more like these\n",
                source_place(syntax->source, 1).file, syntax->said - SYNTAX_SHOWN);
}

/* Room for a name at each place that may have one. */
static bool allocate(struct syntax *syntax)
{
    size_t most = 16, size = 16;
    for (const char *at = syntax->at; at < syntax->end; at++)
        most += *at == '=' || *at == ':' || *at == ';' || *at == ',' || *at == '\n' || strchr("{}[]()", *at);
    while (size < 2 * most)
        size *= 2;
    syntax->names = calloc(size, sizeof(*syntax->names));
    syntax->names_mask = size - 1;
    /* Mended text is longer by quotes, escapes or a default value, and what it replaces has one byte at
     * least. */
    syntax->made_room = 8 * syntax->source->len + 64;
    syntax->made = malloc(syntax->made_room + 1);
    return syntax->names && syntax->made;
}

enum qw_error syntax_check(struct source *source, struct report *report, struct syntax_lost *lost)
{
    struct syntax syntax = {.source = source,
                            .report = report,
                            .lost = lost,
                            .at = source->text,
                            .end = source->text + source->len,
                            .line = 1,
                            .depth = 1};
    bool done = allocate(&syntax);
    if (done) {
        read_all(&syntax);
        syntax.made[syntax.made_len] = '\0';
        free(source->text);
        source->text = syntax.made;
        source->len = syntax.made_len;
    } else {
        free(syntax.made);
    }
    free(syntax.names);
    if (!done)
        return QW_ERR_NO_MEMORY;
    return syntax.too_deep ? QW_ERR_INVALID : QW_OK;
}
