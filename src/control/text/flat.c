#include "flat.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Where the text is read, and where what was read of strings is written: never behind it. */
struct flat_reader {
    struct flat *flat;
    char *at;
    const char *outer;
};

static void skip_space(struct flat_reader *reader)
{
    while (*reader->at == ' ' || *reader->at == '\t' || *reader->at == '\r' || *reader->at == '\n')
        reader->at++;
}

static bool take(struct flat_reader *reader, char c)
{
    skip_space(reader);
    if (*reader->at != c)
        return false;
    reader->at++;
    return true;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* What stands behind \u. Only ASCII is needed: anything else is shown as '?' anyway. */
static bool read_code(struct flat_reader *reader, char *out)
{
    int code = 0;
    for (unsigned i = 0; i < 4; i++) {
        int value = digit(reader->at[i]);
        if (value < 0)
            return false;
        code = code * 16 + value;
    }
    reader->at += 4;
    *out = code < 0x80 ? (char)code : '?';
    return code != 0;
}

static bool read_escape(struct flat_reader *reader, char *out)
{
    static const char FROM[] = "\"\\/bfnrt", TO[] = "\"\\/\b\f\n\r\t";
    char c = *reader->at;
    const char *known = c ? strchr(FROM, c) : NULL;
    if (!c)
        return false;
    reader->at++;
    if (c == 'u')
        return read_code(reader, out);
    if (known)
        *out = TO[known - FROM];
    return known;
}

/* A string, unescaped where it stands. NULL when it is none. */
static const char *read_text(struct flat_reader *reader)
{
    if (!take(reader, '"'))
        return NULL;
    char *text = reader->at, *to = text;
    while (*reader->at != '"') {
        if ((unsigned char)*reader->at < ' ')
            return NULL;
        if (*reader->at != '\\') {
            *to++ = *reader->at++;
            continue;
        }
        reader->at++;
        if (!read_escape(reader, to++))
            return NULL;
    }
    reader->at++;
    *to = '\0';
    return text;
}

static bool read_number(struct flat_reader *reader, struct flat_value *value)
{
    char *end;
    size_t len = strspn(reader->at, "+-.0123456789eE");
    bool whole = strcspn(reader->at, ".eE") >= len;
    if (len == 0 || *reader->at == '+' || *reader->at == '.')
        return false;
    errno = 0;
    value->kind = whole ? FLAT_INTEGER : FLAT_REAL;
    if (whole)
        value->integer = strtoll(reader->at, &end, 10);
    else
        value->real = strtod(reader->at, &end);
    bool valid = errno == 0 && end == reader->at + len;
    reader->at = end;
    return valid;
}

static bool read_word(struct flat_reader *reader, struct flat_value *value)
{
    static const char *const WORDS[] = {[FLAT_NULL] = "null", [FLAT_FALSE] = "false", [FLAT_TRUE] = "true"};
    for (unsigned kind = FLAT_NULL; kind <= FLAT_TRUE; kind++) {
        size_t len = strlen(WORDS[kind]);
        if (strncmp(reader->at, WORDS[kind], len) == 0) {
            reader->at += len;
            value->kind = (enum flat_kind)kind;
            return true;
        }
    }
    return false;
}

static bool read_plain(struct flat_reader *reader, const char *key, bool listed)
{
    struct flat *flat = reader->flat;
    if (flat->count == FLAT_VALUES_MAX)
        return false;
    struct flat_value *value = &flat->values[flat->count];
    *value = (struct flat_value){.outer = reader->outer, .key = key, .listed = listed};
    skip_space(reader);
    if (*reader->at == '"') {
        value->kind = FLAT_TEXT;
        value->text = read_text(reader);
        if (!value->text)
            return false;
    } else if (!read_word(reader, value) && !read_number(reader, value)) {
        return false;
    }
    flat->count++;
    return true;
}

static bool read_list(struct flat_reader *reader, const char *key)
{
    if (take(reader, ']'))
        return true;
    do {
        if (!read_plain(reader, key, true))
            return false;
    } while (take(reader, ','));
    return take(reader, ']');
}

static bool read_object(struct flat_reader *reader);

static bool read_value(struct flat_reader *reader, const char *key)
{
    if (flat_find(reader->flat, reader->outer, key))
        return false;
    if (take(reader, '['))
        return read_list(reader, key);
    skip_space(reader);
    if (*reader->at != '{')
        return read_plain(reader, key, false);
    if (*reader->outer || !*key)
        return false;
    reader->outer = key;
    bool read = read_object(reader);
    reader->outer = "";
    return read;
}

static bool read_object(struct flat_reader *reader)
{
    if (!take(reader, '{'))
        return false;
    if (take(reader, '}'))
        return true;
    do {
        const char *key = read_text(reader);
        if (!key || !take(reader, ':') || !read_value(reader, key))
            return false;
    } while (take(reader, ','));
    return take(reader, '}');
}

bool flat_read(struct flat *flat, const char *line)
{
    size_t len = strlen(line);
    struct flat_reader reader = {flat, flat->line, ""};
    flat->count = 0;
    if (len >= sizeof flat->line)
        return false;
    memcpy(flat->line, line, len + 1);
    if (!read_object(&reader))
        return false;
    skip_space(&reader);
    return !*reader.at;
}

const struct flat_value *flat_find(const struct flat *flat, const char *outer, const char *key)
{
    for (unsigned i = 0; i < flat->count; i++) {
        const struct flat_value *value = &flat->values[i];
        if (*value->key == *key && strcmp(value->key, key) == 0 && strcmp(value->outer, outer) == 0)
            return value;
    }
    return NULL;
}

const char *flat_text(const struct flat *flat, const char *outer, const char *key)
{
    const struct flat_value *value = flat_find(flat, outer, key);
    return value && value->kind == FLAT_TEXT && !value->listed ? value->text : NULL;
}

bool flat_is(const struct flat *flat, const char *key, enum flat_kind kind)
{
    const struct flat_value *value = flat_find(flat, "", key);
    return value && value->kind == kind && !value->listed;
}

bool flat_integer(const struct flat *flat, const char *outer, const char *key, int64_t *out)
{
    const struct flat_value *value = flat_find(flat, outer, key);
    bool found = value && value->kind == FLAT_INTEGER && !value->listed;
    *out = found ? value->integer : 0;
    return found;
}

double flat_number(const struct flat *flat, const char *outer, const char *key)
{
    const struct flat_value *value = flat_find(flat, outer, key);
    if (!value || value->listed)
        return 0;
    return value->kind == FLAT_INTEGER ? (double)value->integer : value->kind == FLAT_REAL ? value->real : 0;
}
