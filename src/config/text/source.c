#include "source.h"
#include "quote.h"
#include "scan.h"
#include "slurp.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of a lexeme that a message quotes. */
#define LEXEME_SHOWN 64

struct source_name {
    struct source_name *next;
    char path[];
};

struct reader {
    struct source *source;
    struct report *report;
    unsigned depth;
    bool full; /* said once, ends everything */
    bool no_memory;
    unsigned mended; /* mistakes behind which the text goes on as it was meant */
};

static bool stopped(const struct reader *reader)
{
    return reader->full || reader->no_memory;
}

static void append(struct reader *reader, const char *text, size_t len)
{
    struct source *source = reader->source;
    for (size_t i = 0; i < len && !stopped(reader); i++) {
        struct place here = source->places[source->line];
        if (source->len == SOURCE_TEXT_MAX || source->line == SOURCE_LINES_MAX) {
            report_at(reader->report, here, "too much text; allowed: %u bytes and %u lines, includes counted",
                      SOURCE_TEXT_MAX, SOURCE_LINES_MAX);
            reader->full = true;
            return;
        }
        source->text[source->len++] = text[i];
        if (text[i] == '\n')
            source->places[++source->line] = (struct place){here.file, here.line + 1};
    }
}

static int cut(size_t len)
{
    return len < LEXEME_SHOWN ? (int)len : LEXEME_SHOWN;
}

/* libconfig wraps a number beyond 32 bits unless it ends in L, and beyond 64 bits even then. */
static void append_number(struct reader *reader, const struct lexeme *lexeme, const struct lexeme *name,
                          struct place place)
{
    char digits[32] = "", *rest;
    bool fits = lexeme->len < sizeof(digits);
    if (fits)
        memcpy(digits, lexeme->text, lexeme->len);
    errno = 0;
    intmax_t value = strtoimax(digits, &rest, strpbrk(digits, "xX") ? 16 : 10);
    if (!fits || errno == ERANGE) {
        report_at(reader->report, place, "%.*s = %.*s%s does not fit any key; allowed: signed 64-bit numbers",
                  cut(name->len), name->text, cut(lexeme->len), lexeme->text,
                  lexeme->len > LEXEME_SHOWN ? "..." : "");
        append(reader, "0", 1); /* so that the rest can be read */
        return;
    }
    append(reader, lexeme->text, lexeme->len);
    if (*rest == '\0' && (value > INT32_MAX || value < INT32_MIN))
        append(reader, "L", 1);
}

/* A copy that lives as long as the source: `name`, seen from the folder of `from` unless absolute. */
static const char *add_name(struct source *source, const char *from, const char *name, size_t len)
{
    const char *slash = from && *name != '/' ? strrchr(from, '/') : NULL;
    size_t folder = slash ? (size_t)(slash + 1 - from) : 0;
    struct source_name *entry = malloc(sizeof(*entry) + folder + len + 1);
    if (!entry)
        return NULL;
    if (folder)
        memcpy(entry->path, from, folder);
    memcpy(entry->path + folder, name, len);
    entry->path[folder + len] = '\0';
    entry->next = source->names;
    source->names = entry;
    return entry->path;
}

static void read_lexemes(struct reader *reader, const char *text, size_t len, const char *file);

/* Reads an included file in place of its directive. */
static void include(struct reader *reader, const struct lexeme *lexeme, const char *from)
{
    struct place place = {from, lexeme->line};
    size_t len;
    const char *name = scan_include_path(lexeme, &len);
    const char *file = add_name(reader->source, from, name, len);
    char *text = NULL;
    enum qw_error error = file ? slurp(file, SOURCE_TEXT_MAX, &text, &len) : QW_ERR_NO_MEMORY;
    reader->no_memory |= error == QW_ERR_NO_MEMORY;
    if (error == QW_ERR_SYSTEM)
        report_at(reader->report, place, "cannot include \"%s\": %s", file, strerror(errno));
    else if (error == QW_ERR_FULL)
        report_at(reader->report, place, "cannot include \"%s\": larger than %u bytes", file,
                  SOURCE_TEXT_MAX);
    else if (error == QW_OK && reader->depth == SOURCE_DEPTH_MAX) {
        report_at(reader->report, place, "cannot include \"%s\": files are nested more than %u deep", file,
                  SOURCE_DEPTH_MAX);
        reader->full = true;
    } else if (error == QW_OK && slurp_is_text(text, len, file, reader->report)) {
        reader->source->places[reader->source->line] = (struct place){file, 1};
        read_lexemes(reader, text, len, file);
        append(reader, "\n", 1);
        reader->source->places[reader->source->line] = place;
    }
    free(text);
}

/* What ends a value at the end of the line stood behind the quote that was forgotten. */
static void close_string(struct reader *reader, const char *text, size_t len)
{
    size_t end = len;
    while (end > 1 && strchr(" \t,;])}\\", text[end - 1]))
        end--;
    append(reader, text, end);
    append(reader, "\"", 1);
    for (size_t i = end; i < len; i++)
        if (text[i] != '\\')
            append(reader, text + i, 1);
    reader->mended++;
}

static void refuse(struct reader *reader, const struct lexeme *lexeme, struct place place)
{
    size_t len = strcspn(lexeme->text, "\r\n");
    if (len > lexeme->len)
        len = lexeme->len;
    const char *what = lexeme->type == LEXEME_OPEN_COMMENT  ? "a comment is not closed by */"
                       : lexeme->type == LEXEME_OPEN_STRING ? "a string is not closed on its line"
                                                            : "a string holds \\x00, which ends it early";
    report_at(reader->report, place, "%s: %.*s", what, cut(len), lexeme->text);
    if (lexeme->type == LEXEME_OPEN_STRING)
        close_string(reader, lexeme->text, len);
}

static void read_lexemes(struct reader *reader, const char *text, size_t len, const char *file)
{
    struct scan scan;
    struct lexeme lexeme, name = {LEXEME_NAME, "", 0, 1};
    reader->depth++;
    scan_begin(&scan, text, len);
    while (!stopped(reader) && (lexeme = scan_next(&scan)).type != LEXEME_END) {
        struct place place = {file, lexeme.line};
        if (lexeme.type == LEXEME_NAME)
            name = lexeme;
        if (lexeme.type == LEXEME_NUMBER)
            append_number(reader, &lexeme, &name, place);
        else if (lexeme.type == LEXEME_INCLUDE)
            include(reader, &lexeme, file);
        else if (lexeme.type == LEXEME_OTHER || lexeme.type == LEXEME_NAME)
            append(reader, lexeme.text, lexeme.len);
        else
            refuse(reader, &lexeme, place);
    }
    reader->depth--;
}

static enum qw_error allocate(struct source *out, const char *path)
{
    *out = (struct source){0};
    out->text = malloc(SOURCE_TEXT_MAX + 1);
    out->places = calloc(SOURCE_LINES_MAX + 1, sizeof(*out->places));
    const char *file = add_name(out, NULL, path, strlen(path));
    if (!out->text || !out->places || !file)
        return QW_ERR_NO_MEMORY;
    out->text[0] = '\0';
    out->line = 1;
    out->places[1] = (struct place){file, 1};
    return QW_OK;
}

enum qw_error source_read(const char *path, struct report *report, struct source *out)
{
    if (allocate(out, path) != QW_OK)
        return QW_ERR_NO_MEMORY;
    struct place whole = {out->places[1].file, 0};
    char *text;
    size_t len;
    enum qw_error error = slurp(path, SOURCE_TEXT_MAX, &text, &len);
    if (error == QW_ERR_SYSTEM)
        report_at(report, whole, "%s", strerror(errno));
    if (error == QW_ERR_FULL) {
        report_at(report, whole, "larger than %u bytes: not a configuration file", SOURCE_TEXT_MAX);
        return QW_ERR_INVALID;
    }
    if (error != QW_OK)
        return error;
    struct reader reader = {.source = out, .report = report};
    if (slurp_is_text(text, len, whole.file, report)) {
        read_lexemes(&reader, text, len, whole.file);
        /* libconfig refuses a last line that is a comment without a newline. */
        if (len > 0 && text[len - 1] != '\n')
            append(&reader, "\n", 1);
    }
    free(text);
    out->text[out->len] = '\0';
    if (reader.no_memory)
        return QW_ERR_NO_MEMORY;
    return report->count > reader.mended ? QW_ERR_INVALID : QW_OK;
}

void source_free(struct source *source)
{
    while (source->names) {
        struct source_name *next = source->names->next;
        free(source->names);
        source->names = next;
    }
    free(source->text);
    free(source->places);
}

struct place source_place(const struct source *source, unsigned line)
{
    return source->places[line >= 1 && line <= source->line ? line : source->line];
}
