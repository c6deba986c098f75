/* One object of JSON, read into a flat list: tables are long, and a tree of values for each line costs most
 * of the time. Values may be objects of plain values, and lists of plain values; nothing is deeper. */
#ifndef CONTROL_FLAT_H
#define CONTROL_FLAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FLAT_VALUES_MAX 64
#define FLAT_LINE_MAX 8192

enum flat_kind { FLAT_NULL, FLAT_FALSE, FLAT_TRUE, FLAT_INTEGER, FLAT_REAL, FLAT_TEXT };

struct flat_value {
    const char *outer, *key; /* of {"outer":{"key":...}}; outer "": of the object itself */
    enum flat_kind kind;
    bool listed; /* an element of the list `key`, of which there may be several */
    int64_t integer;
    double real;
    const char *text;
};

/* The texts stand in `line`, NUL-terminated. */
struct flat {
    unsigned count;
    struct flat_value values[FLAT_VALUES_MAX];
    char line[FLAT_LINE_MAX];
};

/* False when `line` is no such object: also for a key that stands twice, more values than there is room for,
 * and a text with \u0000. */
bool flat_read(struct flat *flat, const char *line);

/* NULL when it is not there. */
const struct flat_value *flat_find(const struct flat *flat, const char *outer, const char *key);

/* NULL, false or 0 when it is not there or of another kind. */
const char *flat_text(const struct flat *flat, const char *outer, const char *key);
bool flat_is(const struct flat *flat, const char *key, enum flat_kind kind);
bool flat_integer(const struct flat *flat, const char *outer, const char *key, int64_t *out);
double flat_number(const struct flat *flat, const char *outer, const char *key);

#endif
