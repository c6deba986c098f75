/* Small things that several views and the server share. */
#ifndef CONTROL_TEXT_H
#define CONTROL_TEXT_H

#include <jansson.h>
#include <quicward/io.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Counters are JSON integers, which are signed; none of ours lives to see 2^63. */
json_int_t control_count(uint64_t count);

/* Writes `object` (taken over, may be NULL) as one line. False when it is NULL or `out` failed. */
bool control_write_line(json_t *object, FILE *out);

/* Replaces what is no printable ASCII by '?': nothing from a line may command a terminal or break JSON. */
void control_make_printable(char *text);

/* Fills `error` as printf does. */
void control_say(struct io_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
