/* Small things that several views and the server share. */
#ifndef CONTROL_TEXT_H
#define CONTROL_TEXT_H

#include <jansson.h>
#include <quicward/base/addr.h>
#include <quicward/io.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Counters are JSON integers, which are signed; none of ours lives to see 2^63. */
json_int_t control_count(uint64_t count);

/* A share of 0..1 with four decimals. */
json_t *control_share(double share);

/* An array with what `make` says of 0, 1, ... `count` - 1; NULL when memory is short. */
json_t *control_list(json_t *make(const void *context, unsigned i), const void *context, unsigned count);

/* "192.0.2.1" as a JSON string; null for 0.0.0.0, which is no address of a host. */
json_t *control_address(const struct qw_addr *addr);

/* Sets `key` of `object` to `value` (taken over). False when one of them is NULL or memory is short. */
bool control_add(json_t *object, const char *key, json_t *value);

/* Writes `object` (taken over, may be NULL) as one line. False when it is NULL or `out` failed. */
bool control_write_line(json_t *object, FILE *out);

/* Replaces what is no printable ASCII by '?': nothing from a line may command a terminal or break JSON. */
void control_make_printable(char *text);

/* The string `key` of `object` in printable form, "-" when it has none; cut to fit `out`. Returns `out`. */
char *control_printable(json_t *object, const char *key, char *out, size_t size);

/* A number for people: exact below 100,000, else three digits and k, M, G, T or P for the powers of 1,000.
 * Returns `out`. */
#define CONTROL_AMOUNT_MAX 24
char *control_amount(json_int_t amount, char out[static CONTROL_AMOUNT_MAX]);

/* Fills `error` as printf does. */
void control_say(struct io_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
