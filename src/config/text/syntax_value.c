/* Values that are neither group nor list, as people write them and as libconfig wants them. */
#include "schema.h"
#include "syntax_state.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static size_t left(const struct syntax *syntax)
{
    return (size_t)(syntax->end - syntax->at);
}

/* ---- strings ---- */

/* Strings with only blanks between them are one to libconfig. The source has closed each on its line; one
 * that is open here had a wrong quote before it, which was reported. */
static char string(struct syntax *syntax)
{
    while (syntax->at < syntax->end && *syntax->at == '"') {
        const char *at = syntax->at + 1;
        bool escapes = false; /* the last byte is a backslash that nothing follows */
        while (at < syntax->end && *at != '"' && *at != '\n') {
            escapes = *at == '\\' && (at + 1 == syntax->end || at[1] == '\n');
            at += *at == '\\' && !escapes ? 2 : 1;
        }
        bool closed = at < syntax->end && *at == '"';
        syntax_take(syntax, (size_t)(at - syntax->at) + closed);
        if (!closed)
            syntax_put(syntax, escapes ? "\\\"" : "\"", escapes ? 2 : 1);
        syntax_blanks(syntax);
    }
    return 's';
}

/* In double quotes, for the text that is made. */
static void put_string(struct syntax *syntax, const char *text, size_t len)
{
    syntax_put(syntax, "\"", 1);
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"' || text[i] == '\\')
            syntax_put(syntax, "\\", 1);
        syntax_put(syntax, text + i, 1);
    }
    syntax_put(syntax, "\"", 1);
}

/* What word processors make of quotes, in UTF-8. */
static const char *const QUOTES[] = {"\xe2\x80\x9c",
                                     "\xe2\x80\x9d",
                                     "\xe2\x80\x9e",
                                     "\xe2\x80\x9f",
                                     "\xe2\x80\x98",
                                     "\xe2\x80\x99",
                                     "\xe2\x80\x9a",
                                     "\xc2\xab",
                                     "\xc2\xbb",
                                     "\xc2\xb4",
                                     "'",
                                     "`"};
#define QUOTE_COUNT (sizeof(QUOTES) / sizeof(QUOTES[0]))

/* Length of the wrong quote at `at`, or 0. */
static size_t quote_length(const char *at, const char *end)
{
    for (size_t i = 0; i < QUOTE_COUNT; i++) {
        size_t len = strlen(QUOTES[i]);
        if ((size_t)(end - at) >= len && memcmp(at, QUOTES[i], len) == 0)
            return len;
    }
    return 0;
}

/* Behind the wrong quote: up to the next one of any kind, else to what ends a value. */
static char quoted(struct syntax *syntax, size_t quote)
{
    char path[SYNTAX_PATH_SIZE];
    const char *text = syntax->at + quote, *at = text;
    while (at < syntax->end && *at != '"' && !strchr("\n;,", *at) && quote_length(at, syntax->end) == 0)
        at++;
    bool closed = at < syntax->end && (*at == '"' || quote_length(at, syntax->end));
    size_t len = (size_t)(at - text);
    size_t end = !closed ? 0 : *at == '"' ? 1 : quote_length(at, syntax->end);
    while (!closed && len > 0 && strchr(" \t\r])}", text[len - 1]))
        len--;
    syntax_say(syntax, syntax->line, "%s = %.*s is in quotes that do not count; did you mean \"%.*s\"?",
               syntax_path(syntax, path), syntax_cut(quote + len + end), syntax->at, syntax_cut(len), text);
    put_string(syntax, text, len);
    syntax_skip(syntax, quote + len + end);
    /* A straight quote behind a wrong one was closed by the source as a string of its own. */
    if (closed && at[0] == '"' && left(syntax) && *syntax->at == '"')
        syntax_skip(syntax, 1);
    return 's';
}

/* ---- bare text ---- */

static size_t bare_length(const struct syntax *syntax)
{
    size_t len = 0;
    for (; len < left(syntax); len++) {
        const char *at = syntax->at + len;
        bool comment = *at == '#' || (*at == '/' && len + 1 < left(syntax) && (at[1] == '/' || at[1] == '*'));
        if (comment || strchr(" \t\f\r\n;,=[](){}\"", *at) || quote_length(at, syntax->end))
            break;
    }
    return len;
}

static size_t digits(const char *text, bool hex)
{
    size_t len = 0;
    while (hex ? isxdigit((unsigned char)text[len]) : isdigit((unsigned char)text[len]))
        len++;
    return len;
}

static bool is_integer(const char *text)
{
    bool hex = text[0] == '0' && (text[1] | 0x20) == 'x';
    text += hex ? 2 : *text == '-' || *text == '+';
    size_t len = digits(text, hex);
    text += len;
    return len && (strcmp(text, "") == 0 || strcmp(text, "L") == 0 || strcmp(text, "LL") == 0);
}

static bool is_float(const char *text)
{
    text += *text == '-' || *text == '+';
    size_t whole = digits(text, false), part = 0;
    text += whole;
    bool point = *text == '.';
    if (point) {
        part = digits(++text, false);
        text += part;
    }
    bool exponent = (*text | 0x20) == 'e';
    if (exponent) {
        text += text[1] == '-' || text[1] == '+' ? 2 : 1;
        size_t power = digits(text, false);
        exponent = power > 0;
        text += power;
    }
    return whole + part > 0 && (point || exponent) && *text == '\0';
}

static bool is_word(const char *text, const char *const *words)
{
    for (; *words; words++)
        if (strcasecmp(text, *words) == 0)
            return true;
    return false;
}

/* The letter of what libconfig takes without quotes, or 0. */
static char bare_type(const char *text)
{
    static const char *const BOOLEANS[] = {"true", "false", NULL};
    if (is_word(text, BOOLEANS))
        return 'b';
    return is_integer(text) ? 'i' : is_float(text) ? 'f' : '\0';
}

/* "5m" as a number in the unit of the key; 0 when it is none. */
static unsigned long long in_unit(const char *text, const char *unit)
{
    static const struct {
        const char *suffix, *unit;
        unsigned factor;
    } UNITS[] = {{"s", "seconds", 1},
                 {"m", "seconds", 60},
                 {"min", "seconds", 60},
                 {"h", "seconds", 3600},
                 {"d", "seconds", 86400},
                 {"ms", "milliseconds", 1},
                 {"s", "milliseconds", 1000},
                 {"%", "percent", 1},
                 {"K", "KiB", 1},
                 {"k", "KiB", 1},
                 {"M", "KiB", 1024},
                 {"B", "bytes", 1}};
    char *rest;
    unsigned long long value = strtoull(text, &rest, 10);
    for (size_t i = 0; unit && i < sizeof(UNITS) / sizeof(UNITS[0]); i++)
        if (strcmp(rest, UNITS[i].suffix) == 0 && strcmp(unit, UNITS[i].unit) == 0 && value < UINT32_MAX)
            return value * UNITS[i].factor;
    return 0;
}

/* A number is wanted: the default takes the place of what stands there. */
static char say_no_number(struct syntax *syntax, const struct key *key, const char *text)
{
    char allowed[SCHEMA_TEXT_SIZE], value[32];
    unsigned long long meant = in_unit(text, key->unit);
    if (meant)
        syntax_say(syntax, syntax->line, "%s = %s is no whole number; did you mean %llu?", key->path, text,
                   meant);
    else
        syntax_say(syntax, syntax->line, "%s = %s is no whole number; allowed: %s", key->path, text,
                   schema_allowed(key, allowed));
    snprintf(value, sizeof(value), "%lld", (long long)key->number);
    syntax_put(syntax, value, strlen(value));
    return 'i';
}

static char say_no_boolean(struct syntax *syntax, const char *path, const char *text, bool yes)
{
    const char *meant = yes ? "true" : "false";
    syntax_say(syntax, syntax->line, "%s = %s is no value; allowed: true or false; did you mean %s?", path,
               text, meant);
    syntax_put(syntax, meant, strlen(meant));
    return 'b';
}

static char say_bare(struct syntax *syntax, const char *text)
{
    static const char *const YES[] = {"yes", "on", "enable", "enabled", NULL};
    static const char *const NO[] = {"no", "off", "disable", "disabled", NULL};
    char path[SYNTAX_PATH_SIZE];
    const struct key *key = schema_find(syntax_path(syntax, path));
    if (key && key->kind == &NUMBER_KIND)
        return say_no_number(syntax, key, text);
    if (is_word(text, YES) || is_word(text, NO))
        return say_no_boolean(syntax, path, text, is_word(text, YES));
    syntax_say(syntax, syntax->line, "%s = %s is text without quotes; did you mean \"%s\"?", path, text,
               text);
    put_string(syntax, text, strlen(text));
    return 's';
}

static char bare(struct syntax *syntax, size_t len)
{
    char text[128];
    snprintf(text, sizeof(text), "%.*s", len < sizeof(text) ? (int)len : (int)sizeof(text) - 1, syntax->at);
    char type = len < sizeof(text) ? bare_type(text) : '\0';
    if (type) {
        syntax_take(syntax, len);
        return type;
    }
    type = say_bare(syntax, text);
    syntax_skip(syntax, len);
    return type;
}

char syntax_scalar(struct syntax *syntax)
{
    size_t quote = left(syntax) ? quote_length(syntax->at, syntax->end) : 0;
    if (left(syntax) && *syntax->at == '"')
        return string(syntax);
    if (quote)
        return quoted(syntax, quote);
    size_t len = bare_length(syntax);
    return len ? bare(syntax, len) : '\0';
}
