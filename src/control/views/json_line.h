/* One line of JSON, written into a buffer: tables of flows are long, and trees of values cost most of the
 * time.
 */
#ifndef CONTROL_JSON_LINE_H
#define CONTROL_JSON_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest is that of a flow whose name and protocols have to be escaped byte by byte: below 4 KiB. */
#define JSON_LINE_MAX 8192

struct json_line {
    size_t len;
    bool cut; /* it did not fit: nothing of it may be shown */
    char text[JSON_LINE_MAX];
};

/* `{`, `}`, a comma and the like, as they stand. */
void line_raw(struct json_line *line, const char *text);

/* `,"key":`, without the comma behind an opening bracket. */
void line_key(struct json_line *line, const char *key);

/* Values. Text is printable ASCII, other bytes stand as \u00NN; NULL: null. */
void line_count(struct json_line *line, uint64_t count);
void line_text(struct json_line *line, const char *text);
void line_bool(struct json_line *line, bool value);

/* A share of 0..1 with at most four decimals, and at least one. */
void line_share(struct json_line *line, double share);

#endif
