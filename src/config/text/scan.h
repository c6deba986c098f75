/* Cuts a configuration file into lexemes that, put together again, are the file. Only what libconfig's own
 * lexer does badly has a name here: it wraps large numbers, ends the process when an included file is a
 * directory, takes an open comment for the end of the file, lets a string run over lines, and cuts it at
 * \x00. */
#ifndef CONFIG_SCAN_H
#define CONFIG_SCAN_H

#include <stdbool.h>
#include <stddef.h>

enum lexeme_type {
    LEXEME_END,
    LEXEME_OTHER, /* blanks, comments, strings, punctuation */
    LEXEME_NAME,
    LEXEME_NUMBER,  /* a whole number: sign, digits or 0x digits, L or LL */
    LEXEME_INCLUDE, /* from the start of the line to the closing quote */
    LEXEME_OPEN_COMMENT,
    LEXEME_OPEN_STRING,
    LEXEME_NUL_STRING /* a string that holds \x00 */
};

struct lexeme {
    enum lexeme_type type;
    const char *text; /* in the scanned text */
    size_t len;
    unsigned line; /* on which it begins, from 1 */
};

struct scan {
    const char *at, *end;
    unsigned line;
    bool at_line_start;
};

void scan_begin(struct scan *scan, const char *text, size_t len);
struct lexeme scan_next(struct scan *scan);

/* The path that a LEXEME_INCLUDE names: its start in the lexeme and its length. */
const char *scan_include_path(const struct lexeme *lexeme, size_t *len);

#endif
